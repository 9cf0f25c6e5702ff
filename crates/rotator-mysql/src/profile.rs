//! What distinguishes MySQL and MariaDB from the other engines, as data.

use rotation_core::PasswordRule;
use rotation_database::{EngineProfile, StatementRule};

use crate::flavor::{Flavor, MySqlFlavor};

/// The profile of MySQL, by which a session reads what both flavors have in common.
pub(crate) const MYSQL: EngineProfile = profile::<MySqlFlavor>();

/// The profile of a flavor.
pub(crate) const fn profile<F: Flavor>() -> EngineProfile {
    EngineProfile {
        name: F::NAME,
        id: F::ID,
        engines: F::ENGINES,
        engines_text: F::ENGINES_TEXT,
        default_port: 3306,
        default_database: None,
        home_field: None,
        set_field: None,
        // An answer that only the server has, and the account that the session was matched with.
        probe: "SELECT NOW(), CURRENT_USER()",
        test_query: StatementRule::SQL,
        clone_suffix: "_clone",
        name_limit: F::NAME_LIMIT,
        reserved_users: RESERVED,
        password_rule: PASSWORD_RULE,
        remedies: F::REMEDIES,
    }
}

/// A password that every authentication plugin accepts: the longest of `caching_sha2_password` has 256 bytes.
/// RDS's own API accepts master passwords of 8 to 41 characters, but does not see what is set here; the
/// default length fits it. The default exclusions are those of AWS's template.
const PASSWORD_RULE: PasswordRule = PasswordRule {
    shortest: 8,
    longest: 128,
    forbidden: "/\"@ ",
    required: &[],
    default_exclusions: "/@\"'\\",
};

/// The users of the servers themselves and of RDS.
const RESERVED: &[&str] = &[
    "root",
    "mysql",
    "mysql.sys",
    "mysql.session",
    "mysql.infoschema",
    "mariadb.sys",
    "rdsadmin",
    "rdsrepladmin",
    "rdsproxyadmin",
    "rdstopmgr",
    "rds_superuser_role",
];
