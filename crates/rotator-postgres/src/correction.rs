//! What has to be done so that the clone may do exactly what the original may.

use postgres_session::{Statement, quote_identifier, quote_literal};
use rotation_core::database::Username;

use crate::{
    CloneObjects,
    pair::{Membership, Pair, Role},
    setting::Setting,
};

/// A difference between the two users, and the statements that end it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Correction {
    pub(crate) statements: Vec<Statement>,
    pub(crate) otherwise: Otherwise,
}

/// What it means where the master may not run the statements.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Otherwise {
    /// The clone would be of no use: the change fails.
    Fail,
    /// The clone could do less than the original: the change fails, and this would mend it.
    Lacking(String),
    /// The clone can do its work all the same: a person should know.
    Note {
        /// How things are then.
        state: String,
        /// Why, where the server refused.
        why: &'static str,
    },
}

impl Correction {
    fn new(statement: Statement, otherwise: Otherwise) -> Self {
        Self { statements: vec![statement], otherwise }
    }

    /// Whether the change goes on without it.
    pub(crate) fn is_optional(&self) -> bool {
        matches!(self.otherwise, Otherwise::Note { .. })
    }
}

impl Otherwise {
    pub(crate) fn note(state: impl Into<String>, why: &'static str) -> Self {
        Self::Note { state: state.into(), why }
    }
}

impl Pair {
    /// All that differs, in the order in which it is to be corrected. None where the clone is as it should be.
    pub(crate) fn corrections(&self, objects: CloneObjects) -> Vec<Correction> {
        let mut corrections = Vec::new();
        corrections.extend(self.make_or_alter(objects));
        corrections.extend(self.privileged_attributes(objects));
        corrections.extend(self.join_original());
        corrections.extend(self.leave_others());
        corrections.extend(self.correct_settings(objects));
        corrections.extend(self.hand_over(objects));
        corrections
    }

    /// What would let the master go on, for an administrator to run.
    pub(crate) fn needed(&self, next: &Username, objects: CloneObjects) -> String {
        let lacking = self.lacking(next, objects);
        if lacking.is_empty() {
            return format!("a superuser must change {}", quote_identifier(next.as_str()));
        }
        lacking.join("; ")
    }

    /// The statements that would give the master what it is seen to lack.
    pub(crate) fn lacking(&self, next: &Username, objects: CloneObjects) -> Vec<String> {
        let master = quote_identifier(&self.master.name);
        let mut needed = Vec::new();
        if !self.master.makes_roles && !self.master.superuser {
            needed.push(format!("ALTER ROLE {master} CREATEROLE"));
        }
        let changes_original = *next == self.names.original || self.join_original().is_some();
        let changes_clone = *next == self.names.clone || !self.corrections(objects).is_empty();
        let users = [(Some(&self.original), changes_original), (self.clone.as_ref(), changes_clone)];
        for (user, changed) in users {
            let Some(user) = user.filter(|user| changed && self.major >= 16 && !user.administered) else {
                continue;
            };
            needed.push(format!("GRANT {} TO {master} WITH ADMIN OPTION", quote_identifier(&user.name)));
        }
        needed
    }

    /// The clone itself, with the attributes that whoever may make a role may give.
    fn make_or_alter(&self, objects: CloneObjects) -> Option<Correction> {
        let original = &self.original;
        let clone = quote_identifier(self.names.clone.as_str());
        // A clone that is not switched to the original has its rights by inheritance alone. And one that is switched
        // needs CONNECT before that; until version 16 only this attribute lets it inherit the original's.
        let inherit = original.inherit || objects == CloneObjects::Own || self.major < 16;
        let inherit_word = if inherit { "INHERIT" } else { "NOINHERIT" };
        let limit = format!("CONNECTION LIMIT {}", original.connection_limit);
        let until = original.valid_until.as_deref().unwrap_or("infinity");
        let until = format!("VALID UNTIL {}", quote_literal(until));
        let Some(role) = &self.clone else {
            let until = original.valid_until.as_ref().map(|_| format!(" {until}")).unwrap_or_default();
            let sql = format!("CREATE ROLE {clone} LOGIN {inherit_word} {limit}{until}");
            return Some(Correction::new(Statement::new(Statement::CREATE_ROLE, sql), Otherwise::Fail));
        };
        let differing = [
            (!role.login).then(|| "LOGIN".to_owned()),
            (role.inherit != inherit).then(|| inherit_word.to_owned()),
            (role.connection_limit != original.connection_limit).then_some(limit),
            (role.valid_until != original.valid_until).then_some(until),
        ];
        let options: Vec<String> = differing.into_iter().flatten().collect();
        if options.is_empty() {
            return None;
        }
        let statement = Statement::new("alter role", format!("ALTER ROLE {clone} {}", options.join(" ")));
        Some(Correction::new(statement, Otherwise::Fail))
    }

