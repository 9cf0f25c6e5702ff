//! The statements that a change would run, listed without running them.

use std::fmt;

/// The replacement for a password, a verifier, a hash or a value of unknown meaning in the text of a
/// statement.
pub const ELIDED: &str = "...";

/// The statements by which a [`Change`](super::Change) would be made, in order.
///
/// Statements that only read, and those around the others (transactions, savepoints, time limits), are not
/// included.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Plan {
    /// The statements.
    pub statements: Vec<PlannedStatement>,
    /// For people: what was found and would not be changed; lower-case sentences without values.
    pub notes: Vec<String>,
    /// The statements that would give the session's user the privileges that the change needs and that the
    /// user visibly lacks, for an administrator to run. Empty for an engine whose catalogue does not show
    /// them.
    pub lacking: Vec<String>,
    /// Whether the change is certain to fail because of the missing privileges: the server lists each
    /// privilege. Otherwise the list shows only what roles and grants reveal, and the server may permit more.
    pub is_lacking_certain: bool,
}

impl Plan {
    /// The drift of the clone from the original: the statements that would reconcile it. Empty where the two
    /// are equal.
    pub fn drift(&self) -> impl Iterator<Item = &PlannedStatement> {
        self.statements.iter().filter(|statement| statement.purpose == Purpose::Equality)
    }
}

/// One statement of a plan.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PlannedStatement {
    /// The kind of the statement, for people: `alter role`. Errors use the same name.
    pub kind: &'static str,
    /// Its text as the server would get it, with [`ELIDED`] in place of whatever must not be shown.
    pub text: String,
    /// The purpose of the statement.
    pub purpose: Purpose,
    /// Whether it would certainly be run.
    pub necessity: Necessity,
}

/// The purpose of a statement.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// It reconciles the clone with the original, or creates it; in engines that create a user in one
    /// statement, together with its password.
    Equality,
    /// It only sets the new password.
    Password,
}

/// Whether a statement would be run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Necessity {
    /// Always; where the server refuses it, the change fails.
    Always,
    /// Always; where the server refuses it, the change continues and a note reports that.
    Attempt,
    /// Only where the server refuses the one before it.
    Otherwise,
}

impl fmt::Display for PlannedStatement {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)?;
        f.write_str(match self.necessity {
            Necessity::Always => "",
            Necessity::Attempt => "  (continues without it where the server refuses it)",
            Necessity::Otherwise => "  (only where the server refuses the one before)",
        })
    }
}
