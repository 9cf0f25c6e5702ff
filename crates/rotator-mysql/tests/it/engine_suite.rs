//! The engine suite: what MySQL and MariaDB owe the protocol as any engine does.

mod random;

use std::{collections::BTreeSet, fmt::Write as _};

use proptest::{collection::vec, sample::subsequence};
use rotation_suites::{DatabaseError, EngineScene, EngineTopic, engine_suite, run_engine_topic};
use rotator_mysql::{MySql, Settings};
use serde_json::{Value, json};
use test_servers::{
    MysqlFlavor, MysqlServer,
    MysqlVersion::{self, MariaDb10, MariaDb11, MySql9},
    TestLogin,
    proxy::Preface,
};

use crate::{
    alternating::rights,
    fixture::{Lab, at, create_master, engine},
};

fn check(version: MysqlVersion, topic: EngineTopic) {
    if !version.is_to_be_tested() {
        return;
    }
    // Random users have rights on databases whose names are the same for all.
    let own = (topic == EngineTopic::Equality).then(|| {
        let server: &MysqlServer = Box::leak(Box::new(MysqlServer::builder(version).start().unwrap()));
        server
    });
    run_engine_topic(topic, async || match own {
        None => Ok(Lab::new(version, "").await),
        Some(server) => {
            let app = server.create_user("").await.map_err(DatabaseError::new)?;
            let master = create_master(server).await;
            random::prepare(server, &master).await;
            Ok(Lab { server, app, master, settings: Settings::default() })
        }
    });
}

engine_suite!(mysql_9: |topic| check(MySql9, topic));
engine_suite!(mariadb_10: |topic| check(MariaDb10, topic));
engine_suite!(mariadb_11: |topic| check(MariaDb11, topic));

impl EngineScene for Lab {
    type Engine = MySql;

    const RANDOM_USERS: u64 = 200;
    const PREFACE: Preface = Preface::Mysql;

    fn engine(&self) -> MySql {
        engine(self.server, self.settings)
    }

    fn document(&self, login: &TestLogin) -> Value {
        json!({
            "engine": "mysql", "host": self.server.host(), "port": self.server.port(),
            "username": login.username, "password": login.password,
        })
    }

    fn original(&self) -> &TestLogin {
        &self.app
    }

    fn master(&self) -> &TestLogin {
        &self.master
    }

    async fn snapshot(&self) -> Result<String, DatabaseError> {
        let mut tables = vec![
            ("db", "User"),
            ("tables_priv", "User"),
            ("columns_priv", "User"),
            ("procs_priv", "User"),
            ("proxies_priv", "User"),
        ];
        tables.extend(match self.server.flavor() {
            MysqlFlavor::MySql => [
                ("user", "User"),
                ("global_grants", "USER"),
                ("role_edges", "TO_USER"),
                ("default_roles", "USER"),
            ]
            .as_slice(),
            MysqlFlavor::MariaDb => &[("global_priv", "User"), ("roles_mapping", "User")],
        });
        let names = [&self.app.username, &self.clone().username, &self.master.username];
        let names = names.map(|name| format!("'{}'", name.replace('\\', "\\\\").replace('\'', "''")));
        let mut all = String::new();
        for (table, column) in tables {
            let sql = format!("SELECT * FROM mysql.{table} WHERE {column} IN ({})", names.join(", "));
            let mut rows = self.server.query(&sql).await.map_err(DatabaseError::new)?;
            rows.sort();
            writeln!(all, "{table}: {rows:?}").expect("a text takes a line");
        }
        Ok(all)
    }

    async fn rights(&self, user: &TestLogin) -> Result<String, DatabaseError> {
        Ok(rights(self.server, &user.username).await)
    }

    async fn give(&self, username: &str) -> Result<(), DatabaseError> {
        let sql = format!("GRANT SELECT ON {}.* TO {}", MysqlServer::unique("given"), at(username, "%"));
        self.server.execute(&[&sql]).await.map_err(DatabaseError::new)
    }

    async fn draw(&mut self, seed: u64) -> Result<(), DatabaseError> {
        let scene = (random::username(), subsequence(random::HOSTS[1..].to_vec(), 0..=2));
        let (user, hosts) = random::drawn(&scene, seed);
        // No two users of a run have one name.
        self.app =
            TestLogin { username: format!("{user}{seed}"), password: "a password of the user 1A".to_owned() };
        for host in std::iter::once(random::HOSTS[0]).chain(hosts) {
            let user = at(&self.app.username, host);
            let sql = format!("CREATE USER {user} IDENTIFIED BY '{}'", self.app.password);
            self.server.execute(&[&sql]).await.map_err(DatabaseError::new)?;
        }
        self.alter(&self.app.username, seed).await
    }

