//! Statements as pure functions of their subject.

use std::time::Duration;

use postgres_session::{Statement, Verifier, quote_identifier, quote_literal};
use ring::digest::{SHA256, digest};
use rotation_database::{UserPair, Username};

use crate::profile::PROFILE;

/// Begins the transaction that everything happens in.
///
/// Users, and the owner of the database, choose settings that take effect when the function logs in. So names
/// are looked up in the system catalog alone (otherwise a function of theirs could run with a master's
/// privileges), and a role that they chose is left. Settings that would change what is written, or end the
/// session early, are pinned: a transaction's time limit is lifted, an error ends a statement and not the
/// session, a commit waits until it is durable, and a new role grants its creator no privileges. The timeouts
/// end before the deadline; a session that was frozen in the transaction releases its locks.
pub(crate) fn begin(time: Duration, major: u32) -> [Statement; 2] {
    let grants = if major >= 16 { "SET LOCAL createrole_self_grant = ''; " } else { "" };
    let settings = format!(
        "SET LOCAL search_path = pg_catalog, pg_temp; \
         SET LOCAL ROLE NONE; \
         {}; \
         SET LOCAL exit_on_error = off; \
         {grants}\
         SET LOCAL DateStyle = 'ISO'; \
         SET LOCAL TimeZone = 'UTC'; \
         SELECT set_config('synchronous_commit', 'on', true) \
         WHERE current_setting('synchronous_commit') = 'off'",
        limit(time).sql
    );
    [
        begin_as("BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE", major),
        Statement::new("set local", settings),
    ]
}

/// Sets the timeouts again by the remaining time, after a long wait.
pub(crate) fn limit(time: Duration) -> Statement {
    let (limits, idle) = (limits(time), milliseconds(time) + 1000);
    Statement::new("set local", format!("{limits}; SET LOCAL idle_in_transaction_session_timeout = {idle}"))
}

/// From here to its end the transaction can change nothing, whatever it is asked to do.
pub(crate) fn read_only() -> Statement {
    Statement::new("set transaction", "SET TRANSACTION READ ONLY")
}

/// Begins the transaction of a test query, with the settings that applications get: they decide what the
/// names in it mean. After the first read, nothing in it can turn the transaction into a read-write one.
pub(crate) fn begin_proof(time: Duration, major: u32) -> [Statement; 3] {
    [begin_as("BEGIN READ ONLY", major), Statement::new("set local", limits(time)), probe()]
}

/// Begins a transaction and lifts its time limit, which servers have from version 17 on, in one message: the
/// limit already runs, and users may set it as short as they like.
pub(crate) fn begin_as(begin: &str, major: u32) -> Statement {
    let lift = if major >= 17 { "; SET LOCAL transaction_timeout = 0" } else { "" };
    Statement::new(Statement::BEGIN, format!("{begin}{lift}"))
}

/// A statement may take all of the remaining time, and wait for locks for half of it.
fn limits(time: Duration) -> String {
    let time = milliseconds(time);
    let statement_timeout = (time - time / 10).max(1);
    let lock_timeout = (statement_timeout / 2).max(1);
    format!("SET LOCAL statement_timeout = {statement_timeout}; SET LOCAL lock_timeout = {lock_timeout}")
}

fn milliseconds(time: Duration) -> u32 {
    u32::try_from(time.as_millis()).unwrap_or(u32::MAX / 16).min(u32::MAX / 16)
}

/// The kind of [`take_turn`].
pub(crate) const TAKE_TURN: &str = "take turn";

/// Waits until no other session of this database is changing the same pair, and keeps others waiting until
/// the transaction ends. The lock is an advisory one. Its key is the beginning of a hash, so that
/// applications are unlikely to use the same key.
pub(crate) fn take_turn(original: &Username) -> Statement {
    let hash = digest(&SHA256, format!("rotation of {original}").as_bytes());
    let half = hash.as_ref().first_chunk().expect("a hash of 32 bytes has 8");
    Statement::new(TAKE_TURN, format!("SELECT pg_advisory_xact_lock({})", i64::from_be_bytes(*half)))
}

