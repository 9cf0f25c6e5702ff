//! PostgreSQL in the local environment.

use std::sync::Arc;

use anyhow::Result;
use local_aws::BoxFuture;
use rotation_cli::Screen;
use test_servers::{DatabaseServer, PostgresServer, PostgresVersion, QueryError, TestLogin};

use super::{
    server::{Access, Continuity, Finding, Ledger, Logins, Server, Users, new_login},
    shop::{CLONE, DATABASE, MASTER, OWNER, REPORTING},
};

/// Starts the newest version that this machine has.
///
/// # Errors
/// There is none, or it does not start.
pub(super) fn start(screen: &Screen) -> Result<Arc<dyn Server>> {
    let version = PostgresVersion::available().pop().unwrap_or(PostgresVersion::V18);
    let server = screen.during(&format!("{version} starts"), || PostgresServer::builder(version).start())?;
    Ok(Arc::new(server))
}

impl Server for PostgresServer {
    fn server(&self) -> &dyn DatabaseServer {
        self
    }

    /// The master is like the one that RDS gives its customers: no superuser, but CREATEROLE. It creates the
    /// user that it will clone, because from PostgreSQL 16 that makes it the user's administrator.
    fn populate(&self) -> BoxFuture<'_, Result<Users>> {
        Box::pin(async {
            self.execute("postgres", &format!("CREATE DATABASE {DATABASE}")).await?;
            let master = self.create_role_named(MASTER, "CREATEROLE").await?;
            let reporting = self.create_role_named(REPORTING, "").await?;
            self.query_as(&master, DATABASE, &format!("CREATE ROLE {OWNER} LOGIN")).await?;
            let owner = new_login(OWNER);
            let schema = format!(
                "ALTER ROLE {OWNER} PASSWORD '{}'; CREATE SCHEMA sales AUTHORIZATION {OWNER}; \
                 CREATE SCHEMA reports AUTHORIZATION {REPORTING}",
                owner.password
            );
            self.execute(DATABASE, &schema).await?;
            let table = "CREATE TABLE sales.purchases (id int PRIMARY KEY, item text NOT NULL); \
                INSERT INTO sales.purchases VALUES (1, 'tea'), (2, 'cake')";
            self.query_as(&owner, DATABASE, table).await?;
            Ok(Users { master, reporting, owner })
        })
    }

    fn try_login<'a>(&'a self, login: &'a TestLogin) -> BoxFuture<'a, Access> {
        Box::pin(async {
            match self.try_login(login, DATABASE).await {
                Ok(()) => Access::LogsIn,
                Err(error) => Access::Refused(error.code.unwrap_or(error.message)),
            }
        })
    }

    fn logins(&self) -> Logins {
        let accepted = self.log().lines().filter(|line| line.contains("connection authorized: ")).count();
        let mut logins = Logins { accepted, ..Logins::default() };
        for login in self.failed_logins() {
            *logins.refused.entry(format!("{} ({})", login.username, login.code)).or_default() += 1;
        }
        logins
    }

    fn ledger(&self) -> Ledger {
        Ledger::Log
    }

    fn log_title(&self) -> &'static str {
        "PostgreSQL's log (every statement)"
    }

    fn continuity(&self) -> Continuity {
        Continuity::OnePassword
    }

    fn rights(&self) -> Vec<String> {
        vec![
            format!("{CLONE} reads and alters the table of {OWNER}"),
            format!("{CLONE} owns nothing, not even what it made"),
        ]
    }

    fn inspect<'a>(&'a self, clone: &'a TestLogin) -> BoxFuture<'a, Vec<Finding>> {
        Box::pin(async { vec![works(self, clone).await, owns_nothing(self).await] })
    }
}

async fn works(server: &PostgresServer, clone: &TestLogin) -> Finding {
    let work = async |sql: &str| first(server.query_as(clone, DATABASE, sql).await);
    let rows = work("SELECT count(*) FROM sales.purchases").await?;
    work("ALTER TABLE sales.purchases ADD COLUMN paid boolean").await?;
    work("CREATE TABLE sales.refunds (id int PRIMARY KEY)").await?;
    let found = format!("read {rows} rows, altered it and made another");
    if rows == "2" { Ok(found) } else { Err(found) }
}

async fn owns_nothing(server: &PostgresServer) -> Finding {
    let owned = format!(
        "SELECT count(*) FROM pg_shdepend d JOIN pg_roles r ON r.oid = d.refobjid \
         WHERE d.refclassid = 'pg_authid'::regclass AND d.deptype = 'o' AND r.rolname = '{CLONE}'"
    );
    let count = first(server.query(DATABASE, &owned).await)?;
    let found = format!("{count} found");
    if count == "0" { Ok(found) } else { Err(found) }
}

fn first(rows: Result<Vec<Vec<Option<String>>>, QueryError>) -> Result<String, String> {
    let rows = rows.map_err(|error| error.to_string())?;
    Ok(rows.into_iter().flatten().flatten().next().unwrap_or_default())
}
