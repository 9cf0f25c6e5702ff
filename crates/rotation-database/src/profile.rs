//! What tells one engine from another, in data.

use rotation_core::PasswordRule;

use crate::{Remedies, StatementRule};

/// What the core must know about an engine.
#[derive(Clone, Copy, Debug)]
pub struct EngineProfile {
    /// For people: `PostgreSQL`.
    pub name: &'static str,
    /// The identifier, in metrics, log lines and parameters: `postgres`.
    pub id: &'static str,
    /// Values of the secret's `engine` that this function takes.
    pub engines: &'static [&'static str],
    /// The same, for an error message.
    pub engines_text: &'static str,
    /// Where `port` is absent.
    pub default_port: u16,
    /// Where `dbname` is absent.
    pub default_database: Option<&'static str>,
    /// The field of a secret that says in which database its user is defined, for engines whose users belong
    /// to databases; where the field is absent, the database that is opened.
    pub home_field: Option<&'static str>,
    /// The field of a secret that names the replica set, for engines that have them: `host` of theirs may
    /// list members.
    pub set_field: Option<&'static str>,
    /// What proves that a user can do work, as the server gets it.
    pub probe: &'static str,
    /// Which statements of an operator's own it takes for a proof beside that.
    pub test_statement: StatementRule,
    /// What the name of the second user ends in.
    pub clone_suffix: &'static str,
    /// The longest user name.
    pub name_limit: NameLimit,
    /// Names that are never rotated by alternating users: the service's own.
    pub reserved_users: &'static [&'static str],
    /// What the engine demands of passwords.
    pub password_rule: PasswordRule,
    /// What hints say in the engine's own words.
    pub remedies: &'static Remedies,
}

/// How an engine counts the length of a name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NameLimit {
    /// At most so many bytes of UTF-8.
    Bytes(usize),
    /// At most so many characters.
    Characters(usize),
}

impl NameLimit {
    /// Whether the name is short enough to be kept whole.
    pub fn admits(self, name: &str) -> bool {
        match self {
            Self::Bytes(limit) => name.len() <= limit,
            Self::Characters(limit) => name.chars().count() <= limit,
        }
    }
}
