//! What distinguishes Redis and Valkey from databases, as data.

use rotation_core::PasswordRule;
use rotation_database::{EngineProfile, NameLimit, Remedies, StatementRule};

/// ElastiCache takes passwords of 16 to 128 characters ("Applying RBAC to a user group"), and of punctuation
/// in an AUTH token only `! & # $ ^ < > -` ("Authenticating with AUTH"). The defaults suit both.
pub(crate) const PASSWORDS: PasswordRule = PasswordRule {
    shortest: 16,
    longest: 128,
    forbidden: " ",
    required: &[],
    default_exclusions: "\"%'()*+,./:;=?@[\\]_`{|}~",
};

/// A test query has no place here: what a user may do is a matter of its rules.
fn admits_none(_: &str) -> bool {
    false
}

/// Servers of one's own.
pub(crate) const PROFILE: EngineProfile = EngineProfile {
    name: "Valkey",
    id: "valkey",
    engines: &["valkey", "redis"],
    engines_text: "valkey or redis",
    default_port: 6379,
    default_database: None,
    home_field: None,
    set_field: None,
    probe: "ACL WHOAMI",
    test_query: StatementRule { text: "absent: the login is the proof", admits: admits_none },
    clone_suffix: "_clone",
    name_limit: NameLimit::Bytes(128),
    reserved_users: &[],
    password_rule: PASSWORDS,
    remedies: &REMEDIES,
};

/// The parts of hints that are particular to these servers.
pub(crate) const REMEDIES: Remedies = Remedies {
    set_password: "ACL SETUSER USER \">PASSWORD\", then ACL SAVE",
    unlock: "ACL SETUSER USER on, then ACL SAVE",
    prolong: "nothing: these servers let no user expire",
    access_rules: "`bind` and `protected-mode`",
    authentication: "Let the user log in by a password: ACL SETUSER USER \">PASSWORD\".",
    make_clone: "give it the same rules",
    oldest: "Upgrade the server: Redis 6.0 is the oldest that can be rotated.",
    also_refused: "The server gives the same answer for a user that does not exist, and for one that is off.",
};
