//! A statement with its kind.

use std::fmt;

use zeroize::Zeroizing;

/// A statement with its kind, by which errors name it.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Statement {
    /// What it is, for people: `alter user`. Never its text.
    pub(crate) kind: &'static str,
    /// Its text, which may hold a password.
    pub(crate) sql: Zeroizing<String>,
    /// Whether the text may be shown to a person who is to run it.
    pub(crate) may_be_shown: bool,
}

impl Statement {
    /// A statement without a secret.
    pub(crate) fn new(kind: &'static str, sql: impl Into<String>) -> Self {
        Self { kind, sql: Zeroizing::new(sql.into()), may_be_shown: true }
    }

    /// A statement with a password or a hash in it.
    pub(crate) fn secret(kind: &'static str, sql: Zeroizing<String>) -> Self {
        Self { kind, sql, may_be_shown: false }
    }
}

impl fmt::Debug for Statement {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Statement").field("kind", &self.kind).finish_non_exhaustive()
    }
}
