//! MySQL and MariaDB in the local environment.

use std::{collections::BTreeSet, sync::Arc};

use anyhow::Result;
use local_aws::BoxFuture;
use rotation_cli::{EngineKind, Screen};
use test_servers::{DatabaseServer, MysqlFlavor, MysqlServer, TestLogin};

use super::{
    server::{Access, Continuity, Finding, Ledger, Logins, Server, Users, new_login},
    shop::{CLONE, DATABASE, MASTER, OWNER, REPORTING},
};

/// What an RDS master has and may grant, as far as both servers know it.
const MASTER_RIGHTS: &str = "SELECT, INSERT, UPDATE, DELETE, CREATE, DROP, RELOAD, PROCESS, REFERENCES, \
    INDEX, ALTER, SHOW DATABASES, CREATE TEMPORARY TABLES, LOCK TABLES, EXECUTE, REPLICATION SLAVE, \
    REPLICATION CLIENT, CREATE VIEW, SHOW VIEW, CREATE ROUTINE, ALTER ROUTINE, CREATE USER, EVENT, TRIGGER";

/// Starts the server that the setup script has unpacked.
///
/// # Errors
/// It is not there, or it does not start.
pub(super) fn start(engine: EngineKind, screen: &Screen) -> Result<Arc<dyn Server>> {
    let flavor = match engine {
        EngineKind::Mariadb => MysqlFlavor::MariaDb,
        _ => MysqlFlavor::MySql,
    };
    let server = screen.during(&format!("{flavor} starts"), || MysqlServer::builder(flavor).start())?;
    Ok(Arc::new(server))
}

impl Server for MysqlServer {
    fn server(&self) -> &dyn DatabaseServer {
        self
    }

    fn populate(&self) -> BoxFuture<'_, Result<Users>> {
        Box::pin(async {
            let users =
                Users { master: new_login(MASTER), reporting: new_login(REPORTING), owner: new_login(OWNER) };
            let create = |login: &TestLogin, options: &str| {
                format!("CREATE USER '{}'@'%' IDENTIFIED BY '{}' {options}", login.username, login.password)
            };
            let mut statements = vec![
                format!("CREATE DATABASE {DATABASE}"),
                format!("CREATE TABLE {DATABASE}.purchases (id INT PRIMARY KEY, item VARCHAR(20) NOT NULL)"),
                format!("INSERT INTO {DATABASE}.purchases VALUES (1, 'tea'), (2, 'cake')"),
                format!("CREATE TABLE {DATABASE}.customers (id INT PRIMARY KEY, name TEXT, card TEXT)"),
                create(&users.master, ""),
                create(&users.reporting, ""),
                create(&users.owner, "WITH MAX_USER_CONNECTIONS 50"),
                "CREATE ROLE cashier".to_owned(),
                format!("GRANT SELECT (id, name) ON {DATABASE}.customers TO cashier"),
                format!("GRANT cashier TO {OWNER}"),
                format!("GRANT SELECT ON {DATABASE}.* TO {REPORTING}"),
                format!("GRANT CREATE, ALTER ON {DATABASE}.* TO {OWNER}"),
                format!("GRANT SELECT, INSERT, UPDATE, ALTER ON {DATABASE}.purchases TO {OWNER}"),
                format!("GRANT {MASTER_RIGHTS} ON *.* TO {MASTER} WITH GRANT OPTION"),
            ];
            statements.extend(match self.flavor() {
                MysqlFlavor::MySql => vec![
                    format!("ALTER USER {OWNER} DEFAULT ROLE cashier"),
                    format!(
                        "GRANT CREATE ROLE, DROP ROLE, ROLE_ADMIN, APPLICATION_PASSWORD_ADMIN, \
                         SET_ANY_DEFINER, SYSTEM_VARIABLES_ADMIN, XA_RECOVER_ADMIN ON *.* TO {MASTER} \
                         WITH GRANT OPTION"
                    ),
                    // With it a user may keep its old password in addition to the new one.
                    format!("GRANT APPLICATION_PASSWORD_ADMIN ON *.* TO {REPORTING}"),
                ],
                MysqlFlavor::MariaDb => vec![
                    format!("SET DEFAULT ROLE cashier FOR {OWNER}"),
                    format!("GRANT cashier TO {MASTER} WITH ADMIN OPTION"),
                    format!("GRANT DELETE HISTORY ON *.* TO {MASTER} WITH GRANT OPTION"),
                ],
            });
            let statements: Vec<_> = statements.iter().map(String::as_str).collect();
            self.execute(&statements).await?;
            Ok(users)
        })
    }

    /// For a user that does not exist MySQL invents a way to check passwords, so that clients cannot tell;
    /// not every client supports that way.
    fn try_login<'a>(&'a self, login: &'a TestLogin) -> BoxFuture<'a, Access> {
        Box::pin(async {
            let known = format!("SELECT 1 FROM mysql.user WHERE User = '{}'", login.username);
            if self.query(&known).await.is_ok_and(|rows| rows.is_empty()) {
                return Access::Nobody;
            }
            match self.try_login(login).await {
                Ok(()) => Access::LogsIn,
                Err(error) => Access::Refused(error.code.map_or(error.message, |code| code.to_string())),
            }
        })
    }

    fn logins(&self) -> Logins {
        let mut logins = Logins::default();
        for user in [MASTER, REPORTING, OWNER, CLONE] {
            logins.accepted += self.logins_of(user);
            logins.refused.insert(user.to_owned(), self.failed_logins_of(user));
        }
        logins
    }

    fn ledger(&self) -> Ledger {
        Ledger::Log
    }

    fn log_title(&self) -> &'static str {
        match self.flavor() {
            MysqlFlavor::MySql => "MySQL's logs (every statement, every change)",
            MysqlFlavor::MariaDb => "MariaDB's logs (every statement, every change)",
        }
    }

    fn continuity(&self) -> Continuity {
        match self.flavor() {
            MysqlFlavor::MySql => Continuity::TwoPasswords,
            MysqlFlavor::MariaDb => Continuity::OnePassword,
        }
    }

    fn rights(&self) -> Vec<String> {
        vec![
            format!("{CLONE} reads and alters the table of {OWNER}"),
            format!("{CLONE} has the grants of {OWNER}, no more and no fewer"),
        ]
    }

    fn inspect<'a>(&'a self, clone: &'a TestLogin) -> BoxFuture<'a, Vec<Finding>> {
        Box::pin(async { vec![works(self, clone).await, same_grants(self).await] })
    }
}

