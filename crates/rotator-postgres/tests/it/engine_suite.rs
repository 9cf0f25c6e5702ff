//! The engine suite: what PostgreSQL owes the protocol as any engine does.

use std::fmt::Write as _;

use rotation_database::{LoginMethod, PairOwner};
use rotation_suites::{DatabaseError, Dice, EngineScene, EngineTopic, engine_suite, run_engine_topic};
use rotator_postgres::Postgres;
use serde_json::{Value, json};
use test_servers::{PostgresVersion, TestLogin, proxy::Preface};

use crate::fixture::{Lab, engine, quoted};

fn check(version: PostgresVersion, topic: EngineTopic) {
    if version.is_to_be_tested() {
        run_engine_topic(topic, async || Ok(Lab::new(version).await));
    }
}

engine_suite!(postgres_14: |topic| check(PostgresVersion::V14, topic));
engine_suite!(postgres_16: |topic| check(PostgresVersion::V16, topic));
engine_suite!(postgres_18: |topic| check(PostgresVersion::V18, topic));

/// Settings that end nothing, one for each right that is given.
const GIVEN: [&str; 6] = [
    "work_mem = '6MB'",
    "lock_timeout = '50s'",
    "application_name = 'given'",
    "random_page_cost = 3",
    "cpu_tuple_cost = 0.02",
    "geqo_threshold = 13",
];

impl EngineScene for Lab<'_> {
    type Engine = Postgres;

    const RANDOM_USERS: u64 = 30;
    const PREFACE: Preface = Preface::Postgres;

    fn engine(&self) -> Postgres {
        engine(self.server, self.objects)
    }

    fn document(&self, login: &TestLogin) -> Value {
        json!({
            "engine": "postgres", "host": self.server.host(), "port": self.server.port(),
            "dbname": self.database, "username": login.username, "password": login.password,
        })
    }

    fn original(&self) -> &TestLogin {
        &self.app
    }

    fn master(&self) -> &TestLogin {
        &self.master
    }

    fn owner(&self) -> PairOwner {
        self.owner.clone()
    }

    fn method(&self) -> Option<LoginMethod> {
        self.method
    }

    async fn snapshot(&self) -> Result<String, DatabaseError> {
        Ok(self.snapshot().await)
    }

    async fn rights(&self, user: &TestLogin) -> Result<String, DatabaseError> {
        Ok(state(self, user).await.join("\n"))
    }

    async fn give(&self, username: &str) -> Result<(), DatabaseError> {
        let sql = format!(
            "SELECT unnest(setconfig) FROM pg_db_role_setting JOIN pg_roles r ON r.oid = setrole \
             WHERE rolname IN ('{}', '{}')",
            self.app.username,
            self.clone().username
        );
        let had: Vec<String> = self.query(&sql).await.into_iter().flatten().flatten().collect();
        let is_new = |setting: &&str| {
            let name = setting.split(' ').next().unwrap_or_default();
            !had.iter().any(|had| had.starts_with(name))
        };
        let setting = GIVEN.into_iter().find(|setting| is_new(setting));
        let setting = setting.ok_or_else(|| DatabaseError::new("every setting is given"))?;
        self.admin(&format!("ALTER ROLE {} SET {setting}", quoted(username))).await;
        Ok(())
    }

    async fn draw(&mut self, seed: u64) -> Result<(), DatabaseError> {
        self.admin("CREATE TABLE IF NOT EXISTS ledger (a int)").await;
        if groups(self).await.is_empty() {
            for number in 1..=3 {
                self.admin(&format!("CREATE ROLE {}_group{number}", self.database)).await;
            }
        }
        self.app = self.server.create_role("").await.map_err(DatabaseError::new)?;
        self.let_master_grant().await;
        self.alter(&self.app.username, seed).await
    }

    async fn alter(&self, username: &str, seed: u64) -> Result<(), DatabaseError> {
        let mut dice = Dice::new(seed);
        let groups = groups(self).await;
        let mut sql = String::new();
        for _ in 0..dice.below(if username == self.app.username { 6 } else { 3 }) {
            sql += &change(&mut dice, self, username, &groups);
        }
        self.server.execute(&self.database, &sql).await.map_err(DatabaseError::new)
    }

    /// The statements give to the original what the clone alone has.
    async fn decide(&self, needed: &str, _give: bool) -> Result<(), DatabaseError> {
        self.server.execute(&self.database, needed).await.map_err(DatabaseError::new)
    }

    /// Without reads and brackets, and with verifiers taken out.
    fn writes(&self) -> Vec<String> {
        const OTHERS: [&str; 8] =
            ["BEGIN", "SET ", "SELECT", "SAVEPOINT", "RELEASE", "ROLLBACK", "COMMIT", "SHOW"];
        let log = self.server.log();
        let of = |user: &str| format!("|{user}|{}|LOG:  statement: ", self.database);
        let ours = [of(&self.master.username), of(&self.app.username)];
        let received =
            log.lines().filter_map(|line| ours.iter().find_map(|ours| Some(line.split_once(ours)?.1)));
        let writes = received.filter(|sql| !OTHERS.iter().any(|other| sql.starts_with(other)));
        writes
            .map(|sql| match sql.split_once(" PASSWORD ") {
                Some((before, _)) => format!("{before} PASSWORD '...'"),
                None => sql.to_owned(),
            })
            .collect()
    }
}

