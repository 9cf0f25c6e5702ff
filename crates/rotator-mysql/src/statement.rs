//! A statement with its kind.

use std::fmt;

use rotation_database::{ELIDED, Necessity, PlannedStatement, Purpose};
use zeroize::Zeroizing;

use crate::quote::literal;

/// A statement with its kind, by which errors name it.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Statement {
    /// What it does, for messages: `alter user`. Never its text.
    pub(crate) kind: &'static str,
    /// Its text, which may hold a password.
    pub(crate) sql: Zeroizing<String>,
    /// Its text for messages, where that differs.
    shown: Option<String>,
}

impl Statement {
    /// The kind of a session's first request, which a proxy may answer in place of the server.
    pub(crate) const PROBE: &'static str = "probe";

    /// A statement without a secret.
    pub(crate) fn new(kind: &'static str, sql: impl Into<String>) -> Self {
        Self { kind, sql: Zeroizing::new(sql.into()), shown: None }
    }

    /// What an operator who is to run it may see: all of it, or nothing.
    pub(crate) fn whole(&self) -> Option<&str> {
        self.shown.is_none().then_some(&self.sql)
    }

    /// The statement as a part of a plan.
    pub(crate) fn planned(&self, purpose: Purpose, necessity: Necessity) -> PlannedStatement {
        let text = self.shown.as_ref().unwrap_or(&self.sql).clone();
        PlannedStatement { kind: self.kind, text, purpose, necessity }
    }
}

impl fmt::Debug for Statement {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Statement").field("kind", &self.kind).finish_non_exhaustive()
    }
}

/// A text under construction that contains a secret, together with the same text without it.
pub(crate) struct Draft {
    sql: Zeroizing<String>,
    shown: String,
}

impl Draft {
    /// A text that begins with this.
    pub(crate) fn new(beginning: &str) -> Self {
        // With room, so that a password does not leave copies behind while the text grows.
        let mut sql = Zeroizing::new(String::with_capacity(4096));
        sql.push_str(beginning);
        Self { sql, shown: beginning.to_owned() }
    }

    /// Appends this.
    pub(crate) fn push(&mut self, text: &str) {
        self.sql.push_str(text);
        self.shown.push_str(text);
    }

    /// Appends a literal of this value, which is secret.
    pub(crate) fn push_secret(&mut self, value: &str) {
        self.push_either(&literal(value), &format!("'{ELIDED}'"));
    }

    /// Appends one text for the server and another for messages.
    pub(crate) fn push_either(&mut self, sql: &str, shown: &str) {
        self.sql.push_str(sql);
        self.shown.push_str(shown);
    }

    /// The statement.
    pub(crate) fn finish(self, kind: &'static str) -> Statement {
        let shown = (self.shown != *self.sql).then_some(self.shown);
        Statement { kind, sql: self.sql, shown }
    }
}