/// From here on a statement waits only briefly for sessions that use its objects, since other sessions wait
/// behind it. Its work may take longer, by the number of its objects.
pub(crate) fn make_haste(time: Duration, objects: usize) -> Statement {
    /// The longest time that an application may be kept waiting by one of the function's lock requests.
    const WAIT: Duration = Duration::from_millis(500);
    /// The time that the work may take without any object, and what each object adds: several times what
    /// servers were observed to need.
    const WORK: Duration = Duration::from_secs(1);
    const EACH: Duration = Duration::from_millis(4);
    let work = WORK + EACH * u32::try_from(objects).unwrap_or(u32::MAX / 8).min(u32::MAX / 8);
    let (statement, lock) = (milliseconds(time.min(work)), milliseconds(WAIT.min(time / 2)).max(1));
    let statement = (statement - statement / 10).max(1);
    let sql = format!("SET LOCAL statement_timeout = {statement}; SET LOCAL lock_timeout = {lock}");
    Statement::new("set local", sql)
}

/// The opposite of [`make_haste`].
pub(crate) fn take_time(time: Duration) -> Statement {
    Statement::new("set local", limits(time))
}

/// Commits. Afterwards every session sees the change.
pub(crate) fn commit() -> Statement {
    Statement::new("commit", "COMMIT")
}

/// Proves that the user can do work.
pub(crate) fn probe() -> Statement {
    Statement::new(Statement::PROBE, PROFILE.probe)
}

/// How the server is set to store the password of the session's own user, whether that user is past its
/// validity, the comments on it and on its clone, and whether it replicates and is no superuser.
pub(crate) fn read_own() -> Statement {
    Statement::new(
        "read own role",
        "SELECT current_setting('password_encryption'), current_setting('scram_iterations', true), \
         coalesce((SELECT rolvaliduntil <= now() FROM pg_roles WHERE rolname = session_user), false), \
         (SELECT shobj_description(oid, 'pg_authid') FROM pg_roles WHERE rolname = session_user), \
         (SELECT shobj_description(oid, 'pg_authid') FROM pg_roles WHERE rolname = session_user || \
         '_clone'), (SELECT rolreplication AND NOT rolsuper FROM pg_roles WHERE rolname = session_user)",
    )
}

/// The same for the users of a pair, which have the settings of the original: those set for it in this
/// database, for it, for this database, for every role, in this order. The server's own value is left out
/// where a setting of the master hides it.
pub(crate) fn read_storage(pair: &UserPair) -> Statement {
    let original = quote_literal(pair.original.as_str());
    let of = |name: &str| {
        format!(
            "coalesce((SELECT split_part(setting, '=', 2) FROM pg_db_role_setting, unnest(setconfig) AS \
             setting WHERE starts_with(setting, '{name}=') \
             AND setrole IN (0, (SELECT oid FROM pg_roles WHERE rolname = {original})) \
             AND setdatabase IN (0, (SELECT oid FROM pg_database WHERE datname = current_database())) \
             ORDER BY setrole = 0, setdatabase = 0 LIMIT 1), \
             (SELECT setting FROM pg_settings WHERE name = '{name}' \
             AND source NOT IN ('global', 'database', 'user', 'database user', 'client', 'session')))"
        )
    };
    let (encryption, iterations) = (of("password_encryption"), of("scram_iterations"));
    Statement::new("read storage", format!("SELECT {encryption}, {iterations}, false"))
}

/// What the server reports about itself and the session's own user: its version, whether it is in recovery (a
/// standby), the whole days that the user's password is still valid, and whether only members of
/// `rds_password` may change passwords and the user is not one of them.
pub(crate) fn read_facts() -> Statement {
    Statement::new(
        "read facts",
        "SELECT current_setting('server_version'), pg_is_in_recovery(), \
         (SELECT floor(extract(epoch FROM rolvaliduntil - now()) / 86400) FROM pg_roles \
         WHERE rolname = session_user AND isfinite(rolvaliduntil)), \
         coalesce(current_setting('rds.restrict_password_commands', true), 'off') IN ('on', 'true') \
         AND NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'rds_password' \
         AND pg_has_role(session_user, oid, 'MEMBER'))",
    )
}

/// Sets a password by its verifier, never in cleartext.
pub(crate) fn set_password(username: &Username, verifier: &Verifier) -> Statement {
    let (role, verifier) = (quote_identifier(username.as_str()), quote_literal(verifier.expose()));
    Statement::ending_in_secret(Statement::SET_PASSWORD, &format!("ALTER ROLE {role} PASSWORD "), &verifier)
}

