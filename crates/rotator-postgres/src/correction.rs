//! The changes after which the clone may do exactly what the original may.

use postgres_session::{Statement, quote_identifier, quote_literal};
use rotation_database::{StatementError, StatementFault};

use crate::{
    CloneObjects,
    excess::either,
    mark,
    pair::{ATTRIBUTES, Pair},
    setting::Setting,
};

/// A difference between the two users, and the statements that remove it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Correction {
    pub(crate) statements: Vec<Statement>,
    pub(crate) otherwise: Otherwise,
    /// A message for operators: what was taken from the clone, once that is done.
    pub(crate) removal: Option<String>,
}

/// The consequence where the master may not run the statements.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Otherwise {
    /// The clone would be useless: the change fails.
    Fail,
    /// The clone could do less than the original: the change fails, and this would fix it.
    Lacking(String),
    /// One of the two could do more than the other: the change fails.
    Exceeds {
        /// The difference.
        what: String,
        /// The statement that would remove it.
        needed: String,
    },
    /// The clone can do its work all the same: reported to operators.
    Note {
        /// The resulting state.
        state: String,
        /// The reason, where the server refused.
        why: &'static str,
    },
}

impl Correction {
    pub(crate) fn new(statement: Statement, otherwise: Otherwise) -> Self {
        Self { statements: vec![statement], otherwise, removal: None }
    }

    pub(crate) fn removing(self, what: &str) -> Self {
        let removal = Some(format!("{what} was taken from the clone: the original does not have it"));
        Self { removal, ..self }
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

    /// A message for operators: the server accepted the statements, but nothing has changed. The server does
    /// so, with only a warning, where another role had granted what is revoked.
    ///
    /// # Errors
    /// The error that the change fails with in that case.
    pub(crate) fn did_not_last(self) -> Result<String, StatementError> {
        Err(StatementError::new(match self {
            Self::Note { state, .. } => return Ok(format!("{state}: what was written did not last")),
            Self::Exceeds { what, needed } => StatementFault::CloneExceeds { what, needed },
            Self::Lacking(needed) => StatementFault::PrivilegeMissing { needed },
            Self::Fail => StatementFault::Busy,
        }))
    }
}

impl Pair {
    /// All differences, in the order in which they have to be corrected. Empty where the clone is as it
    /// should be.
    ///
    /// An idle clone becomes equal to the original. Nothing is taken from a live clone: it becomes a member
    /// and acts as the original, and the original gets the memberships that it lacks.
    pub(crate) fn corrections(&self) -> Vec<Correction> {
        let mut corrections = Vec::new();
        if self.aim.clone_is_live {
            corrections.extend(self.join_original());
            corrections.extend(self.give_memberships());
            corrections.extend(self.act_as_original());
        } else {
            corrections.extend(self.make_or_alter());
            corrections.extend(self.privileged_attributes());
            corrections.extend(self.join_original());
            corrections.extend(self.leave_others());
            corrections.extend(self.correct_settings());
        }
        corrections.extend(self.hand_over());
        corrections.extend(self.write_mark());
        corrections
    }

    /// The mark of this secret, where the clone lacks it or carries another one as well.
    fn write_mark(&self) -> Option<Correction> {
        let (owner, clone) = (&self.aim.owner, &self.names.clone);
        let comment = self.clone.as_ref().and_then(|clone| clone.comment.as_deref());
        if mark::read(comment, owner) == rotation_database::Mark::Of(owner.secret.as_str()) {
            return None;
        }
        Some(Correction::new(mark::statement(clone, comment, &owner.secret), Otherwise::Fail))
    }