async fn works(server: &MysqlServer, clone: &TestLogin) -> Finding {
    let statements = [
        format!("ALTER TABLE {DATABASE}.purchases ADD COLUMN paid BOOLEAN"),
        format!("CREATE TABLE {DATABASE}.refunds (id INT PRIMARY KEY)"),
        // By the role, which has to be active after a login.
        format!("SELECT name FROM {DATABASE}.customers"),
        format!("SELECT id FROM {DATABASE}.purchases"),
    ];
    let statements: Vec<_> = statements.iter().map(String::as_str).collect();
    let rows = server.query_as(clone, &statements).await.map_err(|error| error.to_string())?.len();
    let found = format!("read {rows} rows, altered it and made another");
    if rows == 2 { Ok(found) } else { Err(found) }
}

async fn same_grants(server: &MysqlServer) -> Finding {
    let (owner, clone) = (grants(server, OWNER).await?, grants(server, CLONE).await?);
    let different: Vec<_> = owner.symmetric_difference(&clone).map(String::as_str).collect();
    if different.is_empty() { Ok(format!("{} the same", owner.len())) } else { Err(different.join("; ")) }
}

/// In the server's form, without the name of the user and the stored form of its password.
async fn grants(server: &MysqlServer, user: &str) -> Result<BTreeSet<String>, String> {
    let rows = server.query(&format!("SHOW GRANTS FOR '{user}'@'%'")).await;
    let rows = rows.map_err(|error| error.to_string())?;
    // A role without privileges, by which the function recognizes its own pairs on MariaDB.
    let mark = "GRANT `rotation:";
    let lines = rows.into_iter().flatten().flatten().filter(|line| !line.starts_with(mark)).map(|line| {
        let line = line.split(" IDENTIFIED BY ").next().unwrap_or_default();
        line.replace(&format!("`{user}`@"), "`user`@")
    });
    Ok(lines.collect())
}
