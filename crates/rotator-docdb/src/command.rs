//! Commands as pure functions, tested as bytes.
//!
//! MongoDB has no verifier form for a password: `createUser` and `updateUser` take it in clear (`digestPassword`, whose
//! other value takes an MD5 for SCRAM-SHA-1 alone) and the server makes its credentials. It travels inside TLS, servers
//! redact it in their logs and audits, and the bytes of a command are cleared when it is dropped.

use std::{collections::BTreeSet, fmt, time::Duration};

use rotation_core::database::{
    Credentials, ELIDED, Necessity, Password, PlannedStatement, Purpose, Username,
};

use crate::{
    document::{Document, Reader},
    json,
    mark::MARKER,
    user::{Role, User},
};

/// A command with its kind, by which errors name it.
pub(crate) struct Command {
    pub(crate) kind: &'static str,
    pub(crate) document: Document,
    pub(crate) holds_password: bool,
}

/// What an administrator has to give to whom, where a command is not permitted. Names and actions only.
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

pub(crate) fn probe(home: &str) -> Command {
    let document = Document::new().int("connectionStatus", 1).bool("showPrivileges", false);
    command("connectionStatus", document, home)
}

/// Everything about one user but its credentials. With `restrictions`, those of its logins as well, a question that
/// DocumentDB does not know.
pub(crate) fn read_user(user: &Username, home: &str, restrictions: bool) -> Command {
    let name = Document::new().text("user", user.as_str()).text("db", home);
    let mut document = Document::new().document("usersInfo", &name);
    if restrictions {
        document = document.bool("showAuthenticationRestrictions", true);
    }
    command("usersInfo", document, home)
}

/// Sets a password, and of `like` what a change of the password would otherwise reset or leave behind.
pub(crate) fn set_password(
    user: &Username,
    new: &Password,
    home: &str,
    like: &Likeness<'_>,
    limit: Duration,
) -> Command {
    let document = Document::new().text("updateUser", user.as_str()).text("pwd", new.expose());
    let document = write_concern(like.write(document), limit);
    Command { holds_password: true, ..command("updateUser", document, home) }
}

/// Makes a user with everything at once. The server inserts one document, so nobody ever logs in to half a user.
pub(crate) fn create(
    user: &Credentials,
    roles: &BTreeSet<Role>,
    home: &str,
    like: &Likeness<'_>,
    limit: Duration,
) -> Command {
    let document = Document::new()
        .text("createUser", user.username.as_str())
        .text("pwd", user.password.expose())
        .documents("roles", roles.iter().map(Role::document));
    let document = write_concern(like.write(document), limit);
    Command { holds_password: true, ..command("createUser", document, home) }
}

/// Brings what is not a right to equal, without a password.
pub(crate) fn set_likeness(user: &Username, home: &str, like: &Likeness<'_>, limit: Duration) -> Command {
    let document = like.write(Document::new().text("updateUser", user.as_str()));
    command("updateUser", write_concern(document, limit), home)
}

pub(crate) fn grant<'a>(
    user: &Username,
    roles: impl IntoIterator<Item = &'a Role>,
    home: &str,
    limit: Duration,
) -> Command {
    change_roles("grantRolesToUser", user, roles, home, limit)
}

pub(crate) fn revoke<'a>(
    user: &Username,
    roles: impl IntoIterator<Item = &'a Role>,
    home: &str,
    limit: Duration,
) -> Command {
    change_roles("revokeRolesFromUser", user, roles, home, limit)
}

fn change_roles<'a>(
    kind: &'static str,
    user: &Username,
    roles: impl IntoIterator<Item = &'a Role>,
    home: &str,
    limit: Duration,
) -> Command {
    let roles = roles.into_iter().map(Role::document);
    let document = Document::new().text(kind, user.as_str()).documents("roles", roles);
    command(kind, write_concern(document, limit), home)
}

/// What two users have alike besides rights. A part that is absent is left as it is.
#[derive(Clone, Copy, Default)]
pub(crate) struct Likeness<'a> {
    pub(crate) mechanisms: Option<&'a [String]>,
    pub(crate) restrictions: Option<&'a User>,
    pub(crate) custom_data: Option<&'a Document>,
}

impl Likeness<'_> {
    fn write(&self, mut document: Document) -> Document {
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
}

/// The majority has it before the server says so: a password that a failover could take back would be lost. The server gives
/// up a little earlier than we do, so that it can say that it was the majority that did not come.
fn write_concern(document: Document, limit: Duration) -> Document {
    let limit = limit.saturating_sub(limit / 10);
    let milliseconds = i32::try_from(limit.as_millis()).unwrap_or(i32::MAX).max(1);
    let concern = Document::new().text("w", "majority").int("wtimeout", milliseconds);
    document.document("writeConcern", &concern)
}

pub(crate) fn command(kind: &'static str, document: Document, home: &str) -> Command {
    Command { kind, document: document.text("$db", home), holds_password: false }
}

/// A command as an administrator runs it in the shell.
pub(crate) fn in_shell(home: &str, document: &Document) -> String {
    let text = json::of(Reader::parse(document.as_bytes()).expect("we wrote it")).to_string();
    format!("db.getSiblingDB({}).runCommand({text})", serde_json::Value::from(home))
}

/// The command by which an administrator grants or revokes roles.
pub(crate) fn roles_in_shell(kind: &str, user: &Username, roles: &[&Role], home: &str) -> String {
    let roles = roles.iter().map(|role| role.document());
    in_shell(home, &Document::new().text(kind, user.as_str()).documents("roles", roles))
}

/// The command by which an administrator gives one user the restrictions of the other.
pub(crate) fn restrictions_in_shell(user: &Username, like: &User, home: &str) -> String {
    let like = Likeness { restrictions: Some(like), ..Likeness::default() };
    in_shell(home, &like.write(Document::new().text("updateUser", user.as_str())))
}

impl Command {
    /// The command as a part of a plan: as JSON, without its password and without what people keep in `customData`.
    pub(crate) fn planned(&self, purpose: Purpose, necessity: Necessity) -> PlannedStatement {
        let shown = Reader::parse(self.document.as_bytes()).expect("we wrote it");
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

/// The marker of ours, and the names of all else.
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
