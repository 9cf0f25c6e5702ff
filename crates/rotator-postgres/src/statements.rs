//! Statements as pure functions of what they are about.

use std::time::Duration;

use postgres_session::{Statement, Verifier, quote_identifier, quote_literal};
use ring::digest::{SHA256, digest};
use rotation_core::database::{Engine, UserPair, Username};

use crate::Postgres;

/// Begins the transaction that everything happens in.
///
/// Whoever owns the database can give it settings that take effect at our login. So names are looked up in the
/// catalogue alone, or a function of theirs could run with a master's rights, and a role that they chose is left.
/// Times end short of the deadline; a session that was frozen in the transaction gives its locks back.
pub(crate) fn begin(time: Duration) -> [Statement; 2] {
    let settings = format!(
        "SET LOCAL search_path = pg_catalog, pg_temp; \
         SET LOCAL ROLE NONE; \
         {}; \
         SET LOCAL DateStyle = 'ISO'; \
         SET LOCAL TimeZone = 'UTC'",
        limit(time).sql
    );
    [
        Statement::new(Statement::BEGIN, "BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE"),
        Statement::new("set local", settings),
    ]
}

/// What is left of the time, anew: for after a long wait.
pub(crate) fn limit(time: Duration) -> Statement {
    let (limits, idle) = (limits(time), milliseconds(time) + 1000);
    Statement::new("set local", format!("{limits}; SET LOCAL idle_in_transaction_session_timeout = {idle}"))
}

/// From here to its end the transaction can change nothing, whatever it is asked to do.
pub(crate) fn read_only() -> Statement {
    Statement::new("set transaction", "SET TRANSACTION READ ONLY")
}

/// Begins the transaction of a test statement, with the settings that applications get: whose it is decides what its
/// names mean. Once something was read, nothing in it can make the transaction one that writes.
pub(crate) fn begin_proof(time: Duration) -> [Statement; 3] {
    [Statement::new(Statement::BEGIN, "BEGIN READ ONLY"), Statement::new("set local", limits(time)), probe()]
}

/// What a statement may take of the time that is left, and half of that for waiting.
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

/// Waits until no other session of this database changes the same pair, and keeps others waiting until the transaction
/// ends. The lock is one of the advisory kind, whose key is the beginning of a hash, so that applications hardly take the
/// same by chance.
pub(crate) fn take_turn(original: &Username) -> Statement {
    let hash = digest(&SHA256, format!("rotation of {original}").as_bytes());
    let half = hash.as_ref().first_chunk().expect("a hash of 32 bytes has 8");
    Statement::new(TAKE_TURN, format!("SELECT pg_advisory_xact_lock({})", i64::from_be_bytes(*half)))
}

/// From here on a statement gives up before it is noticed by those who wait behind it: for what need not be done.
pub(crate) fn make_haste(time: Duration) -> Statement {
    /// As long as an application may be kept waiting by a correction that it could do without.
    const AT_MOST: Duration = Duration::from_secs(1);
    Statement::new("set local", limits(time.min(AT_MOST)))
}

/// The opposite of [`make_haste`].
pub(crate) fn take_time(time: Duration) -> Statement {
    Statement::new("set local", limits(time))
}

/// Ends it. Afterwards everybody sees the change.
pub(crate) fn commit() -> Statement {
    Statement::new("commit", "COMMIT")
}

/// Proves that the user can do work.
pub(crate) fn probe() -> Statement {
    Statement::new("select", Postgres::PROFILE.probe)
}

/// How the server stores passwords, and whether the session's own user is past its validity.
pub(crate) fn read_own() -> Statement {
    Statement::new(
        "read own role",
        "SELECT current_setting('password_encryption'), current_setting('scram_iterations', true), \
         coalesce((SELECT rolvaliduntil <= now() FROM pg_roles WHERE rolname = session_user), false)",
    )
}

/// What the server says of itself and of the session's own user: its version, whether it recovers from a primary, the
/// whole days that the user's password is valid for, and whether only members of `rds_password` may change passwords
/// and the user is none.
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

/// Sets a password by its verifier, never in the clear.
pub(crate) fn set_password(username: &Username, verifier: &Verifier) -> Statement {
    let (role, verifier) = (quote_identifier(username.as_str()), quote_literal(verifier.expose()));
    Statement::ending_in_secret(Statement::SET_PASSWORD, &format!("ALTER ROLE {role} PASSWORD "), &verifier)
}

/// The attributes of both users of a pair and of the session's own user, and what the latter may do with them.
pub(crate) fn read_roles(pair: &UserPair) -> Statement {
    let names = names(pair);
    Statement::new(
        "read roles",
        format!(
            "SELECT rolname, rolname = session_user, rolsuper, rolinherit, rolcreaterole, rolcreatedb, \
             rolcanlogin, rolreplication, rolbypassrls, rolconnlimit, rolvaliduntil, \
             coalesce(rolvaliduntil <= now(), false), \
             pg_has_role(session_user, oid, 'MEMBER WITH ADMIN OPTION'), \
             pg_has_role(session_user, oid, 'USAGE') \
             FROM pg_roles WHERE rolname IN (session_user, {names})"
        ),
    )
}

