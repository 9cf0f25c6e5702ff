//! Roles as documents name them.

use std::{collections::BTreeSet, fmt};

use crate::document::{Document, Value};

/// A role in a database, built-in or custom.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Role {
    pub(crate) role: String,
    pub(crate) db: String,
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?} of {:?}", self.role, self.db)
    }
}

impl Role {
    pub(crate) fn document(&self) -> Document {
        Document::new().text("role", &self.role).text("db", &self.db)
    }
}

/// A list of roles; `None` where one of them cannot be parsed.
pub(crate) fn roles(list: Value<'_>) -> Option<BTreeSet<Role>> {
    let role = |value: Value<'_>| {
        let role = value.as_document()?;
        Some(Role { role: role.text("role")?.to_owned(), db: role.text("db")?.to_owned() })
    };
    list.as_array()?.into_iter().map(role).collect()
}
