//! What distinguishes DocumentDB from the other engines, as data.

use rotation_core::PasswordRule;
use rotation_database::{EngineProfile, NameLimit, Remedies, StatementRule};

use crate::test_command;

/// Where users are defined unless a secret names another database.
pub(crate) const DEFAULT_HOME: &str = "admin";

/// Limits of DocumentDB ("Quotas and limits") for passwords: 8 to 100 printable ASCII characters without `/`,
/// `"` and `@`. Names have no limit in MongoDB; this one keeps messages small. The default exclusions are
/// those of AWS's template.
pub(crate) const PROFILE: EngineProfile = EngineProfile {
    name: "DocumentDB",
    id: "docdb",
    engines: &["mongo", "docdb", "documentdb"],
    engines_text: "mongo, docdb or documentdb",
    default_port: 27017,
    default_database: Some(DEFAULT_HOME),
    home_field: Some("authdb"),
    set_field: Some("replicaSet"),
    probe: r#"{"connectionStatus":1}"#,
    test_query: StatementRule { text: test_command::RULE, admits: test_command::admits },
    clone_suffix: "_clone",
    name_limit: NameLimit::Bytes(512),
    reserved_users: &["serviceadmin", "rdsadmin", "__system"],
    password_rule: PasswordRule {
        shortest: 8,
        longest: 100,
        forbidden: "/\"@ ",
        required: &[],
        default_exclusions: "/@\"'\\",
    },
    remedies: &REMEDIES,
};

/// The parts of hints that are particular to DocumentDB and MongoDB.
const REMEDIES: Remedies = Remedies {
    set_password: "db.updateUser(\"USER\", {pwd: passwordPrompt()}) in mongosh",
    unlock: "nothing: these servers lock no user",
    prolong: "nothing: these servers let no user expire",
    access_rules: "the user's authenticationRestrictions",
    authentication: "Give the user SCRAM-SHA-256 or SCRAM-SHA-1: db.updateUser(\"USER\", {pwd: \
        passwordPrompt(), mechanisms: [\"SCRAM-SHA-256\"]}) in mongosh. A password is never sent in \
        cleartext.",
    make_clone: "give it exactly the roles that the original has (grantRolesToUser, revokeRolesFromUser)",
    oldest: "Upgrade the server: MongoDB 3.6 and DocumentDB 3.6 are the oldest that can be rotated.",
    also_refused: "The server gives the same answer for a user that does not exist, and for one that is \
        defined in another database: create the user, or name its database in `authdb` of the secret.",
};
