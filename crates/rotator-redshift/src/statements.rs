//! Statements as pure functions of their subject. Each names the page of the "Amazon Redshift Database
//! Developer Guide" that permits it.

use std::time::Duration;

use postgres_session::Statement;
use rotation_database::StatementError;

use crate::{
    profile::PROFILE,
    quote::{literals, quote_identifier},
};

/// Begins the transaction that everything happens in ("BEGIN", "SET", `search_path`,
/// `enable_case_sensitive_identifier`, `statement_timeout`, "datestyle", "timezone").
///
/// The owner of the database may create objects in it that are named like those of the catalog, so names are
/// looked up in the catalog alone. There is no separate limit for a lock; the one for the statement covers
/// it.
pub(crate) fn begin(access: Access, time: Duration) -> Vec<Statement> {
    let settings = [
        "search_path TO pg_catalog".to_owned(),
        "enable_case_sensitive_identifier TO true".to_owned(),
        limit(time),
        "datestyle TO 'ISO'".to_owned(),
        "timezone TO 'UTC'".to_owned(),
    ];
    let settings = settings.iter().map(|setting| Statement::new("set", format!("SET LOCAL {setting}")));
    let begin = match access {
        Access::ReadOnly => "BEGIN READ ONLY",
        Access::ReadWrite => "BEGIN READ WRITE",
    };
    std::iter::once(Statement::new(Statement::BEGIN, begin)).chain(settings).collect()
}

/// Begins the transaction of a test query, with the settings that applications get ("BEGIN", "SET",
/// `statement_timeout`).
pub(crate) fn begin_proof(time: Duration) -> [Statement; 2] {
    let begin = Statement::new(Statement::BEGIN, "BEGIN READ ONLY");
    [begin, Statement::new("set", format!("SET LOCAL {}", limit(time)))]
}

/// The time that a statement may take of what is left.
fn limit(time: Duration) -> String {
    let time = u32::try_from(time.as_millis()).unwrap_or(u32::MAX / 16).min(u32::MAX / 16);
    format!("statement_timeout TO {}", (time - time / 10).max(1))
}

/// What a transaction may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Access {
    /// Read: for a plan.
    ReadOnly,
    /// Change.
    ReadWrite,
}

/// Commits ("COMMIT"). Afterwards every session sees the change.
pub(crate) fn commit() -> Statement {
    Statement::new("commit", "COMMIT")
}

/// Proves that the user can do work ("GETDATE function").
pub(crate) fn probe() -> Statement {
    Statement::new(Statement::PROBE, PROFILE.probe)
}

/// The session's own user as the catalog spells it, and whether it is past its validity (`PG_USER`,
/// `CURRENT_USER`).
pub(crate) fn read_own() -> Statement {
    Statement::new(
        "read own user",
        "SELECT u.usename, coalesce(u.valuntil <= getdate(), false) FROM pg_user u \
         WHERE u.usename = current_user",
    )
}

/// The groups of the session's own user, among which may be the mark of a pair (`PG_GROUP`).
pub(crate) fn read_own_groups() -> Statement {
    Statement::new(
        "read own groups",
        "SELECT g.groname FROM pg_group g JOIN pg_user u ON u.usesysid = ANY(g.grolist) \
         WHERE u.usename = current_user ORDER BY 1",
    )
}

/// Sets a password ("ALTER USER").
pub(crate) fn set_password(username: &str, quoted: &str) -> Statement {
    let user = quote_identifier(username);
    Statement::ending_in_secret(Statement::SET_PASSWORD, &format!("ALTER USER {user} PASSWORD "), quoted)
}

/// Reads both users of a pair from the catalog, in the order in which `Pair::parse` takes the answers.
pub(crate) fn read_pair(original: &str, clone: &str) -> Result<Vec<Statement>, StatementError> {
    let names = literals([original, clone])?;
    let mut statements = vec![read_users(&names), read_groups(&names), read_roles(&names)];
    statements.extend(read_owned(&names));
    statements.push(read_routines());
    statements.extend(read_privileges(&names));
    statements.push(read_default_privileges(&names));
    statements.extend(read_unclonable(&names));
    statements.push(Statement::new(
        "read databases",
        "SELECT d.datname FROM pg_database d WHERE d.datallowconn AND NOT d.datistemplate \
         AND d.datname <> current_database() AND d.datname NOT IN ('padb_harvest', 'sys:internal')",
    ));
    Ok(statements)
}

/// `PG_USER`, `SVV_USER_INFO`.
fn read_users(names: &str) -> Statement {
    Statement::new(
        "read users",
        format!(
            "SELECT u.usename, u.usename = current_user, u.usesuper, u.usecreatedb, u.valuntil, \
             coalesce(u.valuntil <= getdate(), false), u.useconfig, i.connection_limit, i.syslog_access, \
             i.session_timeout FROM pg_user u JOIN svv_user_info i ON i.user_id = u.usesysid \
             WHERE u.usename = current_user OR u.usename IN ({names})"
        ),
    )
}

/// `PG_GROUP`; the list of members is an array of user ids.
fn read_groups(names: &str) -> Statement {
    Statement::new(
        "read groups",
        format!(
            "SELECT g.groname, u.usename FROM pg_group g LEFT JOIN pg_user u \
             ON u.usesysid = ANY(g.grolist) AND u.usename IN ({names}) ORDER BY 1, 2"
        ),
    )
}

