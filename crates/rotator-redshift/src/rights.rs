//! Compares what the two users may do: whether it identifies the clone, what the live clone has and the
//! original lacks, and what could not be granted to the clone.

use std::collections::{BTreeMap, BTreeSet};

use postgres_session::Statement;
use rotation_database::{Equality, Mark, PairOwner, StatementError, StatementFault};

use crate::{
    batch::{Batch, batches, grant, revoke},
    grant::{Object, grant_role, join_group, leave_group, revoke_role},
    pair::{Holdings, Pair},
    quote::quote_identifier,
    user::User,
};

/// Privileges, each with or without the grant option.
pub(crate) type Grants = BTreeMap<(Object, &'static str), bool>;

/// The most items that an error or a note lists.
pub(crate) const MOST_LISTED: usize = 20;

/// Something that the live clone has and the original lacks.
struct Excess {
    what: String,
    /// Gives it to the original.
    give: String,
    /// Takes it from the clone.
    take: String,
}

impl Excess {
    fn new(what: impl Into<String>, give: Statement, take: Statement) -> Self {
        Self { what: what.into(), give: give.sql, take: take.sql }
    }
}

impl Holdings {
    /// What the user may do with objects, by grants and as their owner.
    pub(crate) fn all_grants(&self) -> Grants {
        let mut all = self.grants.clone();
        all.extend(self.owned_grants());
        all
    }

    /// What the user may do as the owner of objects.
    pub(crate) fn owned_grants(&self) -> Grants {
        let of_owner = |(object, privileges): (&Object, &&'static [&'static str])| {
            privileges.iter().map(|privilege| ((object.clone(), *privilege), true)).collect::<Vec<_>>()
        };
        self.owned.iter().flat_map(of_owner).collect()
    }
}

/// Those that the other user does not have, or has without the grant option.
pub(crate) fn beyond(grants: &Grants, other: &Grants) -> Vec<(Object, &'static str, bool)> {
    let beyond = grants.iter().filter(|(key, option)| match other.get(*key) {
        Some(has) => **option && !has,
        None => true,
    });
    beyond.map(|((object, privilege), option)| (object.clone(), *privilege, *option)).collect()
}

impl Pair {
    /// How the rights compare. Two users without any are equal by chance, unless a mark ties them together.
    pub(crate) fn equality(&self, clone: &User, mark: Mark<'_>) -> Equality {
        let (name, clones_name) = (self.names.original.as_str(), self.names.clone.as_str());
        let concerning = self.default_privileges.iter().filter(|default| !default.concerns(clones_name));
        let own_defaults = concerning.filter(|default| default.concerns(name)).map(|own| own.grant().sql);
        let mirrored = self.default_privileges.iter().filter_map(|held| held.mirrored(clones_name, name));
        let mut original = rights(&self.original, &self.original_holds);
        original.extend(own_defaults);
        let mut clone = rights(clone, &self.clone_holds);
        clone.extend(mirrored.map(|as_original| as_original.grant().sql));
        match (original == clone, clone.is_subset(&original)) {
            (true, _) if mark != Mark::None || !original.is_empty() => Equality::Equal,
            (false, true) => Equality::Less,
            _ => Equality::Differs,
        }
    }

    /// A message for operators: how an existing clone without a mark was recognized.
    pub(crate) fn recognition(&self, owner: &PairOwner) -> Option<String> {
        let mark = self.marks.as_mark(&owner.secret);
        let note = match mark {
            Mark::Of(secret) if secret == owner.secret.as_str() => return None,
            Mark::Of(_) => "the pair was taken over because ADOPT_CLONES names this secret",
            _ if owner.adopt => {
                "the clone had no mark of a secret and was taken over because ADOPT_CLONES names this secret"
            }
            _ => "the clone had no mark of a secret and was recognized by its equal rights",
        };
        self.clone.as_ref().map(|_| note.to_owned())
    }