    /// Does things to the user at one of its hosts. Some are impossible, such as taking what was never given.
    async fn alter(&self, username: &str, seed: u64) -> Result<(), DatabaseError> {
        let name = username.replace('\\', "\\\\").replace('\'', "''");
        let sql = format!("SELECT Host FROM mysql.user WHERE User = '{name}' ORDER BY 1");
        let rows = self.server.query(&sql).await.map_err(DatabaseError::new)?;
        let hosts: Vec<_> = rows.into_iter().flatten().flatten().collect();
        let acts = random::drawn(&vec(random::act(self.server.flavor()), 0..8), seed);
        for (index, act) in acts.iter().enumerate() {
            let account = at(username, &hosts[index % hosts.len()]);
            let _ = self.server.execute(&[&act.replace("{}", &account)]).await;
        }
        Ok(())
    }

    async fn decide(&self, needed: &str, give: bool) -> Result<(), DatabaseError> {
        let sides = needed.split_once(" /* or: ");
        let (gives, takes) = sides.ok_or_else(|| DatabaseError::new(format!("one side alone: {needed}")))?;
        let decided = if give { gives } else { takes.trim_end_matches(" */") };
        for statement in statements(decided) {
            self.server.execute(&[statement]).await.map_err(DatabaseError::new)?;
        }
        Ok(())
    }

    fn writes(&self) -> Vec<String> {
        // MySQL writes the account down where its own user writes `USER()`.
        let (own, account) = (&self.app.username, at(&self.app.username, "%"));
        let own = writes(self, &[own]).into_iter().map(|sql| sql.replace(&account, "USER()"));
        own.chain(writes(self, &[&self.master.username])).collect()
    }
}

/// The statements of a text that puts `; ` between them. Names may have that as well.
fn statements(text: &str) -> Vec<&str> {
    let begins =
        |at: &usize| ["GRANT ", "REVOKE ", "ALTER ", "SET "].iter().any(|word| text[*at..].starts_with(word));
    let starts = text.match_indices("; ").map(|(at, separator)| at + separator.len()).filter(begins);
    let starts: Vec<usize> = [0].into_iter().chain(starts).collect();
    let ends = starts[1..].iter().map(|start| start - "; ".len()).chain([text.len()]);
    starts.iter().zip(ends).map(|(start, end)| &text[*start..end]).collect()
}

/// All that the server received of these users so far, reads included.
pub(crate) fn received(lab: &Lab, users: &[&str]) -> Vec<String> {
    let log = lab.server.general_log();
    let mut connections = BTreeSet::new();
    let mut received = Vec::new();
    let number = |head: &str| head.split_whitespace().next_back().map(str::to_owned);
    for line in log.lines() {
        if let Some((head, text)) = line.split_once(" Connect\t") {
            let Some(number) = number(head) else { continue };
            if users.iter().any(|user| text.starts_with(&format!("{user}@"))) {
                connections.insert(number);
            } else if text.contains(" on ") {
                connections.remove(&number);
            }
        } else if let Some((head, text)) = line.split_once(" Query\t")
            && number(head).is_some_and(|number| connections.contains(&number))
        {
            received.push(text.to_owned());
        }
    }
    received
}

/// Those that change something, with passwords and hashes taken out as the server and we do.
pub(crate) fn writes(lab: &Lab, users: &[&str]) -> Vec<String> {
    const WORDS: [&str; 8] =
        ["ALTER", "CREATE", "GRANT", "REVOKE", "DROP", "SET PASSWORD", "SET DEFAULT", "RENAME"];
    let all = received(lab, users).into_iter();
    let writes = all.filter(|sql| WORDS.iter().any(|word| sql.starts_with(word)));
    writes.map(|sql| elided(&sql)).collect()
}

/// MySQL writes `<secret>` by itself, and quotes such a statement anew; of MariaDB's hashes we do.
fn elided(sql: &str) -> String {
    let mut text = sql.replace("<secret>", "'...'").replace("\\\"", "\"");
    while let Some(start) = text.find("'*") {
        let end = start + 2 + text[start + 2..].find('\'').unwrap() + 1;
        text.replace_range(start..end, "'...'");
    }
    text
}
