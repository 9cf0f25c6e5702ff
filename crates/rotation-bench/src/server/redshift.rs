//! The stand-in for Redshift: PostgreSQL behind a guard of Redshift's grammar. Its times are not Redshift's.

use local_aws::BoxFuture;
use test_servers::{DatabaseServer, Logins, RedshiftServer, TestLogin};

use super::{RotatedServer, many_grants};
use crate::failure::Failure;

pub(super) struct Redshift {
    server: RedshiftServer,
    master: TestLogin,
}

impl Redshift {
    pub(super) async fn start() -> Result<Self, Failure> {
        let server = RedshiftServer::start()?;
        let master = server.behind().create_role_named("master", "SUPERUSER").await?;
        Ok(Self { server, master })
    }
}

impl RotatedServer for Redshift {
    fn create_user(&self) -> BoxFuture<'_, Result<TestLogin, Failure>> {
        Box::pin(async { Ok(self.server.behind().create_role("").await?) })
    }

    fn grant<'a>(&'a self, username: &'a str, count: u32) -> BoxFuture<'a, Result<(), Failure>> {
        Box::pin(
            async move { Ok(self.server.behind().execute("postgres", &many_grants(username, count)).await?) },
        )
    }

    fn master(&self) -> &TestLogin {
        &self.master
    }

    fn database(&self) -> Option<&'static str> {
        Some("postgres")
    }

    fn log_in<'a>(&'a self, login: &'a TestLogin) -> BoxFuture<'a, Result<(), Failure>> {
        Box::pin(async {
            if self.server.knows(login).await? { Ok(()) } else { Err("AWSCURRENT is refused".into()) }
        })
    }

    fn logins_of(&self, username: &str) -> Logins {
        let (accepted, refused) = self.server.logins_of(username);
        Logins { accepted, refused }
    }

    fn server(&self) -> &dyn DatabaseServer {
        &self.server
    }
}
