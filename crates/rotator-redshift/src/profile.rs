//! What distinguishes Redshift from the other engines, as data.

use rotation_core::{CharacterClass, PasswordRule};
use rotation_database::{EngineProfile, NameLimit, Remedies, StatementRule};

/// "CREATE USER" (passwords), "Names and identifiers" (127 bytes), and AWS's template (port, database,
/// exclusions).
pub(crate) const PROFILE: EngineProfile = EngineProfile {
    name: "Redshift",
    id: "redshift",
    engines: &["redshift", "redshift-serverless"],
    engines_text: "redshift or redshift-serverless",
    default_port: 5439,
    default_database: Some("dev"),
    home_field: None,
    set_field: None,
    probe: "SELECT getdate()",
    test_query: StatementRule::SQL,
    clone_suffix: "_clone",
    name_limit: NameLimit::Bytes(127),
    reserved_users: &["rdsdb", "public"],
    password_rule: PasswordRule {
        shortest: 8,
        longest: 64,
        forbidden: "'\"\\/@ ",
        required: &[CharacterClass::Uppercase, CharacterClass::Lowercase, CharacterClass::Digit],
        default_exclusions: ":/@\"'\\",
    },
    remedies: &REMEDIES,
};

/// The parts of hints that are particular to Redshift.
const REMEDIES: Remedies = Remedies {
    set_password: "ALTER USER \"USER\" PASSWORD 'PASSWORD'",
    unlock: "ALTER USER \"USER\" PASSWORD 'PASSWORD', which ends PASSWORD DISABLE",
    prolong: "ALTER USER \"USER\" VALID UNTIL 'infinity'",
    access_rules: "the parameter require_ssl and the network settings of the cluster or workgroup",
    authentication: "Let the server ask for md5 or sha256 over TLS; a password is never sent in cleartext.",
    make_clone: "grant it exactly what the original has",
    oldest: "Upgrade the cluster.",
    also_refused: "Redshift gives the same answer for a user past its VALID UNTIL: ALTER USER \"USER\" VALID \
        UNTIL 'infinity'.",
};
