//! The mark in a clone's `customData`: the user that it is a clone of, the secret that the pair belongs to,
//! and the roles that both users had after the last rotation.
//!
//! ```text
//! customData: { …, secretRotation: { cloneOf: { user, db }, secret: "123456789012:shop",
//!                                   roles: [ { role, db }, … ] } }
//! ```
//!
//! A user can write its own `customData` only with the action `changeOwnCustomData`, which no built-in role
//! grants for it.

use std::collections::BTreeSet;

use rotation_database::{Mark, SecretIdentity, UserPair};

use crate::{
    document::{Document, Reader, Value},
    role::{Role, roles},
};

/// The function's key in `customData`.
pub(crate) const MARKER: &str = "secretRotation";

/// The content of a mark.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct CloneMark {
    /// Account and name of the secret; absent in marks of a former version.
    secret: Option<String>,
    /// The roles that both users had after the last rotation; absent likewise.
    pub(crate) roles: Option<BTreeSet<Role>>,
}

impl CloneMark {
    /// Parses the mark in this `customData`, where it is that of a clone of this user.
    pub(crate) fn of_clone(data: Reader<'_>, original: &str, home: &str) -> Option<Self> {
        let mark = data.get(MARKER).and_then(Value::as_document)?;
        let origin = mark.get("cloneOf").and_then(Value::as_document)?;
        let ours = origin.text("user") == Some(original) && origin.text("db") == Some(home);
        ours.then(|| Self {
            secret: mark.text("secret").map(str::to_owned),
            roles: mark.get("roles").and_then(roles),
        })
    }

    /// The secret that it names.
    pub(crate) fn secret(&self) -> Option<&str> {
        self.secret.as_deref()
    }

    /// In the form of the rule for all engines.
    pub(crate) fn as_mark(this: Option<&Self>) -> Mark<'_> {
        match this {
            None => Mark::None,
            Some(mark) => mark.secret().map_or(Mark::Unnamed, Mark::Of),
        }
    }
}

/// The mark as it is written, under [`MARKER`].
pub(crate) fn document(
    pair: &UserPair,
    home: &str,
    secret: &SecretIdentity,
    both: &BTreeSet<Role>,
) -> Document {
    let origin = Document::new().text("user", pair.original.as_str()).text("db", home);
    Document::new()
        .document("cloneOf", &origin)
        .text("secret", secret.as_str())
        .documents("roles", both.iter().map(Role::document))
}
