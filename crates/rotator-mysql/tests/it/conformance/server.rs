//! A MySQL or MariaDB server as the conformance suite needs it.

use std::{
    collections::BTreeMap,
    sync::{Mutex, OnceLock},
};

use rotation_suites::{Database, DatabaseError, Owner, Tenant};
use serde_json::{Value, json};
use test_servers::{
    DatabaseServer, Logins, MysqlFlavor, MysqlQueryError, MysqlServer, MysqlVersion, TestLogin,
};

use crate::{
    alternating::rights,
    fixture::{at, create_master},
};

/// The server that all tests of one version share.
pub(super) struct Server {
    server: &'static MysqlServer,
    /// Users that were locked, with their logins until then: the server's log does not show that it refused
    /// them.
    locked: Mutex<BTreeMap<String, usize>>,
}

impl Server {
    pub(super) fn shared(version: MysqlVersion) -> Self {
        let server = MysqlServer::shared(version);
        let server = server.expect("scripts/setup-mysql and setup-mariadb provide the servers");
        Self { server, locked: Mutex::default() }
    }

    fn document(&self, login: &TestLogin) -> Value {
        json!({
            "engine": match self.server.flavor() {
                MysqlFlavor::MySql => "mysql",
                MysqlFlavor::MariaDb => "mariadb",
            },
            "host": self.server.host(),
            "port": self.server.port(),
            "username": login.username,
            "password": login.password,
        })
    }

    async fn admin(&self, statements: &[String]) -> Result<(), DatabaseError> {
        let statements: Vec<_> = statements.iter().map(String::as_str).collect();
        self.server.execute(&statements).await.map_err(DatabaseError::new)
    }
}

impl Database for Server {
    const TEST_QUERY: &'static str = "SELECT COUNT(*) FROM information_schema.tables;";
    const REFUSED_STATEMENT: &'static str = "SELECT * FROM mysql.user AS never_to_be_written_down";

    fn server(&self) -> &dyn DatabaseServer {
        self.server
    }

    fn owners(&self) -> Vec<(Owner, &'static str)> {
        match self.server.flavor() {
            MysqlFlavor::MySql => vec![(Owner::Instance, "mysql"), (Owner::Cluster, "aurora-mysql")],
            MysqlFlavor::MariaDb => vec![(Owner::Instance, "mariadb")],
        }
    }

    async fn create_tenant(&self) -> Result<Tenant, DatabaseError> {
        let app =
            self.server.create_user("WITH MAX_USER_CONNECTIONS 50").await.map_err(DatabaseError::new)?;
        let master = create_master(self.server).await;
        let (user, role) = (at(&app.username, "%"), format!("'{}_group'", app.username));
        let database = format!("`{}`", app.username);
        let mut statements = vec![
            format!("CREATE DATABASE {database}"),
            format!("CREATE TABLE {database}.ledger (amount INT)"),
            format!("CREATE TABLE {database}.archive (n INT, m INT)"),
            format!("CREATE ROLE {role}"),
            format!("GRANT SELECT (n) ON {database}.archive TO {role}"),
            format!("GRANT {role} TO {user}"),
            format!("GRANT SELECT, INSERT, CREATE, DROP ON {database}.* TO {user}"),
        ];
        statements.push(match self.server.flavor() {
            MysqlFlavor::MySql => format!("ALTER USER {user} DEFAULT ROLE {role}"),
            MysqlFlavor::MariaDb => format!("SET DEFAULT ROLE {role} FOR {user}"),
        });
        if self.server.flavor() == MysqlFlavor::MariaDb {
            statements.push(format!("GRANT {role} TO {} WITH ADMIN OPTION", at(&master.username, "%")));
        }
        self.admin(&statements).await?;
        Ok(Tenant {
            clone: format!("{}_clone", app.username),
            document: self.document(&app),
            master: self.document(&master),
        })
    }

    async fn opens(&self, document: &Value) -> Result<bool, DatabaseError> {
        let text = |field: &str| document[field].as_str().unwrap_or_default().to_owned();
        let login = TestLogin { username: text("username"), password: text("password") };
        let owner = login.username.trim_end_matches("_clone");
        let work = [
            format!("INSERT INTO `{owner}`.ledger VALUES (1)"),
            format!("SELECT n FROM `{owner}`.archive"),
            "SELECT 1".to_owned(),
        ];
        // The master has no data.
        let known =
            self.server.query(&format!("SHOW DATABASES LIKE '{owner}'")).await.map_err(DatabaseError::new)?;
        let work = if known.is_empty() { &work[2..] } else { &work[..] };
        let work: Vec<_> = work.iter().map(String::as_str).collect();
        match self.server.query_as(&login, &work).await {
            Ok(_) => Ok(true),
            Err(MysqlQueryError { code: Some(1045), .. }) => Ok(false),
            Err(error) => Err(DatabaseError::new(error)),
        }
    }

    async fn rights(&self, _: &Tenant, username: &str) -> Result<String, DatabaseError> {
        Ok(rights(self.server, username).await)
    }

    async fn set_password(&self, username: &str, password: &str) -> Result<(), DatabaseError> {
        let password = password.replace('\\', "\\\\").replace('\'', "''");
        self.admin(&[format!("ALTER USER {} IDENTIFIED BY '{password}'", at(username, "%"))]).await
    }

    fn elsewhere(&self) -> Result<Self, DatabaseError> {
        static SECOND: [OnceLock<MysqlServer>; 2] = [OnceLock::new(), OnceLock::new()];
        let flavor = self.server.flavor();
        let second = &SECOND[usize::from(flavor == MysqlFlavor::MariaDb)];
        let start = || MysqlServer::builder(flavor).start().expect("a second server starts");
        Ok(Self { server: second.get_or_init(start), locked: Mutex::default() })
    }

    async fn add_user(&self, login: &TestLogin, is_master: bool) -> Result<(), DatabaseError> {
        let (user, password) = (at(&login.username, "%"), login.password.replace('\'', "''"));
        let mut statements = vec![format!("CREATE USER {user} IDENTIFIED BY '{password}'")];
        if is_master {
            statements.push(format!("GRANT ALL ON *.* TO {user} WITH GRANT OPTION"));
        }
        self.admin(&statements).await
    }

    async fn give(&self, tenant: &Tenant, username: &str) -> Result<(), DatabaseError> {
        let database = tenant.original();
        let make = format!("CREATE TABLE `{database}`.given (n INT)");
        let give = format!("GRANT UPDATE (n) ON `{database}`.given TO {}", at(username, "%"));
        self.admin(&[make, give]).await
    }

    async fn has_user(&self, username: &str) -> Result<bool, DatabaseError> {
        let sql = format!("SELECT 1 FROM mysql.user WHERE User = '{username}'");
        Ok(!self.server.query(&sql).await.map_err(DatabaseError::new)?.is_empty())
    }

    async fn drop_user(&self, _: &Tenant, username: &str) -> Result<(), DatabaseError> {
        self.admin(&[format!("DROP USER {}", at(username, "%"))]).await
    }

    async fn lock_user(&self, username: &str) -> Result<(), DatabaseError> {
        self.locked.lock().unwrap().insert(username.to_owned(), self.server.logins_of(username));
        self.admin(&[format!("ALTER USER {} ACCOUNT LOCK", at(username, "%"))]).await
    }

    fn logins(&self, username: &str) -> Logins {
        let seen = self.server.logins_of(username);
        let accepted = self.locked.lock().unwrap().get(username).map_or(seen, |until| seen.min(*until));
        Logins { accepted, refused: self.server.failed_logins_of(username) + seen - accepted }
    }
}
