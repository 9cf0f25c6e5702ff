//! Whatever an administrator grants to the original or does to the clone, the next rotation reconciles the
//! two.

use std::fmt::Write as _;

use rotation_database::{StatementError, StatementFault};

use crate::fixture::{Lab, quoted};

/// The number of users with random grants.
const USERS: u64 = 100;
/// The databases that they are spread over.
const LABS: u64 = 4;

/// A small generator (xorshift) that gives the same numbers everywhere, so that a failure names the case.
struct Dice(u64);

impl Dice {
    fn below(&mut self, limit: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 20) % limit
    }

    fn pick<'a>(&mut self, choices: &[&'a str]) -> &'a str {
        let index = self.below(choices.len() as u64);
        choices[usize::try_from(index).unwrap()]
    }
}

const OBJECTS: &str = "CREATE SCHEMA one; CREATE SCHEMA \"Two, 'odd'\"; CREATE TABLE one.t (n int); \
    CREATE TABLE \"Two, 'odd'\".\"T 2\" (n int); CREATE VIEW one.v AS SELECT 1 AS n; \
    CREATE FUNCTION one.f(a int, b character varying) RETURNS int LANGUAGE sql AS 'SELECT 1'; \
    CREATE FUNCTION one.f() RETURNS int LANGUAGE sql AS 'SELECT 1'; \
    CREATE PROCEDURE one.p(a double precision) LANGUAGE sql AS 'SELECT 1'";

/// One change of a user, as an administrator's statement behind the guard.
fn change(dice: &mut Dice, who: &str, group: &str, database: &str) -> String {
    let user = quoted(who);
    let option = dice.pick(&["", " WITH GRANT OPTION"]);
    let flag = dice.pick(&["true", "false"]);
    let tables = ["one.t", "\"Two, 'odd'\".\"T 2\"", "one.v"];
    let schemas = ["one", "\"Two, 'odd'\""];
    match dice.below(16) {
        0 => format!("GRANT {} ON DATABASE {database} TO {user}{option}", dice.pick(&["CREATE", "TEMP"])),
        1 => format!(
            "GRANT {} ON SCHEMA {} TO {user}{option}",
            dice.pick(&["CREATE", "USAGE"]),
            dice.pick(&schemas)
        ),
        2..=4 => format!(
            "GRANT {} ON {} TO {user}{option}",
            dice.pick(&["SELECT", "INSERT", "UPDATE", "DELETE", "REFERENCES", "TRUNCATE"]),
            dice.pick(&tables)
        ),
        5 => format!(
            "GRANT EXECUTE ON {} TO {user}{option}",
            dice.pick(&[
                "FUNCTION one.f(int, varchar)",
                "FUNCTION one.f()",
                "PROCEDURE one.p(double precision)"
            ])
        ),
        6 => format!("GRANT USAGE ON LANGUAGE plpgsql TO {user}{option}"),
        7 => format!(
            "SELECT redshift.give('table', ARRAY['one', 't'], '{}', '{who}', {flag})",
            dice.pick(&["DROP", "ALTER"])
        ),
        8 => format!(
            "SELECT redshift.give('{}', ARRAY['one'], 'ALTER', '{who}', {flag})",
            dice.pick(&["schema", "schema"])
        ),
        9 => format!("GRANT \"{group}\" TO {user}"),
        10 => format!("GRANT \"role:{group}\" TO {user}{}", dice.pick(&["", " WITH ADMIN OPTION"])),
        11 => format!(
            "ALTER ROLE {user} {}",
            dice.pick(&[
                "CREATEDB",
                "NOCREATEDB",
                "CONNECTION LIMIT 7",
                "CONNECTION LIMIT -1",
                "VALID UNTIL '2098-05-06 07:08:09+05:45'",
                "VALID UNTIL 'infinity'"
            ])
        ),
        12 => format!(
            "ALTER ROLE {user} SET {}",
            dice.pick(&[
                "redshift.syslog_access TO 'UNRESTRICTED'",
                "redshift.session_timeout TO '600'",
                "search_path TO one, \"Two, 'odd'\", '$user'",
                "statement_timeout TO '60000'"
            ])
        ),
        13 => format!(
            "ALTER DEFAULT PRIVILEGES FOR ROLE {}{} GRANT {} TO {user}{option}",
            quoted(group),
            dice.pick(&["", " IN SCHEMA one"]),
            dice.pick(&["SELECT ON TABLES", "INSERT ON TABLES", "EXECUTE ON FUNCTIONS"])
        ),
        14 => format!(
            "ALTER DEFAULT PRIVILEGES FOR ROLE {user}{} GRANT {} TO {}",
            dice.pick(&["", " IN SCHEMA one"]),
            dice.pick(&["SELECT ON TABLES", "EXECUTE ON FUNCTIONS"]),
            quoted(dice.pick(&[group, &format!("{group}_user")]))
        ),
        _ => format!(
            "SELECT redshift.give_default({}, '{}', '{group}_user', '{}', 'user', '{who}', {flag})",
            dice.pick(&["NULL", "'one'"]),
            "PROCEDURE",
            "EXECUTE"
        ),
    }
}