    /// The attributes that a master may give only under conditions, which differ by version and service: tried.
    ///
    /// Most are asked of the role that a session has become, so a clone that becomes the original needs them in
    /// name only. REPLICATION is asked of the role that logged in.
    fn privileged_attributes(&self, objects: CloneObjects) -> Vec<Correction> {
        type Attribute = (&'static str, fn(&Role) -> bool);
        const ATTRIBUTES: [Attribute; 4] = [
            ("CREATEDB", |role| role.makes_databases),
            ("CREATEROLE", |role| role.makes_roles),
            ("BYPASSRLS", |role| role.bypass_rls),
            ("REPLICATION", |role| role.replication),
        ];
        let clone = quote_identifier(self.names.clone.as_str());
        let mut corrections = Vec::new();
        for (name, of) in ATTRIBUTES {
            let wanted = of(&self.original);
            if self.clone.as_ref().is_some_and(of) == wanted {
                continue;
            }
            let sql = format!("ALTER ROLE {clone} {}{name}", if wanted { "" } else { "NO" });
            let by_original = objects == CloneObjects::Original && name != "REPLICATION";
            let otherwise = match (wanted, by_original) {
                (true, true) => Otherwise::note(
                    format!("the clone has {name} only while it acts as the original"),
                    "the master may not give it",
                ),
                (true, false) => Otherwise::Lacking(sql.clone()),
                (false, _) => Otherwise::note(
                    format!("the clone keeps {name}, which the original has not"),
                    "the master may not take it",
                ),
            };
            corrections.push(Correction::new(Statement::new("alter role", sql), otherwise));
        }
        corrections
    }

    /// The membership in the original, by which the clone may do what the original may.
    fn join_original(&self) -> Option<Correction> {
        let held = || self.memberships_in_original();
        // Options of several grants add up.
        if held().any(|held| held.inherit) && held().any(|held| held.set) {
            return None;
        }
        let options = if self.major >= 16 { " WITH INHERIT TRUE, SET TRUE" } else { "" };
        let original = quote_identifier(self.names.original.as_str());
        let clone = quote_identifier(self.names.clone.as_str());
        let statement = Statement::new("grant role", format!("GRANT {original} TO {clone}{options}"));
        Some(Correction::new(statement, Otherwise::Fail))
    }

    /// Direct memberships besides the one in the original. Where the original has the same, the clone has it by the
    /// original, and would keep its own when the original's is revoked.
    fn leave_others(&self) -> Vec<Correction> {
        let mut corrections = Vec::new();
        for membership in self.clone_memberships() {
            let name = quote_identifier(&membership.role);
            if membership.role != self.original.name {
                let state = format!("the clone keeps its own membership in {name}");
                let otherwise = Otherwise::note(state, "the master may not revoke it");
                corrections.push(self.revoke("", membership, otherwise));
            } else if membership.admin {
                let state = "the clone may grant the original to others";
                let otherwise = Otherwise::note(state, "the master may not take that");
                corrections.push(self.revoke("ADMIN OPTION FOR ", membership, otherwise));
            }
        }
        corrections
    }

    fn revoke(&self, what: &str, membership: &Membership, otherwise: Otherwise) -> Correction {
        let by = match &membership.grantor {
            Some(grantor) if self.major >= 16 => format!(" GRANTED BY {}", quote_identifier(grantor)),
            _ => String::new(),
        };
        let role = quote_identifier(&membership.role);
        let member = quote_identifier(&membership.member);
        let statement = Statement::new("revoke role", format!("REVOKE {what}{role} FROM {member}{by}"));
        Correction::new(statement, otherwise)
    }

    /// Settings, with and without a database, brought to equal: missing and differing ones set, others reset.
    fn correct_settings(&self, objects: CloneObjects) -> Vec<Correction> {
        let clone = &self.names.clone;
        let wanted = self.wanted_settings(objects);
        let mut corrections = Vec::new();
        for setting in
            wanted.iter().filter(|setting| !self.clone_settings.iter().any(|held| held.same(setting)))
        {
            let otherwise = if setting.name == Setting::ROLE {
                Otherwise::Fail
            } else {
                let name = quote_identifier(&setting.name);
                let state = format!("the clone lacks the original's setting {name}");
                Otherwise::note(state, "the master may not set it")
            };
            corrections.push(Correction::new(setting.set(clone), otherwise));
        }
        let surplus = |setting: &&Setting| !wanted.iter().any(|wanted| wanted.same_place(setting));
        for setting in self.clone_settings.iter().filter(surplus) {
            let name = quote_identifier(&setting.name);
            let otherwise = Otherwise::note(
                format!("the clone keeps its own setting {name}"),
                "the master may not reset it",
            );
            corrections.push(Correction::new(setting.reset(clone), otherwise));
        }
        corrections
    }

    /// The settings of the original, and the one by which the clone becomes the original. Where the original becomes
    /// yet another role at login, so does the clone.
    fn wanted_settings(&self, objects: CloneObjects) -> Vec<Setting> {
        let mut wanted = self.original_settings.clone();
        if objects == CloneObjects::Own {
            return wanted;
        }
        let original = self.names.original.as_str();
        let roles = wanted.iter_mut().filter(|setting| setting.name == Setting::ROLE);
        roles
            .filter(|setting| setting.value == "none")
            .for_each(|setting| original.clone_into(&mut setting.value));
        let everywhere = |setting: &Setting| setting.name == Setting::ROLE && setting.database.is_none();
        if !wanted.iter().any(everywhere) {
            let name = Setting::ROLE.to_owned();
            wanted.insert(0, Setting { database: None, name, value: original.to_owned() });
        }
        wanted
    }
}