/// The attributes of both users of a pair and of the session's own user, and the latter's privileges on
/// them.
pub(crate) fn read_roles(pair: &UserPair) -> Statement {
    let names = names(pair);
    Statement::new(
        "read roles",
        format!(
            "SELECT rolname, rolname = session_user, rolsuper, rolinherit, rolcreaterole, rolcreatedb, \
             rolcanlogin, rolreplication, rolbypassrls, rolconnlimit, rolvaliduntil, \
             coalesce(rolvaliduntil <= now(), false), \
             pg_has_role(session_user, oid, 'MEMBER WITH ADMIN OPTION'), \
             pg_has_role(session_user, oid, 'USAGE'), \
             shobj_description(oid, 'pg_authid') \
             FROM pg_roles WHERE rolname IN (session_user, {names})"
        ),
    )
}

/// The direct memberships of both users, and those of the session's own user in them. The latter has more,
/// one in each role that it created, and another session may be creating one now. Until version 16 a
/// membership has no option but ADMIN.
///
/// Names are looked up by OID: joins of views take the server twice as long to plan, and planning is most
/// of the cost of such a small query.
pub(crate) fn read_memberships(pair: &UserPair, major: u32) -> Statement {
    let options = if major >= 16 { "m.inherit_option, m.set_option" } else { "true, true" };
    let names = names(pair);
    let original =
        format!("(SELECT oid FROM pg_roles WHERE rolname = {})", quote_literal(pair.original.as_str()));
    let has = |what: &str| format!("pg_has_role({original}, m.roleid, '{what}')");
    let admin = format!("(NOT m.admin_option OR {})", has("MEMBER WITH ADMIN OPTION"));
    let reached = if major >= 16 {
        let (usage, set) = (has("USAGE"), has("SET"));
        format!("{admin} AND (NOT m.inherit_option OR {usage}) AND (NOT m.set_option OR {set})")
    } else {
        format!("{admin} AND {}", has("MEMBER"))
    };
    // Before, a grantee keeps a role whatever becomes of its grantor.
    let passed_on = if major >= 16 {
        let clone = quote_literal(pair.clone.as_str());
        format!(
            "EXISTS (SELECT FROM pg_auth_members d WHERE d.roleid = m.roleid AND d.grantor = m.member \
             AND pg_get_userbyid(m.member) = {clone})"
        )
    } else {
        "false".to_owned()
    };
    Statement::new(
        "read memberships",
        format!(
            "SELECT pg_get_userbyid(m.member), pg_get_userbyid(m.roleid), \
             (SELECT rolname FROM pg_roles WHERE oid = m.grantor), m.admin_option, {options}, \
             coalesce((SELECT rolsuper OR rolcreaterole FROM pg_roles WHERE oid = m.grantor), false), \
             coalesce({reached}, false), {passed_on} FROM pg_auth_members m \
             WHERE m.member IN (SELECT oid FROM pg_roles WHERE rolname IN ({names})) \
             OR m.roleid IN (SELECT oid FROM pg_roles WHERE rolname IN ({names})) \
             AND pg_get_userbyid(m.member) = session_user \
             ORDER BY 1, 2, 3"
        ),
    )
}

/// The settings of both users, with and without a database, each as `name=value`.
pub(crate) fn read_settings(pair: &UserPair) -> Statement {
    let names = names(pair);
    Statement::new(
        "read settings",
        format!(
            "SELECT pg_get_userbyid(setrole), (SELECT datname FROM pg_database WHERE oid = setdatabase), \
             unnest(setconfig) FROM pg_db_role_setting \
             WHERE setrole IN (SELECT oid FROM pg_roles WHERE rolname IN ({names})) \
             ORDER BY 1, 2 NULLS FIRST, 3"
        ),
    )
}

/// How much the clone owns, was granted (row policies count as grants), and holds for itself alone, by
/// database; none for what all databases share.
pub(crate) fn read_holdings(pair: &UserPair) -> Statement {
    let clone = quote_literal(pair.clone.as_str());
    Statement::new(
        "read holdings",
        format!(
            "SELECT d.datname, coalesce(d.datname = current_database(), true), \
             CASE WHEN s.deptype <> 'o' THEN 'granted' \
                WHEN s.classid IN ('pg_default_acl'::regclass, 'pg_user_mapping'::regclass) THEN 'personal' \
                ELSE 'owned' END, count(*) \
             FROM pg_shdepend s LEFT JOIN pg_database d ON d.oid = s.dbid \
             WHERE s.refclassid = 'pg_authid'::regclass AND s.classid <> 'pg_auth_members'::regclass \
             AND s.refobjid = (SELECT oid FROM pg_roles WHERE rolname = {clone}) AND s.deptype IN ('o', 'a', \
             'r') GROUP BY 1, 2, 3 ORDER BY 1 NULLS FIRST, 3"
        ),
    )
}