/// The groups of this scene.
async fn groups(lab: &Lab<'_>) -> Vec<String> {
    let sql =
        format!("SELECT rolname FROM pg_roles WHERE rolname LIKE '{}\\_group_' ORDER BY 1", lab.database);
    lab.query(&sql).await.into_iter().flatten().flatten().collect()
}

/// One change of the original, or damage to its clone, as a statement of an administrator.
fn change(dice: &mut Dice, lab: &Lab<'_>, username: &str, groups: &[String]) -> String {
    let (who, is_original) = (quoted(username), username == lab.app.username);
    let in_database = match dice.below(3) {
        0 => format!(" IN DATABASE {}", quoted(&lab.database)),
        _ => String::new(),
    };
    let group = &groups[usize::try_from(dice.below(groups.len() as u64)).unwrap()];
    let mut sql = match dice.below(10) {
        0 => format!("ALTER ROLE {who} {}; ", dice.pick(&["CREATEDB", "NOCREATEDB"])),
        1 => format!("ALTER ROLE {who} {}; ", dice.pick(&["INHERIT", "NOINHERIT"])),
        2 => format!("ALTER ROLE {who} {}; ", dice.pick(&["CREATEROLE", "NOCREATEROLE"])),
        3 => format!("ALTER ROLE {who} CONNECTION LIMIT {}; ", dice.pick(&["-1", "5", "17"])),
        4 => {
            let ends = ["infinity", "2099-01-01", "2098-05-06 07:08:09.123456+05:45"];
            format!("ALTER ROLE {who} VALID UNTIL '{}'; ", dice.pick(&ends))
        }
        5 => {
            let paths = ["''", "a, \"B c\"", "\"$user\", public", "\"x,\"\"y\"\"\""];
            format!("ALTER ROLE {who}{in_database} SET search_path = {}; ", dice.pick(&paths))
        }
        6 => {
            let settings =
                ["work_mem = '8MB'", "application_name = E'a''b\\\\c'", "statement_timeout = 9000"];
            format!("ALTER ROLE {who}{in_database} SET {}; ", dice.pick(&settings))
        }
        7 => format!("ALTER ROLE {who}{in_database} RESET ALL; "),
        8 => match dice.pick(&["SELECT", "INSERT", ""]) {
            "" => format!("REVOKE ALL ON ledger FROM {who}; "),
            right => format!("GRANT {right} ON ledger TO {who}; "),
        },
        _ if is_original => membership(dice, lab, group, &who),
        _ => String::new(),
    };
    if dice.below(6) == 0 && is_original {
        write!(sql, "REVOKE {group} FROM {who}; ").unwrap();
    }
    sql
}

fn membership(dice: &mut Dice, lab: &Lab<'_>, group: &str, who: &str) -> String {
    if lab.server.version().major() < 16 {
        return format!("GRANT {group} TO {who}{}; ", dice.pick(&["", " WITH ADMIN OPTION"]));
    }
    let mut word = || dice.pick(&["TRUE", "FALSE"]);
    let (admin, inherit, set) = (word(), word(), word());
    format!("GRANT {group} TO {who} WITH ADMIN {admin}, INHERIT {inherit}, SET {set}; ")
}

/// What a session of this user is, has and may.
async fn state(lab: &Lab<'_>, user: &TestLogin) -> Vec<String> {
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
    let groups = groups(lab).await;
    if groups.is_empty() {
        // Not a user of the random ones: there is nothing more that it could have.
        return state;
    }
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
