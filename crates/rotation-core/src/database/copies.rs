//! Copies of a secret's credentials in fields of its own that applications read: a URL, a connection string.
//!
//! A rotation changes `username` and `password`. A copy in another field goes stale by that, unless it is a field that is
//! to be rewritten.

use serde_json::Value;
use zeroize::Zeroizing;

use super::{Credentials, Username, connection_text::ConnectionText};
use crate::document::{DocumentError, SecretDocument};

/// A shorter password may stand in a text by chance.
const TELLING: usize = 8;
/// As much of a name as is shown, in characters.
const MOST_SHOWN: usize = 64;
/// What is no copy but the thing itself.
const OWN: [&str; 2] = ["username", "password"];
/// What a rotation reads, and must find as it was.
const READ: [&str; 7] = ["engine", "host", "port", "dbname", "authdb", "ssl", "masterarn"];

/// The fields whose URLs and connection strings follow the credentials.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RewriteFields(Vec<String>);

/// Whose credentials a secret holds, and who else they may be of: the other user of its pair.
#[derive(Clone, Copy)]
pub(crate) struct Owner<'a> {
    pub(crate) credentials: &'a Credentials,
    pub(crate) other: Option<&'a Username>,
}

/// What a text holds of someone's credentials.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Held {
    /// The password.
    Password,
    /// The user, with another password.
    OtherPassword,
}

impl RewriteFields {
    /// Reads names with commas between them.
    ///
    /// # Errors
    /// What the list must be.
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

    /// The document with the credentials `to` wherever one of these fields has those of `from` or of its pair. A field that
    /// is missing, or has no credentials, stays as it is.
    ///
    /// # Errors
    /// [`DocumentError::NotRewritable`] where a field has the password in a form that is not known.
    pub(crate) fn rewrite(
        &self,
        mut document: SecretDocument,
        from: Owner<'_>,
        to: &Credentials,
    ) -> Result<SecretDocument, DocumentError> {
        for field in &self.0 {
            let Some(Value::String(text)) = document.get(field) else { continue };
            let text = Zeroizing::new(text);
            let (user, password) = (to.username.as_str(), to.password.expose());
            if *text == from.credentials.password.expose() {
                document = document.with_text(field, password);
            } else if let Some(found) = ConnectionText::parse(&text).filter(|found| from.is_of(found)) {
                document = document.with_text(field, &found.replaced(user, password));
            } else if from.finds(&text) == Some(Held::Password) {
                return Err(DocumentError::NotRewritable { field: shown(field) });
            }
        }
        Ok(document)
    }

    fn has(&self, name: &str) -> bool {
        self.0.iter().any(|field| field == name)
    }
}

impl Owner<'_> {
    /// Whether the users and passwords of a connection are of this owner.
    fn is_of(self, found: &ConnectionText<'_>) -> bool {
        let own = self.credentials.username.as_str();
        let is_member = |user: &str| user == own || self.other.is_some_and(|other| other.as_str() == user);
        let mut users = found.users().peekable();
        if users.peek().is_some() {
            return users.all(|user| user.is_some_and(|user| is_member(&user)));
        }
        let mut passwords = found.passwords().peekable();
        passwords.peek().is_some() && passwords.all(|password| self.is_own(password))
    }

    fn is_own(self, password: Option<Zeroizing<String>>) -> bool {
        password.is_some_and(|password| *password == self.credentials.password.expose())
    }

    /// What a text holds of the credentials.
    pub(crate) fn finds(self, text: &str) -> Option<Held> {
        let own = self.credentials.password.expose();
        if let Some(found) = ConnectionText::parse(text).filter(|found| self.is_of(found)) {
            let mut passwords = found.passwords().map(|password| self.is_own(password)).peekable();
            passwords.peek()?;
            return Some(if passwords.all(|is_own| is_own) { Held::Password } else { Held::OtherPassword });
        }
        let is_within = own.len() >= TELLING && text.contains(own);
        (is_within || text == own).then_some(Held::Password)
    }

    /// The other fields of a document that hold these credentials or outdated ones, and are not among those that are
    /// rewritten.
    pub(crate) fn copies(self, document: &SecretDocument, rewritten: &RewriteFields) -> Vec<(String, Held)> {
        let is_other = |name: &&str| !OWN.contains(name) && !READ.contains(name) && !rewritten.has(name);
        let others = document.names().filter(is_other);
        let found = others.filter_map(|name| Some((shown(name), self.within(&document.get(name)?)?)));
        found.collect()
    }

    fn within(self, value: &Value) -> Option<Held> {
        match value {
            Value::String(text) => self.finds(text),
            Value::Array(values) => values.iter().find_map(|value| self.within(value)),
            Value::Object(fields) => fields.values().find_map(|value| self.within(value)),
            _ => None,
        }
    }
}

/// For people: what this rotation leaves behind in a document, whose password was `from`'s and is `to`'s.
pub(crate) fn notes(
    document: &SecretDocument,
    from: Owner<'_>,
    to: Owner<'_>,
    rewritten: &RewriteFields,
) -> Vec<String> {
    let mut stale: Vec<_> = from.copies(document, rewritten).into_iter().map(|(field, _)| field).collect();
    let of_next = to.copies(document, rewritten).into_iter();
    stale.extend(of_next.filter(|(_, held)| *held == Held::OtherPassword).map(|(field, _)| field));
    stale.sort();
    stale.dedup();
    stale.iter().map(|field| format!("the field {field} holds another password than `password` from now on; REWRITE_FIELDS={field} lets it follow")).collect()
}

fn shown(name: &str) -> String {
    name.escape_debug().take(MOST_SHOWN).collect()
}