    /// The clone itself, with the attributes that every role may grant that may create roles.
    fn make_or_alter(&self) -> Option<Correction> {
        let (original, objects) = (&self.original, self.aim.objects);
        let clone = quote_identifier(self.names.clone.as_str());
        // A clone that does not become the original has its privileges by inheritance alone. One that becomes
        // the original needs CONNECT before that; until version 16 only this attribute lets it inherit the
        // original's.
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

    /// The attributes that a master may grant only under conditions, which differ by version and service:
    /// they are tried.
    ///
    /// The server checks most of them against the role that a session has become, so a clone that becomes the
    /// original needs them in name only. REPLICATION is checked against the role that logged in.
    fn privileged_attributes(&self) -> Vec<Correction> {
        let clone = quote_identifier(self.names.clone.as_str());
        let mut corrections = Vec::new();
        for (name, of) in ATTRIBUTES {
            let wanted = of(&self.original);
            if self.clone.as_ref().is_some_and(of) == wanted {
                continue;
            }
            let sql = format!("ALTER ROLE {clone} {}{name}", if wanted { "" } else { "NO" });
            let by_original = self.has_by_original(name);
            let statement = Statement::new("alter role", sql.clone());
            corrections.push(match (wanted, by_original) {
                (true, true) => {
                    let state = format!("the clone has {name} only while it acts as the original");
                    Correction::new(statement, Otherwise::note(state, "the master may not give it"))
                }
                (true, false) => {
                    Correction::new(statement, Otherwise::Lacking(self.permission_to_give(name, of)))
                }
                (false, _) => {
                    let original = quote_identifier(&self.original.name);
                    let needed = either(sql, &format!("ALTER ROLE {original} {name}"));
                    let otherwise = Otherwise::Exceeds { what: name.to_owned(), needed };
                    Correction::new(statement, otherwise).removing(name)
                }
            });
        }
        corrections
    }

    /// The setting by which a live clone becomes the original at login, where it has none.
    fn act_as_original(&self) -> Option<Correction> {
        let wanted = self.wanted_settings();
        let everywhere = |setting: &&Setting| setting.name == Setting::ROLE && setting.database.is_none();
        let role = wanted.iter().find(everywhere).filter(|_| self.aim.objects == CloneObjects::Original)?;
        let has = self.clone_settings.iter().any(|held| held.same(role));
        (!has).then(|| Correction::new(role.set(&self.names.clone), Otherwise::Fail))
    }

    /// Reconciles settings, with and without a database: missing and differing ones are set, others reset.
    fn correct_settings(&self) -> Vec<Correction> {
        let clone = &self.names.clone;
        let wanted = self.wanted_settings();
        let mut corrections = Vec::new();
        for setting in
            wanted.iter().filter(|setting| !self.clone_settings.iter().any(|held| held.same(setting)))
        {
            let name = quote_identifier(&setting.name);
            let otherwise = if setting.name == Setting::ROLE {
                Otherwise::Fail
            } else if setting.is_harmless() {
                let state = format!("the clone lacks the original's setting {name}");
                Otherwise::note(state, "the master may not set it")
            } else {
                Otherwise::Lacking(
                    self.permission_to_set(setting)
                        .unwrap_or_else(|| self.as_a_clone(setting.copied(&self.names.original, clone))),
                )
            };
            corrections.push(Correction::new(setting.set(clone), otherwise));
        }
        let surplus = |setting: &&Setting| !wanted.iter().any(|wanted| wanted.same_place(setting));
        for setting in self.clone_settings.iter().filter(surplus) {
            let name = quote_identifier(&setting.name);
            let reset = setting.reset(clone);
            let otherwise = if setting.is_harmless() {
                let state = format!("the clone keeps its own setting {name}");
                Otherwise::note(state, "the master may not reset it")
            } else {
                let needed = self.permission_to_set(setting).unwrap_or_else(|| reset.sql.clone());
                Otherwise::Exceeds { what: format!("the setting {name}"), needed }
            };
            corrections.push(Correction::new(reset, otherwise).removing(&format!("the setting {name}")));
        }
        corrections
    }

    /// The settings of the original, and the one by which the clone becomes the original. Where the original
    /// becomes another role at login, so does the clone.
    fn wanted_settings(&self) -> Vec<Setting> {
        let mut wanted = self.original_settings.clone();
        if self.aim.objects == CloneObjects::Own {
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

#[cfg(test)]
mod tests {
    use super::*;

    /// What did not last is the reason for which the change fails.
    /// The server reported success, but the state that is read afterwards is the same as before.
    #[test]
    fn change_that_did_not_last() {
        let after = |otherwise: Otherwise| otherwise.did_not_last().map_err(|error| error.fault);
        let (what, needed) = ("membership in g".to_owned(), "REVOKE g FROM c GRANTED BY x".to_owned());
        let exceeds = Otherwise::Exceeds { what: what.clone(), needed: needed.clone() };
        assert_eq!(after(exceeds), Err(StatementFault::CloneExceeds { what, needed: needed.clone() }));
        let lacking = Otherwise::Lacking(needed.clone());
        assert_eq!(after(lacking), Err(StatementFault::PrivilegeMissing { needed }));
        assert_eq!(after(Otherwise::Fail), Err(StatementFault::Busy));
        let noted = after(Otherwise::note("it stays", "not allowed"));
        assert_eq!(noted, Ok("it stays: what was written did not last".to_owned()));
    }
}
