//! Commands as an administrator runs them in MongoDB's shell.

use rotation_database::Username;

use crate::{
    command::Likeness,
    document::{Document, Reader},
    json,
    role::Role,
    user::User,
};

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
