//! The differences between engines, as data.

use rotation_core::PasswordRule;

use crate::{Remedies, StatementRule};

/// What the core must know about an engine.
#[derive(Clone, Copy, Debug)]
pub struct EngineProfile {
    /// For people: `PostgreSQL`.
    pub name: &'static str,
    /// The identifier in metrics, log lines and parameters: `postgres`.
    pub id: &'static str,
    /// Values of the secret's `engine` that this function accepts.
    pub engines: &'static [&'static str],
    /// The same, for an error message.
    pub engines_text: &'static str,
    /// The port where `port` is absent.
    pub default_port: u16,
    /// The database where `dbname` is absent.
    pub default_database: Option<&'static str>,
    /// The field of a secret that names the database in which its user is defined, for engines whose users
    /// belong to databases. Where the field is absent, it is the database that is opened.
    pub home_field: Option<&'static str>,
    /// The field of a secret that names the replica set, for engines that have replica sets: their `host` may
    /// list members.
    pub set_field: Option<&'static str>,
    /// The test query, which shows that a user can do work, as the server gets it.
    pub probe: &'static str,
    /// Which test queries of an operator it accepts in addition to that query.
    pub test_query: StatementRule,
    /// The suffix of the second user's name.
    pub clone_suffix: &'static str,
    /// The longest user name.
    pub name_limit: NameLimit,
    /// Names that alternating users never rotates: the service's own users.
    pub reserved_users: &'static [&'static str],
    /// What the engine requires of passwords.
    pub password_rule: PasswordRule,
    /// The engine's texts for hints.
    pub remedies: &'static Remedies,
}

/// How an engine counts the length of a name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NameLimit {
    /// At most this many bytes of UTF-8.
    Bytes(usize),
    /// At most this many characters.
    Characters(usize),
}

impl NameLimit {
    /// Whether the name is short enough not to be truncated.
    pub fn admits(self, name: &str) -> bool {
        match self {
            Self::Bytes(limit) => name.len() <= limit,
            Self::Characters(limit) => name.chars().count() <= limit,
        }
    }
}
