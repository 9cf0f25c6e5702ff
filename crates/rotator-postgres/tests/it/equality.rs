//! Whatever an administrator does to the original, after the next rotation sessions of the clone are equal to
//! the original's.

use std::fmt::Write as _;

use rotation_database::StatementFault;
use test_servers::{PostgresVersion, TestLogin};

use crate::fixture::{Lab, quoted, versions};

const CASES: u64 = 30;

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

/// Changes to the original and damage to its clone, as statements of an administrator.
fn disorder(dice: &mut Dice, lab: &Lab<'_>, groups: &[String], version: PostgresVersion) -> String {
    let (app, clone) = (quoted(&lab.app.username), quoted(&lab.clone().username));
    let database = quoted(&lab.database);
    let mut sql = String::new();
    for (who, share) in [(&app, 6), (&clone, 3)] {
        for _ in 0..dice.below(share) {
            let in_database =
                if dice.below(3) == 0 { format!(" IN DATABASE {database}") } else { String::new() };
            let group = &groups[usize::try_from(dice.below(groups.len() as u64)).unwrap()];
            match dice.below(10) {
                0 => write!(sql, "ALTER ROLE {who} {}; ", dice.pick(&["CREATEDB", "NOCREATEDB"])),
                1 => write!(sql, "ALTER ROLE {who} {}; ", dice.pick(&["INHERIT", "NOINHERIT"])),
                2 => write!(sql, "ALTER ROLE {who} {}; ", dice.pick(&["CREATEROLE", "NOCREATEROLE"])),
                3 => write!(sql, "ALTER ROLE {who} CONNECTION LIMIT {}; ", dice.pick(&["-1", "5", "17"])),
                4 => write!(
                    sql,
                    "ALTER ROLE {who} VALID UNTIL '{}'; ",
                    dice.pick(&["infinity", "2099-01-01", "2098-05-06 07:08:09.123456+05:45"])
                ),
                5 => write!(
                    sql,
                    "ALTER ROLE {who}{in_database} SET search_path = {}; ",
                    dice.pick(&["''", "a, \"B c\"", "\"$user\", public", "\"x,\"\"y\"\"\""])
                ),
                6 => write!(
                    sql,
                    "ALTER ROLE {who}{in_database} SET {}; ",
                    dice.pick(&[
                        "work_mem = '8MB'",
                        "application_name = E'a''b\\\\c'",
                        "statement_timeout = 9000"
                    ])
                ),
                7 => write!(sql, "ALTER ROLE {who}{in_database} RESET ALL; "),
                8 => match dice.pick(&["SELECT", "INSERT", ""]) {
                    "" => write!(sql, "REVOKE ALL ON ledger FROM {who}; "),
                    right => write!(sql, "GRANT {right} ON ledger TO {who}; "),
                },
                _ if who == &app && version.major() >= 16 => {
                    let word = |dice: &mut Dice| dice.pick(&["TRUE", "FALSE"]);
                    let (admin, inherit, set) = (word(dice), word(dice), word(dice));
                    write!(sql, "GRANT {group} TO {who} WITH ADMIN {admin}, INHERIT {inherit}, SET {set}; ")
                }
                _ if who == &app => {
                    let admin = dice.pick(&["", " WITH ADMIN OPTION"]);
                    write!(sql, "GRANT {group} TO {who}{admin}; ")
                }
                _ => Ok(()),
            }
            .unwrap();
            if dice.below(6) == 0 && who == &app {
                write!(sql, "REVOKE {group} FROM {who}; ").unwrap();
            }
        }
    }
    sql
}

/// The attributes, settings and privileges of a session of this user.
async fn state(lab: &Lab<'_>, user: &TestLogin, groups: &[String]) -> Vec<String> {
    let name = user.username.clone();
    // Until version 16 the clone inherits what it becomes, whatever the original does.
    let inherit = if lab.server.version().major() >= 16 { "rolinherit" } else { "NULL" };
    let attributes = format!(
        "SELECT concat_ws(' ', {inherit}, rolcreatedb, rolcreaterole, rolconnlimit, \
         coalesce(nullif(rolvaliduntil, 'infinity')::text, 'always')) FROM pg_roles WHERE rolname = '{name}'"
    );
    let settings = format!(
        "SELECT string_agg(concat_ws(' ', setdatabase, v), ' | ' ORDER BY setdatabase, v) \
         FROM pg_db_role_setting, unnest(setconfig) AS v \
         WHERE setrole = '{name}'::regrole AND v NOT LIKE 'role=%'"
    );
    let mut state = vec![lab.value(&attributes).await, lab.value(&settings).await];
    state.push(lab.value_as(user, "SELECT current_user || ' ' || current_setting('search_path')").await);
    for sql in ["SELECT a FROM ledger", "INSERT INTO ledger VALUES (1)"] {
        let done = lab.server.query_as(user, &lab.database, sql).await;
        state.push(format!("{sql} {}", done.is_ok()));
    }
    for group in groups {
        let may = format!(
            "SELECT concat_ws(' ', pg_has_role('{group}', 'MEMBER'), pg_has_role('{group}', 'USAGE'), \
             pg_has_role('{group}', 'MEMBER WITH ADMIN OPTION'))"
        );
        state.push(lab.value_as(user, &may).await);
        let switched = lab.server.query_as(user, &lab.database, &format!("SET ROLE {group}")).await;
        state.push(format!("SET ROLE {}", switched.is_ok()));
    }
    state
}

#[tokio::test]
async fn after_every_rotation_a_session_of_the_clone_is_and_may_what_one_of_the_original_is_and_may() {
    for version in versions() {
        let lab = Lab::new(version).await;
        let mut groups = Vec::new();
        for _ in 0..3 {
            groups.push(lab.server.create_role("").await.unwrap().username);
        }
        let clone = lab.clone();
        lab.admin("CREATE TABLE ledger (a int)").await;
        lab.rotate_to(&clone).await.unwrap();
        for case in 1..=CASES {
            let mut dice =
                Dice((case * 100 + u64::from(version.major())).wrapping_mul(0x9e37_79b9_7f4a_7c15));
            let sql = disorder(&mut dice, &lab, &groups, version);
            if !sql.is_empty() {
                lab.admin(&sql).await;
            }
            let next = if case % 2 == 0 { &clone } else { &lab.app };
            let mut notes = match lab.rotate_to(next).await {
                Ok(notes) => notes,
                // The clone is live and may do what the original may not: the advised statements fix that.
                Err(error) if next.username == lab.app.username => {
                    let StatementFault::CloneExceeds { needed, .. } = error.fault else {
                        panic!("case {case} on {version}: {sql}: {error:?}")
                    };
                    lab.admin(&needed).await;
                    let notes = lab.rotate_to(next).await;
                    notes
                        .unwrap_or_else(|error| panic!("case {case} on {version}: {sql} {needed}: {error:?}"))
                }
                Err(error) => panic!("case {case} on {version}: {sql}: {error:?}"),
            };
            // The clone's own grants stay, are reported, and change nothing for its sessions. What is taken
            // is named.
            notes.retain(|note| {
                !note.starts_with("the clone has grants of its own")
                    && !note.contains("was taken from the clone")
            });
            assert_eq!(notes, [] as [&str; 0], "case {case} on {version}: {sql}");
            if next.username == lab.app.username {
                // Nothing is taken from a live clone; its own turn makes it equal.
                lab.rotate_to(&clone).await.unwrap();
            }
            let (original, copy) = (state(&lab, &lab.app, &groups).await, state(&lab, &clone, &groups).await);
            assert_eq!(original, copy, "case {case} on {version}: {sql}");
        }
    }
}
