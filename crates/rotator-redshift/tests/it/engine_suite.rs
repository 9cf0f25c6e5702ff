//! The engine suite: what the stand-in for Redshift owes the protocol as any engine does.

use std::fmt::Write as _;

use database_net::TlsSettings;
use rotation_database::PairOwner;
use rotation_suites::{DatabaseError, Dice, EngineScene, EngineTopic, engine_suite, run_engine_topic};
use rotator_redshift::Redshift;
use serde_json::{Value, json};
use test_servers::{RedshiftServer, TestLogin, proxy::Preface};

use crate::fixture::{Lab, quoted};

fn check(topic: EngineTopic) {
    // A note counts the databases of the server, and other tests make some.
    let own = (topic == EngineTopic::Plans).then(|| {
        let server: &RedshiftServer = Box::leak(Box::new(RedshiftServer::start().unwrap()));
        server
    });
    run_engine_topic(topic, async || match own {
        None => Ok(Lab::new().await),
        Some(server) => Ok(Lab::on(server, server.behind().create_role("").await.unwrap()).await),
    });
}

engine_suite!(redshift: check);

impl EngineScene for Lab {
    type Engine = Redshift;

    const RANDOM_USERS: u64 = 100;
    const PREFACE: Preface = Preface::Postgres;

    fn engine(&self) -> Redshift {
        let tls = TlsSettings::default().with_ca_bundle(self.server.authority().certificate_pem()).unwrap();
        Redshift::new(tls, self.options)
    }

    fn document(&self, login: &TestLogin) -> Value {
        json!({
            "engine": "redshift", "host": self.server.host(), "port": self.server.port(),
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

    async fn snapshot(&self) -> Result<String, DatabaseError> {
        let app = self.app.username.replace('\'', "''");
        let roles = format!("SELECT a::text FROM pg_authid a WHERE strpos(rolname, '{app}') > 0 ORDER BY 1");
        let settings = format!(
            "SELECT s::text FROM pg_db_role_setting s JOIN pg_roles r ON r.oid = s.setrole \
             WHERE strpos(rolname, '{app}') > 0 ORDER BY 1"
        );
        let mut all = format!("{:?} {:?}", self.query(&roles).await, self.query(&settings).await);
        for user in [&self.app.username, &self.clone().username] {
            let _ = write!(all, " {:?}", self.rights(user).await);
        }
        Ok(all)
    }

    async fn rights(&self, user: &TestLogin) -> Result<String, DatabaseError> {
        Ok(self.rights(&user.username).await.join("\n"))
    }

    async fn give(&self, username: &str) -> Result<(), DatabaseError> {
        let sql = "SELECT count(*) FROM pg_tables WHERE tablename LIKE 'given%'";
        let number = self.query(sql).await[0][0].clone().unwrap_or_default();
        let user = quoted(username);
        let sql = format!(
            "CREATE TABLE public.given{number} (n int); GRANT SELECT ON public.given{number} TO {user}"
        );
        self.admin(&sql).await;
        Ok(())
    }

    async fn draw(&mut self, seed: u64) -> Result<(), DatabaseError> {
        let group = group(self);
        if self.query(&format!("SELECT 1 FROM pg_roles WHERE rolname = '{group}'")).await.is_empty() {
            self.admin(OBJECTS).await;
            self.admin(&format!(
                "CREATE ROLE \"{group}\"; CREATE ROLE \"role:{group}\"; CREATE ROLE \"{group}_user\" LOGIN; \
                 REVOKE EXECUTE ON PROCEDURE one.p(double precision) FROM PUBLIC"
            ))
            .await;
        }
        self.app = self.server.behind().create_role("").await.map_err(DatabaseError::new)?;
        self.alter(&self.app.username, seed).await
    }

    async fn alter(&self, username: &str, seed: u64) -> Result<(), DatabaseError> {
        let mut dice = Dice::new(seed);
        let (group, database) = (group(self), quoted(&self.database));
        let mut sql = String::new();
        for _ in 0..dice.below(12) {
            let _ = write!(sql, "{}; ", change(&mut dice, username, &group, &database));
        }
        self.server.behind().execute(&self.database, &sql).await.map_err(DatabaseError::new)
    }

    async fn decide(&self, needed: &str, give: bool) -> Result<(), DatabaseError> {
        let unclear = || DatabaseError::new(format!("one side alone: {needed}"));
        let (gives, takes) =
            needed.split_once("; or this to take it from the clone: ").ok_or_else(unclear)?;
        let gives = gives.strip_prefix("run this to give it to the original: ").ok_or_else(unclear)?;
        self.as_master(if give { gives } else { takes }).await;
        Ok(())
    }

    /// All that came about the two users, by whoever sent it, with hashes taken out. The suite's own
    /// statements pass by the guard.
    fn writes(&self) -> Vec<String> {
        const WORDS: [&str; 5] = ["ALTER", "CREATE", "GRANT", "REVOKE", "DROP"];
        let log = self.server.log();
        let joins = format!(" ADD USER \"{}_clone\"", self.app.username);
        // The group that marks the clone is made before the clone joins it.
        let mark = log.lines().find_map(|line| line.strip_suffix(&joins)?.strip_prefix("ALTER GROUP "));
        let names = ["", "_clone"].map(|ending| format!("\"{}{ending}\"", self.app.username));
        let is_ours = |line: &&str| {
            WORDS.iter().any(|word| line.starts_with(word))
                && (names.iter().any(|name| line.contains(name))
                    || mark.is_some_and(|mark| line.contains(mark)))
        };
        let elided = |sql: &str| match sql.split_once(" PASSWORD 'md5") {
            Some((before, _)) => format!("{before} PASSWORD '...'"),
            None => sql.to_owned(),
        };
        log.lines().filter(is_ours).map(elided).collect()
    }
}

/// The name of the group of this scene, and what the names of others begin with.
fn group(lab: &Lab) -> String {
    format!("group_{}", lab.database)
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