/// The direct memberships of both users, and those of the session's own user in them: it has more, one in each role
/// that it made, and another session may be making one now. Until version 16 a membership has no options but ADMIN.
///
/// Names are looked up by number: joins of views take the server twice as long to plan, and planning is most of what so
/// small a question costs.
pub(crate) fn read_memberships(pair: &UserPair, major: u32) -> Statement {
    let options = if major >= 16 { "m.inherit_option, m.set_option" } else { "true, true" };
    let names = names(pair);
    Statement::new(
        "read memberships",
        format!(
            "SELECT pg_get_userbyid(m.member), pg_get_userbyid(m.roleid), \
             (SELECT rolname FROM pg_roles WHERE oid = m.grantor), m.admin_option, {options} \
             FROM pg_auth_members m \
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

/// What the clone owns (`o`) and holds grants on (`a`), by database; none for what all databases share. Its default
/// privileges and user mappings are about itself, have no effect while it acts as the original, and cannot be handed
/// to anybody.
pub(crate) fn read_holdings(pair: &UserPair) -> Statement {
    let clone = quote_literal(pair.clone.as_str());
    Statement::new(
        "read holdings",
        format!(
            "SELECT d.datname, coalesce(d.datname = current_database(), true), s.deptype, count(*) \
             FROM pg_shdepend s LEFT JOIN pg_database d ON d.oid = s.dbid \
             WHERE s.refclassid = 'pg_authid'::regclass AND s.classid <> 'pg_auth_members'::regclass \
             AND s.refobjid = (SELECT oid FROM pg_roles WHERE rolname = {clone}) AND s.deptype IN ('o', 'a') \
             AND (s.deptype = 'a' OR s.classid NOT IN \
                ('pg_default_acl'::regclass, 'pg_user_mapping'::regclass)) \
             GROUP BY 1, 2, 3 ORDER BY 1 NULLS FIRST, 3"
        ),
    )
}

fn names(pair: &UserPair) -> String {
    format!("{}, {}", quote_literal(pair.original.as_str()), quote_literal(pair.clone.as_str()))
}

/// A point to come back to. Inside, a refused statement costs nothing but itself.
pub(crate) fn savepoint() -> Statement {
    Statement::new("savepoint", "SAVEPOINT correction")
}

/// Keeps what was done since the savepoint.
pub(crate) fn release() -> Statement {
    Statement::new("release savepoint", "RELEASE SAVEPOINT correction")
}

/// Takes back what was done since the savepoint.
pub(crate) fn roll_back() -> Statement {
    Statement::new("roll back to savepoint", "ROLLBACK TO SAVEPOINT correction")
}

#[cfg(test)]
mod tests {
    use expect_test::{Expect, expect};
    use rotation_core::database::Password;

    use super::*;

    #[track_caller]
    #[expect(clippy::needless_pass_by_value, reason = "a snapshot is written where it is used")]
    fn check(statement: &Statement, expected: Expect) {
        expected.assert_eq(&format!("{}: {}", statement.kind, statement.sql));
    }

    #[test]
    fn a_transaction_ends_short_of_the_deadline_and_looks_names_up_in_the_catalogue_alone() {
        let [begin, settings] = begin(Duration::from_secs(10));
        check(&begin, expect!["begin: BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE"]);
        check(
            &settings,
            expect![
                "set local: SET LOCAL search_path = pg_catalog, pg_temp; SET LOCAL ROLE NONE; SET LOCAL statement_timeout = 9000; SET LOCAL lock_timeout = 4500; SET LOCAL idle_in_transaction_session_timeout = 11000; SET LOCAL DateStyle = 'ISO'; SET LOCAL TimeZone = 'UTC'"
            ],
        );
        // Zero would mean without end.
        let [_, settings] = super::begin(Duration::ZERO);
        assert!(
            settings.sql.contains("statement_timeout = 1;") && settings.sql.contains("lock_timeout = 1;")
        );
        let [_, settings] = super::begin(Duration::MAX);
        assert!(settings.sql.contains("idle_in_transaction_session_timeout = 268436455;"));
    }

    #[test]
    fn a_password_is_set_by_its_verifier_for_a_name_that_is_quoted() {
        let username = Username::parse("o'dd \"name\"; --", &Postgres::PROFILE).unwrap();
        let password = Password::parse("canary").unwrap();
        let verifier = postgres_session::md5_verifier(&username, &password);
        let statement = set_password(&username, &verifier);
        check(
            &statement,
            expect![[
                r#"set password: ALTER ROLE "o'dd ""name""; --" PASSWORD 'md55df7ea43259197b8a87ffdc8c568e46f'"#
            ]],
        );
        assert!(!format!("{statement:?}").contains("md5"));
    }

    #[test]
    fn memberships_are_read_with_their_options_where_there_are_any() {
        let username = Username::parse("it's", &Postgres::PROFILE).unwrap();
        let pair = UserPair::of(&username, &Postgres::PROFILE).unwrap();
        assert!(read_memberships(&pair, 15).sql.contains("m.admin_option, true, true FROM"));
        assert!(
            read_memberships(&pair, 16).sql.contains("m.admin_option, m.inherit_option, m.set_option FROM")
        );
        for statement in [read_roles(&pair), read_settings(&pair), read_memberships(&pair, 18)] {
            assert!(statement.sql.contains("'it''s', 'it''s_clone'"), "{}", statement.sql);
        }
    }
}
