//! Copies of a secret's credentials in other fields of the secret that applications read: a URL, a connection
//! string.
//!
//! A rotation changes `username` and `password`. A copy in another field then becomes stale, unless the field
//! is set to be rewritten.

use rotation_core::{DocumentError, SecretDocument, Unfit, codes::SECRET_FIELD_INVALID};
use serde_json::Value;
use zeroize::{Zeroize, Zeroizing};

use crate::{Credentials, Login, Username, connection_text::ConnectionText};

/// A shorter password may occur in a text by chance.
const TELLING: usize = 8;
/// The longest part of a name that is shown, in characters.
const MOST_SHOWN: usize = 64;
/// The fields that hold the credentials themselves.
const OWN: [&str; 2] = ["username", "password"];
/// The fields that a rotation reads, and that must not be rewritten.
const READ: [&str; 10] =
    ["engine", "host", "port", "replicaSet", "srv", "dbname", "authdb", "ssl", "masterarn", "testquery"];

/// The fields whose URLs and connection strings are rewritten with the new credentials.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RewriteFields(Vec<String>);

/// The credentials that a secret holds, where they open something, and the user name that they may also
/// belong to: the other user of the pair.
#[derive(Clone, Copy)]
pub(crate) struct Owner<'a> {
    pub(crate) login: &'a Login,
    pub(crate) credentials: &'a Credentials,
    pub(crate) other: Option<&'a Username>,
}

/// What a text contains of a user's credentials.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Copied {
    /// The password.
    Password,
    /// The user at the secret's own host, with another password.
    Outdated,
    /// The password, inside a list or an object.
    Nested,
}

impl RewriteFields {
    /// Parses a comma-separated list of names.
    ///
    /// # Errors
    /// The rule that the list violates.
    pub fn parse(list: &str) -> Result<Self, &'static str> {
        let names: Vec<_> = list.split(',').map(|name| name.trim().to_owned()).collect();
        let is_reserved = |name: &String| OWN.contains(&name.as_str()) || READ.contains(&name.as_str());
        if names.iter().any(String::is_empty) {
            return Err("names of fields with commas between them");
        }
        if names.iter().any(is_reserved) {
            return Err("fields that a rotation does not read itself");
        }
        Ok(Self(names))
    }

    /// The document with the credentials `to` wherever one of these fields contains those of `from` or of its
    /// pair. A field that is missing, or contains no credentials, is not changed.
    ///
    /// # Errors
    /// [`DocumentError::Unfit`] where a field contains the password in an unknown form.
    pub(crate) fn rewrite(
        &self,
        mut document: SecretDocument,
        from: Owner<'_>,
        to: &Credentials,
    ) -> Result<SecretDocument, DocumentError> {
        for field in &self.0 {
            let not_rewritable = || DocumentError::from(not_rewritable(field));
            let text = match document.get(field).map(Wiped) {
                Some(Wiped(Value::String(ref mut text))) => Zeroizing::new(std::mem::take(text)),
                Some(value) if from.within(&value.0).is_some() => return Err(not_rewritable()),
                Some(_) | None => continue,
            };
            let (user, password) = (to.username.as_str(), to.password.expose());
            if *text == from.credentials.password.expose() {
                document = document.with_text(field, password);
            } else if let Some(found) = ConnectionText::parse(&text).filter(|found| from.is_of(found)) {
                let replaced = found.replaced(user, password).ok_or_else(not_rewritable)?;
                document = document.with_text(field, &replaced);
            } else if from.finds(&text) == Some(Copied::Password) {
                return Err(not_rewritable());
            }
        }
        Ok(document)
    }

    fn has(&self, name: &str) -> bool {
        self.0.iter().any(|field| field == name)
    }
}

/// A field that is set to be rewritten cannot be rewritten.
fn not_rewritable(field: &str) -> Unfit {
    let field = shown(field);
    Unfit {
        code: SECRET_FIELD_INVALID,
        problem: format!("the field `{field}` contains the password in a form that cannot be rewritten"),
        remediation: format!(
            "Store a URL or a connection string as text in `{field}` of {{which}}, or remove `{field}` from \
             REWRITE_FIELDS. A JDBC URL of MariaDB's driver cannot hold `&`: add it to EXCLUDE_CHARACTERS."
        ),
        field,
    }
}

