//! The statements that would give the master the privileges that it lacks, for an administrator of the
//! database.

use postgres_session::quote_identifier;
use rotation_database::{StatementFault, UserBar, Username};

use crate::{
    CloneObjects,
    pair::{ATTRIBUTES, Pair, Role},
    setting::Setting,
};

impl Pair {
    /// The statement that an administrator has to run before the master can go on.
    pub(crate) fn needed(&self, next: &Username) -> String {
        let lacking = self.lacking(next);
        if lacking.is_empty() {
            return format!("a superuser must change {}", quote_identifier(next.as_str()));
        }
        lacking.join("; ")
    }

    /// The statements that would grant the master what it evidently lacks.
    pub(crate) fn lacking(&self, next: &Username) -> Vec<String> {
        let master = quote_identifier(&self.master.name);
        let mut needed = Vec::new();
        if !self.master.makes_roles && !self.master.superuser {
            needed.push(format!("ALTER ROLE {master} CREATEROLE"));
        }
        let changes_original = *next == self.names.original || self.join_original().is_some();
        let changes_clone = *next == self.names.clone || !self.corrections().is_empty();
        let users = [(Some(&self.original), changes_original), (self.clone.as_ref(), changes_clone)];
        for (user, changed) in users {
            let Some(user) = user.filter(|user| changed && self.major >= 16 && !user.administered) else {
                continue;
            };
            needed.push(format!("GRANT {} TO {master} WITH ADMIN OPTION", quote_identifier(&user.name)));
        }
        needed.extend(self.lacking_attributes());
        needed
    }

    /// The fix where the master cannot give the clone an attribute without which the clone could do less, or
    /// cannot change one of the two users because of an attribute.
    fn lacking_attributes(&self) -> Vec<String> {
        if self.master.superuser {
            return Vec::new();
        }
        let users = || [Some(&self.original), self.clone.as_ref()].into_iter().flatten();
        if self.major < 16 && users().any(|user| user.replication) {
            return users()
                .filter(|user| user.replication)
                .map(|user| without_replication(&user.name))
                .collect();
        }
        let wanted = ATTRIBUTES.iter().filter(|(name, of)| {
            let has = self.clone.as_ref().is_some_and(of);
            self.aim.next_is_clone() && of(&self.original) && !has && !self.has_by_original(name)
        });
        let hindered = wanted.filter(|(name, of)| !self.may_give(name, *of));
        hindered.map(|(name, of)| self.permission_to_give(name, *of)).collect()
    }

    /// Whether the clone needs the attribute in name only, as it becomes the original. REPLICATION is checked
    /// against the role that logged in.
    pub(crate) fn has_by_original(&self, attribute: &str) -> bool {
        self.aim.objects == CloneObjects::Original && attribute != "REPLICATION"
    }

    /// From version 16 on a role that creates others gives them what it has itself; before, only a superuser
    /// may give two of the attributes.
    fn may_give(&self, attribute: &str, of: fn(&Role) -> bool) -> bool {
        let anybody = self.major < 16 && !["BYPASSRLS", "REPLICATION"].contains(&attribute);
        anybody || self.major >= 16 && of(&self.master)
    }

    /// The statement that lets the master give the clone an attribute of the original, or gives it directly.
    pub(crate) fn permission_to_give(&self, attribute: &str, of: fn(&Role) -> bool) -> String {
        if self.major >= 16 && !of(&self.master) {
            return format!("ALTER ROLE {} {attribute}", quote_identifier(&self.master.name));
        }
        if self.major < 16 && attribute == "REPLICATION" {
            return without_replication(&self.original.name);
        }
        let clone = quote_identifier(self.names.clone.as_str());
        self.as_a_clone(format!("ALTER ROLE {clone} {attribute}"))
    }

    /// The statement that lets the master set a setting that otherwise only a superuser may set, where
    /// servers have such a privilege.
    pub(crate) fn permission_to_set(&self, setting: &Setting) -> Option<String> {
        let (name, master) = (quote_identifier(&setting.name), quote_identifier(&self.master.name));
        (self.major >= 15).then(|| format!("GRANT SET ON PARAMETER {name} TO {master}"))
    }

    /// A statement about the clone, preceded by the one that creates it where it does not exist yet. A
    /// rotation recognizes it by the membership.
    pub(crate) fn as_a_clone(&self, statement: String) -> String {
        if self.clone.is_some() {
            return statement;
        }
        let original = quote_identifier(self.names.original.as_str());
        let clone = quote_identifier(self.names.clone.as_str());
        let made = format!("CREATE ROLE {clone} LOGIN IN ROLE {original}");
        if self.major < 16 {
            return format!("{made}; {statement}");
        }
        let master = quote_identifier(&self.master.name);
        format!("{made}; GRANT {clone} TO {master} WITH ADMIN OPTION; {statement}")
    }
}

/// Before version 16 only a superuser changes a role with REPLICATION; the role cannot change even its own
/// password.
pub(crate) fn without_replication(username: &str) -> String {
    format!(
        "ALTER ROLE {} NOREPLICATION /* or upgrade the server: before version 16 only a superuser changes a \
        user with REPLICATION */",
        quote_identifier(username)
    )
}

/// Lifts the end of a user's validity.
pub(crate) fn valid_for_ever(username: &str) -> String {
    format!("ALTER ROLE {} VALID UNTIL 'infinity'", quote_identifier(username))
}

/// The session's own user is past its validity.
pub(crate) fn expired(username: &Username) -> StatementFault {
    StatementFault::UserBarred {
        user: quote_identifier(username.as_str()),
        bar: UserBar::Expired,
        needed: valid_for_ever(username.as_str()),
    }
}
