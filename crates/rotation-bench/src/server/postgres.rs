//! PostgreSQL.

use std::sync::Arc;

use local_aws::BoxFuture;
use test_servers::{DatabaseServer, Logins, PostgresServer, PostgresVersion, TestAuthority, TestLogin};

use super::{RotatedServer, many_grants};
use crate::failure::Failure;

const DATABASE: &str = "postgres";

pub(super) struct Postgres {
    server: PostgresServer,
    master: TestLogin,
}

impl Postgres {
    pub(super) async fn start(authority: Arc<TestAuthority>) -> Result<Self, Failure> {
        let version =
            *PostgresVersion::available().last().ok_or("no PostgreSQL here: run scripts/setup-postgres")?;
        let server = PostgresServer::builder(version).authority(authority).start()?;
        let master = server.create_role_named("master", "CREATEROLE").await?;
        Ok(Self { server, master })
    }
}

impl RotatedServer for Postgres {
    fn create_user(&self) -> BoxFuture<'_, Result<TestLogin, Failure>> {
        Box::pin(async {
            let login = self.server.create_role("").await?;
            if self.server.version() >= PostgresVersion::V16 {
                let (user, master) = (&login.username, &self.master.username);
                let grant = format!("GRANT {user} TO {master} WITH ADMIN OPTION");
                self.server.execute(DATABASE, &grant).await?;
            }
            Ok(login)
        })
    }

    fn grant<'a>(&'a self, username: &'a str, count: u32) -> BoxFuture<'a, Result<(), Failure>> {
        Box::pin(async move { Ok(self.server.execute("postgres", &many_grants(username, count)).await?) })
    }

    fn master(&self) -> &TestLogin {
        &self.master
    }

    fn database(&self) -> Option<&'static str> {
        Some(DATABASE)
    }

    fn log_in<'a>(&'a self, login: &'a TestLogin) -> BoxFuture<'a, Result<(), Failure>> {
        Box::pin(async { Ok(self.server.try_login(login, DATABASE).await?) })
    }

    /// This program's own logins name themselves.
    fn logins_of(&self, username: &str) -> Logins {
        let log = self.server.log();
        let begins = format!("connection authorized: user={username} ");
        let lines = log.lines().filter(|line| line.contains(&begins));
        let accepted = lines.filter(|line| !line.contains("application_name=test-servers")).count();
        let refused = self.server.failed_logins();
        Logins { accepted, refused: refused.iter().filter(|login| login.username == username).count() }
    }

    fn server(&self) -> &dyn DatabaseServer {
        &self.server
    }
}