impl Owner<'_> {
    /// Whether the users and passwords of a connection belong to this owner. At another host, such as a
    /// reader endpoint, the password must be the same: an unrelated server may have a user of this name.
    fn is_of(self, found: &ConnectionText<'_>) -> bool {
        let own = self.credentials.username.as_str();
        let is_member = |user: &str| user == own || self.other.is_some_and(|other| other.as_str() == user);
        let are_members = found.users().all(|user| user.is_some_and(|user| is_member(&user)));
        let has_users = found.users().next().is_some();
        let elsewhere = |host: &str| found.names_host(host) == Some(false);
        let is_here = has_users && !self.login.endpoints().all(|own| elsewhere(own.host.as_str()));
        are_members && (is_here || self.has_password(found))
    }

    /// Whether a connection has a password, and every password of it is the owner's.
    fn has_password(self, found: &ConnectionText<'_>) -> bool {
        found.passwords().next().is_some() && found.passwords().all(|password| self.is_own(password))
    }

    fn is_own(self, password: Option<Zeroizing<String>>) -> bool {
        password.is_some_and(|password| *password == self.credentials.password.expose())
    }

    /// What a text contains of the credentials.
    pub(crate) fn finds(self, text: &str) -> Option<Copied> {
        let own = self.credentials.password.expose();
        if let Some(found) = ConnectionText::parse(text).filter(|found| self.is_of(found)) {
            found.passwords().next()?;
            return Some(if self.has_password(&found) { Copied::Password } else { Copied::Outdated });
        }
        let is_within = own.len() >= TELLING && text.contains(own);
        (is_within || text == own).then_some(Copied::Password)
    }

    /// The other fields of a document that contain these credentials or outdated ones, and are not among the
    /// fields that are rewritten.
    pub(crate) fn copies(
        self,
        document: &SecretDocument,
        rewritten: &RewriteFields,
    ) -> Vec<(String, Copied)> {
        let is_other = |name: &&str| !OWN.contains(name) && !READ.contains(name);
        let found = document.names().filter(is_other).filter_map(|name| {
            let value = Wiped(document.get(name)?);
            // A listed field that is not text makes createSecret fail, so report it before.
            let follows = rewritten.has(name) && value.0.is_string();
            self.within(&value.0).filter(|_| !follows).map(|copied| (shown(name), copied))
        });
        found.collect()
    }

    fn within(self, value: &Value) -> Option<Copied> {
        let nested = |found: Copied| if found == Copied::Password { Copied::Nested } else { found };
        match value {
            Value::String(text) => self.finds(text),
            Value::Array(values) => values.iter().find_map(|value| self.within(value)).map(nested),
            Value::Object(fields) => fields.values().find_map(|value| self.within(value)).map(nested),
            _ => None,
        }
    }
}

/// A value of a secret. It is cleared from memory when it is dropped.
struct Wiped(Value);

impl Drop for Wiped {
    fn drop(&mut self) {
        wipe(&mut self.0);
    }
}

fn wipe(value: &mut Value) {
    match value {
        Value::String(text) => text.zeroize(),
        Value::Array(values) => values.iter_mut().for_each(wipe),
        Value::Object(fields) => fields.values_mut().for_each(wipe),
        _ => {}
    }
}

/// For people: the stale copies that this rotation leaves in a document after it changes the password of
/// `from` to that of `to`.
pub(crate) fn notes(
    document: &SecretDocument,
    from: Owner<'_>,
    to: Owner<'_>,
    rewritten: &RewriteFields,
) -> Vec<String> {
    let mut stale: Vec<_> = from.copies(document, rewritten).into_iter().map(|(field, _)| field).collect();
    let of_next = to.copies(document, rewritten).into_iter();
    stale.extend(of_next.filter(|(_, held)| *held == Copied::Outdated).map(|(field, _)| field));
    stale.sort();
    stale.dedup();
    let note = |field| {
        format!("the field {field} holds another password than `password` from now on (REWRITE_FIELDS)")
    };
    stale.iter().map(note).collect()
}

fn shown(name: &str) -> String {
    name.escape_debug().take(MOST_SHOWN).collect()
}