async fn users(lab_number: u64) {
    let lab = Lab::new().await;
    let group = format!("group_{}", lab.database);
    let database = quoted(&lab.database);
    lab.admin(OBJECTS).await;
    lab.admin(&format!(
        "CREATE ROLE \"{group}\"; CREATE ROLE \"role:{group}\"; CREATE ROLE \"{group}_user\" LOGIN; \
         REVOKE EXECUTE ON PROCEDURE one.p(double precision) FROM PUBLIC"
    ))
    .await;
    for number in 0..USERS / LABS {
        let seed = 1 + lab_number * USERS + number;
        let mut dice = Dice(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15));
        let app = lab.server.behind().create_role("").await.unwrap();
        let lab = Lab {
            database: lab.database.clone(),
            master: lab.master.clone(),
            app,
            server: lab.server,
            options: lab.options,
            owner: lab.owner.clone(),
        };
        let clone = lab.clone();
        for next in [&clone, &lab.app, &clone, &clone] {
            let mut sql = String::new();
            for _ in 0..dice.below(12) {
                let _ = write!(sql, "{}; ", change(&mut dice, &lab.app.username, &group, &database));
            }
            // What the clone has too much is revoked while it is idle; on a live one it is refused.
            let exists =
                lab.query(&format!("SELECT 1 FROM pg_roles WHERE rolname = '{}'", clone.username)).await;
            if !exists.is_empty() && next.username == clone.username {
                for _ in 0..dice.below(8) {
                    let _ = write!(sql, "{}; ", change(&mut dice, &clone.username, &group, &database));
                }
            }
            lab.admin(&sql).await;
            let original = lab.rights(&lab.app.username).await;
            let live = lab.rights(&clone.username).await;
            let outcome = lab.rotate_to(next).await;
            let refused = lab.server.refused();
            let unclear = |error: &StatementError| matches!(error.fault, StatementFault::CloneExceeds { .. });
            if next.username == lab.app.username && outcome.as_ref().is_err_and(unclear) {
                // The live clone has what the original lost: nothing is changed.
                assert_eq!(lab.rights(&clone.username).await, live, "seed {seed}: after {sql}");
                assert_eq!(lab.rights(&lab.app.username).await, original, "seed {seed}: after {sql}");
                continue;
            }
            outcome.unwrap_or_else(|error| panic!("seed {seed}: {error:?} after {sql}\n{refused:?}"));
            assert_eq!(lab.rights(&clone.username).await, original, "seed {seed}: after {sql}");
            assert_eq!(lab.rights(&lab.app.username).await, original, "seed {seed}: after {sql}");
        }
    }
}

#[tokio::test]
async fn a_hundred_users_with_grants_of_every_kind_have_equal_clones() {
    let ((), (), (), ()) = tokio::join!(users(0), users(1), users(2), users(3));
}
