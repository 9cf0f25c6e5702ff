//! What distinguishes PostgreSQL from the other engines, as data.

use rotation_core::PasswordRule;
use rotation_database::{EngineProfile, NameLimit, Remedies, StatementRule};

/// Limits of RDS for PostgreSQL ("Constraints for master passwords") and of PostgreSQL itself
/// (`NAMEDATALEN` less one). The default exclusions are those of AWS's template.
pub(crate) const PROFILE: EngineProfile = EngineProfile {
    name: "PostgreSQL",
    id: "postgres",
    engines: &["postgres", "aurora-postgresql"],
    engines_text: "postgres or aurora-postgresql",
    default_port: 5432,
    default_database: Some("postgres"),
    home_field: None,
    set_field: None,
    probe: "SELECT pg_catalog.now()",
    test_query: StatementRule::SQL,
    clone_suffix: "_clone",
    name_limit: NameLimit::Bytes(63),
    reserved_users: &[
        "rdsadmin",
        "rdsrepladmin",
        "rdstopmgr",
        "rdswriteforwarduser",
        "rdsproxyadmin",
        "rds_superuser",
    ],
    password_rule: PasswordRule {
        shortest: 8,
        longest: 128,
        forbidden: "/\"@ ",
        required: &[],
        default_exclusions: ":/@\"'\\",
    },
    remedies: &REMEDIES,
};

/// The parts of hints that are particular to PostgreSQL.
const REMEDIES: Remedies = Remedies {
    set_password: "\\password \"USER\" in psql",
    unlock: "ALTER ROLE \"USER\" LOGIN",
    prolong: "ALTER ROLE \"USER\" VALID UNTIL 'infinity'",
    access_rules: "pg_hba.conf; on RDS the parameter rds.force_ssl",
    authentication: "Let the server ask for SCRAM (or md5 over TLS); a password is never sent in cleartext. \
        On RDS a member of rds_iam is asked for a token instead: REVOKE rds_iam FROM \"USER\".",
    make_clone: "run GRANT \"USER\" TO \"USER_clone\"",
    oldest: "Upgrade the server.",
    also_refused: "PostgreSQL gives the same answer for a user past its VALID UNTIL.",
};