/// `SVV_USER_GRANTS`.
fn read_roles(names: &str) -> Statement {
    Statement::new(
        "read roles",
        format!(
            "SELECT r.user_name, r.role_name, r.admin_option FROM svv_user_grants r \
             WHERE r.user_name IN ({names}) ORDER BY 1, 2"
        ),
    )
}

/// What both own in this database (`PG_CLASS`, `PG_NAMESPACE`, `PG_DATABASE` of the system catalog tables).
fn read_owned(names: &str) -> [Statement; 2] {
    let relations = format!(
        "SELECT u.usename, n.nspname, c.relname, c.relkind FROM pg_class c \
         JOIN pg_namespace n ON n.oid = c.relnamespace JOIN pg_user u ON u.usesysid = c.relowner \
         WHERE c.relkind IN ('r', 'v') AND n.nspname NOT LIKE 'pg_temp%' AND u.usename IN ({names}) \
         ORDER BY 1, 2, 3"
    );
    let places = format!(
        "SELECT u.usename, n.nspname, 'schema' FROM pg_namespace n JOIN pg_user u ON u.usesysid = n.nspowner \
         WHERE n.nspname NOT LIKE 'pg_temp%' AND u.usename IN ({names}) \
         UNION ALL SELECT u.usename, d.datname, 'database' FROM pg_database d \
         JOIN pg_user u ON u.usesysid = d.datdba WHERE u.usename IN ({names}) ORDER BY 1, 3, 2"
    );
    [Statement::new("read owned relations", relations), Statement::new("read owned schemas", places)]
}

/// `PG_PROC_INFO`; the view of privileges does not distinguish functions from procedures.
fn read_routines() -> Statement {
    Statement::new(
        "read routines",
        "SELECT n.nspname, p.proname, oidvectortypes(p.proargtypes), p.prokind, u.usename FROM pg_proc_info \
         p JOIN pg_namespace n ON n.oid = p.pronamespace JOIN pg_user u ON u.usesysid = p.proowner \
         WHERE n.nspname NOT IN ('pg_catalog', 'information_schema', 'redshift') ORDER BY 1, 2, 3",
    )
}

/// `SVV_DATABASE_PRIVILEGES`, `SVV_SCHEMA_PRIVILEGES`, `SVV_RELATION_PRIVILEGES`, `SVV_FUNCTION_PRIVILEGES`,
/// `SVV_LANGUAGE_PRIVILEGES`: user, up to three parts of an object's name, privilege, grant option, scope.
fn read_privileges(names: &str) -> Vec<Statement> {
    const VIEWS: [(&str, &str, &str); 5] = [
        ("svv_database_privileges", "p.database_name, null, null", "p.privilege_scope"),
        ("svv_schema_privileges", "p.namespace_name, null, null", "p.privilege_scope"),
        ("svv_relation_privileges", "p.namespace_name, p.relation_name, null", "null"),
        ("svv_function_privileges", "p.namespace_name, p.function_name, p.argument_types", "null"),
        ("svv_language_privileges", "p.language_name, null, null", "null"),
    ];
    let read = |(view, place, scope): &(&str, &str, &str)| {
        let sql = format!(
            "SELECT p.identity_name, {place}, p.privilege_type, p.admin_option, {scope} FROM {view} p \
             WHERE p.identity_type = 'user' AND p.identity_name IN ({names}) ORDER BY 1, 2, 3, 4, 5"
        );
        Statement::new("read privileges", sql)
    };
    VIEWS.iter().map(read).collect()
}

/// `SVV_DEFAULT_PRIVILEGES`.
fn read_default_privileges(names: &str) -> Statement {
    Statement::new(
        "read default privileges",
        format!(
            "SELECT p.schema_name, p.object_type, p.owner_name, p.privilege_type, p.grantee_type, \
             p.grantee_name, p.admin_option FROM svv_default_privileges p WHERE p.owner_name IN ({names}) \
             OR p.grantee_name IN ({names}) ORDER BY 1, 2, 3, 4, 5, 6"
        ),
    )
}

/// What is compared and never granted: `SVV_COLUMN_PRIVILEGES`, `SVV_DATASHARE_PRIVILEGES`; and the external
/// schemas (`SVV_EXTERNAL_SCHEMAS`), on which "GRANT" may not run inside a transaction block.
fn read_unclonable(names: &str) -> [Statement; 2] {
    let rights = format!(
        "SELECT p.identity_name, p.privilege_type, p.namespace_name, p.relation_name, p.column_name \
         FROM svv_column_privileges p WHERE p.identity_type = 'user' AND p.identity_name IN ({names}) \
         UNION ALL SELECT p.identity_name, p.privilege_type, p.datashare_name, null, null \
         FROM svv_datashare_privileges p WHERE p.identity_type = 'user' AND p.identity_name IN ({names}) \
         ORDER BY 1, 2, 3, 4, 5"
    );
    [
        Statement::new("read other privileges", rights),
        Statement::new("read external schemas", "SELECT e.schemaname FROM svv_external_schemas e"),
    ]
}