    /// Rights that no statement inside a transaction carries to the other user.
    fn out_of_reach(&self, holds: &Holdings) -> BTreeSet<String> {
        let granted = holds.grants.keys().filter(|(object, _)| !self.is_grantable(object));
        let granted = granted.map(|(object, privilege)| format!("{privilege} ON {}", object.on()));
        granted.chain(holds.others.iter().cloned()).collect()
    }

    /// Whether the clone can be given all that the original has: a clone that may do less is never promoted.
    pub(crate) fn check_reach(&self) -> Result<(), StatementFault> {
        let held = self.clone.as_ref().map_or(&[][..], |clone| &clone.settings);
        let lost = |setting| !held.contains(setting);
        if self.original.settings.iter().any(|setting| !setting.is_plain() && lost(setting)) {
            return Err(StatementFault::NotRotatable {
                why: "it has a setting that no statement can give to its clone",
                remedy: "Set it to a value without a backslash (ALTER USER \"USER\" SET SETTING TO 'VALUE'), \
                    or rotate this user with the single-user strategy.",
            });
        }
        let wanted = self.out_of_reach(&self.original_holds);
        let held = self.out_of_reach(&self.clone_holds);
        let lacking: Vec<_> = wanted.difference(&held).collect();
        if lacking.is_empty() {
            return Ok(());
        }
        let (user, role) =
            (quote_identifier(self.names.original.as_str()), format!("{}:rights", self.names.original));
        let role = quote_identifier(&role);
        let each = |verb: &str, to: &str| {
            let statements = lacking.iter().take(MOST_LISTED).map(|what| format!("{verb} {what} {to}; "));
            statements.collect::<String>()
        };
        let (grants, revokes) =
            (each("GRANT", &format!("TO ROLE {role}")), each("REVOKE", &format!("FROM {user}")));
        let more = match lacking.len().saturating_sub(MOST_LISTED) {
            0 => String::new(),
            more => format!(" (and {more} more)"),
        };
        Err(StatementFault::PrivilegeMissing {
            needed: format!(
                "let the user have by a role what cannot be granted to its clone{more}: CREATE ROLE {role}; \
                 {grants}GRANT ROLE {role} TO {user}; {}",
                revokes.trim_end_matches("; ")
            ),
        })
    }

    /// Whether the original has all that the live clone has, but for what follows from the clone's objects.
    /// Whether the clone gained the rest or the original lost it is not known, so an administrator decides.
    pub(crate) fn check_excess(&self, clone: &User) -> Result<(), StatementError> {
        let all = self.excess(clone)?;
        if all.is_empty() {
            return Ok(());
        }
        let shown = || all.iter().take(MOST_LISTED);
        let more = match all.len().saturating_sub(MOST_LISTED) {
            0 => String::new(),
            more => format!(", and {more} more"),
        };
        let join = |each: Vec<&str>, with: &str| each.join(with);
        let what = join(shown().map(|one| one.what.as_str()).collect(), ", ");
        let give = join(shown().map(|one| one.give.as_str()).collect(), "; ");
        let take = join(shown().map(|one| one.take.as_str()).collect(), "; ");
        Err(StatementError::new(StatementFault::CloneExceeds {
            what: format!("{what}{more}"),
            needed: format!(
                "run this to give it to the original: {give}; or this to take it from the clone: {take}"
            ),
        }))
    }

