//! The statements that are sent to a server.

use std::fmt;

use rotation_database::{ELIDED, Necessity, PlannedStatement, Purpose};

/// A statement with its kind, by which errors name it.
#[derive(Clone, PartialEq, Eq)]
pub struct Statement {
    /// What it does, for messages: `alter role`. Never its text.
    pub kind: &'static str,
    /// Its text. `Debug` does not show it, as it may hold a verifier.
    pub sql: String,
    /// Its text for messages, where that differs.
    shown: Option<String>,
}

impl Statement {
    /// The kind of the statement that begins a transaction in read-write mode. A standby refuses it with a
    /// code that has another meaning elsewhere.
    pub const BEGIN: &'static str = "begin";
    /// The kind of the first request of a session. A pooler may let a client in and have no server behind it.
    pub const PROBE: &'static str = "probe";
    /// The kind of a statement that creates a role: a name that is taken means that another session was
    /// faster.
    pub const CREATE_ROLE: &'static str = "create role";
    /// The kind of a statement that sets a password: here, codes that are defects elsewhere report the
    /// server's policy.
    pub const SET_PASSWORD: &'static str = "set password";

    /// A statement of this kind.
    pub fn new(kind: &'static str, sql: impl Into<String>) -> Self {
        Self { kind, sql: sql.into(), shown: None }
    }

    /// A statement whose text ends in a secret.
    pub fn ending_in_secret(kind: &'static str, beginning: &str, secret: &str) -> Self {
        let shown = Some(format!("{beginning}'{ELIDED}'"));
        Self { kind, sql: format!("{beginning}{secret}"), shown }
    }

    /// The statement as a part of a plan.
    pub fn planned(&self, purpose: Purpose, necessity: Necessity) -> PlannedStatement {
        let text = self.shown.as_ref().unwrap_or(&self.sql).clone();
        PlannedStatement { kind: self.kind, text, purpose, necessity }
    }
}

impl fmt::Debug for Statement {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Statement").field("kind", &self.kind).finish_non_exhaustive()
    }
}