fn names(pair: &UserPair) -> String {
    format!("{}, {}", quote_literal(pair.original.as_str()), quote_literal(pair.clone.as_str()))
}

/// A savepoint. A refused statement after it loses nothing but itself.
pub(crate) fn savepoint() -> Statement {
    Statement::new("savepoint", "SAVEPOINT correction")
}

/// Keeps what was done since the savepoint.
pub(crate) fn release() -> Statement {
    Statement::new("release savepoint", "RELEASE SAVEPOINT correction")
}

/// Rolls back what was done since the savepoint.
pub(crate) fn roll_back() -> Statement {
    Statement::new("roll back to savepoint", "ROLLBACK TO SAVEPOINT correction")
}

#[cfg(test)]
mod tests {
    use expect_test::{Expect, expect};
    use rotation_core::Password;

    use super::*;

    #[track_caller]
    #[expect(clippy::needless_pass_by_value, reason = "a snapshot is written where it is used")]
    fn check(statement: &Statement, expected: Expect) {
        expected.assert_eq(&format!("{}: {}", statement.kind, statement.sql));
    }

    /// A transaction ends short of the deadline, and resolves names in the catalogue alone.
    #[test]
    fn transaction_limit_and_catalogue_lookup() {
        let [begin, settings] = begin(Duration::from_secs(10), 18);
        check(
            &begin,
            expect![
                "begin: BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE; SET LOCAL transaction_timeout = 0"
            ],
        );
        check(
            &settings,
            expect![
                "set local: SET LOCAL search_path = pg_catalog, pg_temp; \
                 SET LOCAL ROLE NONE; \
                 SET LOCAL statement_timeout = 9000; \
                 SET LOCAL lock_timeout = 4500; \
                 SET LOCAL idle_in_transaction_session_timeout = 11000; \
                 SET LOCAL exit_on_error = off; \
                 SET LOCAL createrole_self_grant = ''; \
                 SET LOCAL DateStyle = 'ISO'; \
                 SET LOCAL TimeZone = 'UTC'; \
                 SELECT set_config('synchronous_commit', 'on', true) \
                 WHERE current_setting('synchronous_commit') = 'off'"
            ],
        );
        // Zero would mean without end.
        let [begin, settings] = super::begin(Duration::ZERO, 16);
        assert!(!begin.sql.contains("transaction_timeout"), "servers before 17 know no such setting");
        assert!(
            settings.sql.contains("statement_timeout = 1;") && settings.sql.contains("lock_timeout = 1;")
        );
        let [_, settings] = super::begin(Duration::MAX, 14);
        assert!(!settings.sql.contains("createrole_self_grant"), "servers before 16 know no such setting");
        assert!(settings.sql.contains("idle_in_transaction_session_timeout = 268436455;"));
    }

    /// A password is set by its verifier, for a name that is quoted.
    #[test]
    fn verifier_for_a_quoted_name() {
        let username = Username::parse("o'dd \"name\"; --", &PROFILE).unwrap();
        let password = Password::parse("canary").unwrap();
        let verifier = postgres_session::md5_verifier(&username, &password);
        let statement = set_password(&username, &verifier);
        check(
            &statement,
            expect![
                "set password: ALTER ROLE \"o'dd \"\"name\"\"; --\" \
                 PASSWORD 'md55df7ea43259197b8a87ffdc8c568e46f'"
            ],
        );
        assert!(!format!("{statement:?}").contains("md5"));
    }

    /// Memberships are read with their options where the server has any.
    #[test]
    fn membership_options_where_they_exist() {
        let username = Username::parse("it's", &PROFILE).unwrap();
        let pair = UserPair::of(&username, &PROFILE).unwrap();
        assert!(read_memberships(&pair, 15).sql.contains("m.admin_option, true, true, coalesce("));
        assert!(
            read_memberships(&pair, 16)
                .sql
                .contains("m.admin_option, m.inherit_option, m.set_option, coalesce(")
        );
        for statement in [read_roles(&pair), read_settings(&pair), read_memberships(&pair, 18)] {
            assert!(statement.sql.contains("'it''s', 'it''s_clone'"), "{}", statement.sql);
        }
    }
}