    fn excess(&self, clone: &User) -> Result<Vec<Excess>, StatementError> {
        let (names, held) = (&self.names, &self.clone_holds);
        let (original, name) = (names.original.as_str(), names.clone.as_str());
        let mut excess = Vec::new();
        for difference in self.original.differing(clone)?.iter().filter(|difference| difference.exceeds) {
            let (give, take) = (difference.other_for(original), difference.first_for(name));
            excess.push(Excess::new(difference.of_other(), give, take));
        }
        for group in held.groups.difference(&self.original_holds.groups) {
            let what = format!("the group {}", quote_identifier(group));
            excess.push(Excess::new(what, join_group(group, original), leave_group(group, name)));
        }
        for (role, admin) in &held.roles {
            let has = self.original_holds.roles.get(role);
            if has.is_none_or(|has| *admin && !has) {
                let what = format!("the role {}", quote_identifier(role));
                let take = revoke_role(role, name, has.is_some());
                excess.push(Excess::new(what, grant_role(role, original, *admin), take));
            }
        }
        excess.extend(
            self.excess_grants()
                .into_iter()
                .flat_map(|batch| batch.pieces(1).map(|piece| self.excess_of(&piece)).collect::<Vec<_>>()),
        );
        for right in held.others.difference(&self.original_holds.others) {
            let statement = |sql| Statement::new("grant", sql);
            let give = statement(format!("GRANT {right} TO {}", quote_identifier(original)));
            let take = statement(format!("REVOKE {right} FROM {}", quote_identifier(name)));
            excess.push(Excess::new(right, give, take));
        }
        for default in self.default_privileges.iter().filter(|default| !default.is_owned_by(name)) {
            let wanted = default.mirrored(name, original);
            if let Some(wanted) = wanted.filter(|wanted| !self.default_privileges.contains(wanted)) {
                excess.push(Excess::new("default privileges", wanted.grant(), default.revoke()));
            }
        }
        excess.extend(self.excess_settings(clone)?);
        Ok(excess)
    }

    /// What the clone was granted on objects of others.
    fn excess_grants(&self) -> Vec<Batch> {
        let all = beyond(&self.clone_holds.grants, &self.original_holds.all_grants());
        let of_others = all.into_iter().filter(|(object, _, _)| !self.clone_holds.owned.contains_key(object));
        batches(of_others)
    }

    fn excess_of(&self, batch: &Batch) -> Excess {
        let held = self.original_holds.all_grants();
        let has = |privilege| held.contains_key(&(batch.objects[0].clone(), privilege));
        let option_only = batch.privileges.iter().all(|privilege| has(privilege));
        let taken = Batch { option: option_only, ..batch.clone() };
        let what = batch.text(MOST_LISTED);
        let (original, clone) = (self.names.original.as_str(), self.names.clone.as_str());
        Excess::new(what, grant(batch, original), revoke(&taken, clone))
    }

    fn excess_settings(&self, clone: &User) -> Result<Vec<Excess>, StatementError> {
        let (original, name) = (self.names.original.as_str(), self.names.clone.as_str());
        let mut excess = Vec::new();
        for setting in clone.settings.iter().filter(|setting| !self.original.settings.contains(setting)) {
            let own = self.original.settings.iter().find(|own| own.name == setting.name);
            let what = format!("the setting {}", quote_identifier(&setting.name));
            let shown = |sql: String| Statement::new("alter user set", sql);
            let give = if setting.is_plain() {
                setting.set(original)?
            } else {
                shown(format!("ALTER USER {} SET {} TO ...", quote_identifier(original), setting.name))
            };
            let take = match own {
                Some(own) if own.is_plain() => own.set(name)?,
                _ => setting.reset(name),
            };
            excess.push(Excess::new(what, give, take));
        }
        Ok(excess)
    }
}

/// The rights of one user, in words; default privileges apart, as they name users.
fn rights(user: &User, holds: &Holdings) -> BTreeSet<String> {
    let mut rights: BTreeSet<String> = holds.groups.iter().map(|group| format!("group {group}")).collect();
    for (role, admin) in &holds.roles {
        rights.insert(format!("role {role}"));
        rights.extend(admin.then(|| format!("role {role} with admin option")));
    }
    for ((object, privilege), option) in holds.all_grants() {
        let right = format!("{privilege} on {}", object.on());
        rights.extend(option.then(|| format!("{right} with grant option")));
        rights.insert(right);
    }
    rights.extend(holds.others.iter().cloned());
    rights.extend(user.makes_databases.then(|| "CREATEDB".to_owned()));
    rights.extend(user.unrestricted_syslog.then(|| "SYSLOG ACCESS".to_owned()));
    rights
}
