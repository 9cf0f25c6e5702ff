//! Commands as pure functions, tested as bytes.
//!
//! MongoDB accepts no verifier in place of a password: `createUser` and `updateUser` take it as it is
//! (`digestPassword`, whose other value takes an MD5 for SCRAM-SHA-1 alone) and the server derives the
//! credentials. The password travels inside TLS, servers redact it in their logs and audits, and the bytes of
//! a command are cleared when it is dropped.

use std::{collections::BTreeSet, fmt};

use rotation_core::{Deadline, Password};
use rotation_database::{Credentials, ELIDED, Necessity, PlannedStatement, Purpose, Username};

use crate::{
    document::{Document, Reader},
    json,
    mark::MARKER,
    privileges::{CHANGE_OWN_PASSWORD, Needs},
    role::Role,
    user::User,
};

/// The action that permits [`setting`].
pub(crate) const GET_PARAMETER: &str = "getParameter";

/// A command with its kind, by which errors name it.
pub(crate) struct Command {
    pub(crate) kind: &'static str,
    body: Document,
    database: String,
    /// Until when the server may wait for a majority to have the write. `None` in the form without a write
    /// concern, and for commands that only read.
    majority: Option<Deadline>,
    /// The privileges that permit it; empty for commands that every user may run.
    pub(crate) needs: Needs,
}

/// The grant that an administrator has to make where a command is not permitted. Names and actions only.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Needed<'a> {
    pub(crate) who: &'a Username,
    pub(crate) home: &'a str,
    pub(crate) actions: &'static str,
}

impl fmt::Display for Needed<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { who, home, actions } = self;
        write!(f, "grant {:?} a role that holds {actions} on the database {home:?}", who.as_str())
    }
}

/// The user that is logged in, and its roles; with `privileges`, also what each of them permits.
pub(crate) fn status(home: &str, privileges: bool) -> Command {
    let document = Document::new().int("connectionStatus", 1).bool("showPrivileges", privileges);
    command("connectionStatus", document, home)
}

/// The mechanisms by which the server lets this user in. It is the question of the greeting, which every
/// version understands.
pub(crate) fn usable_mechanisms(user: &Username, home: &str) -> Command {
    let document = Document::new().int("isMaster", 1);
    let document = document.text("saslSupportedMechs", &format!("{home}.{}", user.as_str()));
    command("isMaster", document, "admin")
}

/// A query about the server that only its own administrators may run, where it checks privileges at all.
pub(crate) fn setting() -> Command {
    let document = Document::new().int(GET_PARAMETER, 1).int("authenticationMechanisms", 1);
    command(GET_PARAMETER, document, "admin")
}

/// Everything about one user but its credentials. With `restrictions`, also those of its logins, a
/// query that DocumentDB does not understand.
pub(crate) fn read_user(user: &Username, home: &str, restrictions: bool) -> Command {
    let name = Document::new().text("user", user.as_str()).text("db", home);
    let mut document = Document::new().document("usersInfo", &name);
    if restrictions {
        document = document.bool("showAuthenticationRestrictions", true);
    }
    command("usersInfo", document, home).needing([(home, "viewUser")])
}

/// The user's own password.
pub(crate) fn set_own_password(
    user: &Username,
    new: &Password,
    home: &str,
    like: &Likeness<'_>,
    limit: Option<Deadline>,
) -> Command {
    let command = set_password(user, new, home, like, limit);
    Command { needs: Needs::new(), ..command }.needing([(home, CHANGE_OWN_PASSWORD)])
}

/// Sets a password, and the parts of `like` that a change of the password would otherwise reset or leave as
/// they are. Without a limit, in the form that most servers accept: no write concern.
pub(crate) fn set_password(
    user: &Username,
    new: &Password,
    home: &str,
    like: &Likeness<'_>,
    limit: Option<Deadline>,
) -> Command {
    let document = Document::new().text("updateUser", user.as_str()).text("pwd", new.expose());
    let document = like.write(document);
    let command = command("updateUser", document, home).by_majority(limit);
    command.needing([(home, "changePassword")]).needing(like.needs(home))
}

/// Creates a user with everything at once. The server inserts one document, so nobody ever logs in to a
/// partly created user.
pub(crate) fn create(
    user: &Credentials,
    roles: &BTreeSet<Role>,
    home: &str,
    like: &Likeness<'_>,
    limit: Option<Deadline>,
) -> Command {
    let document = Document::new()
        .text("createUser", user.username.as_str())
        .text("pwd", user.password.expose())
        .documents("roles", roles.iter().map(Role::document));
    let document = like.write(document);
    let restricted = Likeness { custom_data: None, ..*like };
    command("createUser", document, home)
        .by_majority(limit)
        .needing([(home, "createUser")])
        .needing(restricted.needs(home))
        .needing(roles.iter().map(|role| (role.db.as_str(), "grantRole")))
}

/// Reconciles what is no privilege, without a password.
pub(crate) fn set_likeness(
    user: &Username,
    home: &str,
    like: &Likeness<'_>,
    limit: Option<Deadline>,
) -> Command {
    let document = like.write(Document::new().text("updateUser", user.as_str()));
    command("updateUser", document, home).by_majority(limit).needing(like.needs(home))
}

