//! What a change would run, said without running it.

use std::fmt;

/// What stands in the text of a statement where a password, a verifier, a hash or a value of unknown meaning
/// does.
pub const ELIDED: &str = "...";

/// The statements by which a [`Change`](super::Change) would be made, in their order.
///
/// Those that only read, and the brackets around the others (transactions, savepoints, time limits), are not
/// in it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Plan {
    /// The statements.
    pub statements: Vec<PlannedStatement>,
    /// For people: what was found and would not be changed; lower-case sentences without values.
    pub notes: Vec<String>,
    /// What would give the session's user the privileges that the change needs and that it is seen to lack,
    /// for an administrator to run. An engine whose catalogue does not tell leaves it empty.
    pub lacking: Vec<String>,
    /// Whether the change is certain to fail by what is lacking: the server tells each privilege. Otherwise
    /// it is what is seen of roles and grants, and the server may permit more.
    pub is_lacking_certain: bool,
}

impl Plan {
    /// What the clone has other than the original: the statements that would bring it to equal. None where
    /// the two are as they should be.
    pub fn drift(&self) -> impl Iterator<Item = &PlannedStatement> {
        self.statements.iter().filter(|statement| statement.purpose == Purpose::Equality)
    }
}

/// One statement of a plan.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PlannedStatement {
    /// What it is, for people: `alter role`. Errors name it by the same word.
    pub kind: &'static str,
    /// Its text as the server would get it, with [`ELIDED`] in the place of whatever must not be seen.
    pub text: String,
    /// What it is for.
    pub purpose: Purpose,
    /// Whether it would be run in any case.
    pub necessity: Necessity,
}

/// What a statement is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// It brings the clone to equal the original, or makes it; in engines that make a user in one breath,
    /// with its password.
    Equality,
    /// It sets the new password and nothing else.
    Password,
}

/// Whether a statement would be run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Necessity {
    /// Always; where the server refuses it, the change fails.
    Always,
    /// Always; where the server refuses it, the change goes on and a note says so.
    Attempt,
    /// Only where the server refuses the one before it.
    Otherwise,
}

impl fmt::Display for PlannedStatement {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)?;
        f.write_str(match self.necessity {
            Necessity::Always => "",
            Necessity::Attempt => "  (goes on without it where the server refuses it)",
            Necessity::Otherwise => "  (only where the server refuses the one before)",
        })
    }
}