pub(crate) fn grant<'a>(
    user: &Username,
    roles: impl IntoIterator<Item = &'a Role>,
    home: &str,
    limit: Option<Deadline>,
) -> Command {
    change_roles(("grantRolesToUser", "grantRole"), user, roles, home, limit)
}

pub(crate) fn revoke<'a>(
    user: &Username,
    roles: impl IntoIterator<Item = &'a Role>,
    home: &str,
    limit: Option<Deadline>,
) -> Command {
    change_roles(("revokeRolesFromUser", "revokeRole"), user, roles, home, limit)
}

fn change_roles<'a>(
    (kind, action): (&'static str, &'static str),
    user: &Username,
    roles: impl IntoIterator<Item = &'a Role>,
    home: &str,
    limit: Option<Deadline>,
) -> Command {
    let roles: Vec<_> = roles.into_iter().collect();
    let document = Document::new().text(kind, user.as_str());
    let document = document.documents("roles", roles.iter().map(|role| role.document()));
    command(kind, document, home)
        .by_majority(limit)
        .needing(roles.iter().map(|role| (role.db.as_str(), action)))
}

/// What two users have alike in addition to privileges. A part that is absent is left as it is.
#[derive(Clone, Copy, Default)]
pub(crate) struct Likeness<'a> {
    pub(crate) mechanisms: Option<&'a [String]>,
    pub(crate) restrictions: Option<&'a User>,
    pub(crate) custom_data: Option<&'a Document>,
}

impl Likeness<'_> {
    pub(crate) fn write(&self, mut document: Document) -> Document {
        if let Some(mechanisms) = self.mechanisms {
            document = document.texts("mechanisms", mechanisms.iter().map(String::as_str));
        }
        if let Some(user) = self.restrictions {
            document = match user.restrictions() {
                Some(value) => document.value("authenticationRestrictions", value),
                None => document.documents("authenticationRestrictions", []),
            };
        }
        match self.custom_data {
            Some(data) => document.document("customData", data),
            None => document,
        }
    }

    fn needs<'h>(&self, home: &'h str) -> impl Iterator<Item = (&'h str, &'static str)> + use<'h> {
        let restricting = self.restrictions.map(|_| (home, "setAuthenticationRestriction"));
        restricting.into_iter().chain(self.custom_data.map(|_| (home, "changeCustomData")))
    }
}

/// The majority has the write before the server reports success: a password that a failover could roll back
/// would be lost. The server's limit ends a little before the client's, so that the server can report that
/// the majority was what was missing.
fn write_concern(limit: Deadline) -> Document {
    let limit = limit.remaining();
    let limit = limit.saturating_sub(limit / 10);
    let milliseconds = i32::try_from(limit.as_millis()).unwrap_or(i32::MAX).max(1);
    Document::new().text("w", "majority").int("wtimeout", milliseconds)
}

pub(crate) fn command(kind: &'static str, document: Document, home: &str) -> Command {
    Command { kind, body: document, database: home.to_owned(), majority: None, needs: Needs::new() }
}

impl Command {
    /// The command as it is sent at this moment: each of several writes has the time that those before it
    /// have left.
    pub(crate) fn document(&self) -> Document {
        let document = self.body.copy();
        let document = match self.majority {
            Some(limit) => document.document("writeConcern", &write_concern(limit)),
            None => document,
        };
        document.text("$db", &self.database)
    }

    fn by_majority(self, limit: Option<Deadline>) -> Self {
        Self { majority: limit, ..self }
    }

    /// The same command, which these actions permit.
    fn needing<'a>(mut self, needs: impl IntoIterator<Item = (&'a str, &'static str)>) -> Self {
        self.needs.extend(needs.into_iter().map(|(database, action)| (database.to_owned(), action)));
        self
    }

    /// The command as a part of a plan: as JSON, without its password and without what operators keep in
    /// `customData`.
    pub(crate) fn planned(&self, purpose: Purpose, necessity: Necessity) -> PlannedStatement {
        let document = self.document();
        let shown = Reader::parse(document.as_bytes()).expect("we wrote it");
        let shown =
            shown.elements().filter_map(Result::ok).fold(Document::new(), |all, (name, value)| match name {
                "pwd" => all.text(name, ELIDED),
                "customData" => {
                    all.document(name, &value.as_document().map_or_else(Document::new, shown_data))
                }
                _ => all.value(name, value),
            });
        let text = json::of(Reader::parse(shown.as_bytes()).expect("we wrote it")).to_string();
        PlannedStatement { kind: self.kind, text, purpose, necessity }
    }
}

/// The function's own marker, and the names of everything else.
fn shown_data(data: Reader<'_>) -> Document {
    data.elements().filter_map(Result::ok).fold(Document::new(), |all, (name, value)| match name {
        MARKER => all.value(name, value),
        _ => all.text(name, ELIDED),
    })
}

impl fmt::Debug for Command {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Command").field("kind", &self.kind).finish_non_exhaustive()
    }
}
