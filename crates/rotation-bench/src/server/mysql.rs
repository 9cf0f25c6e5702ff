//! MySQL and MariaDB.

use std::sync::Arc;

use local_aws::BoxFuture;
use test_servers::{
    DatabaseServer, Logins, MysqlFlavor, MysqlServer, MysqlVersion, TestAuthority, TestLogin,
};
use uuid::Uuid;

use super::RotatedServer;
use crate::failure::Failure;

/// What users may do in their database.
const USER_RIGHTS: &str = "SELECT, INSERT, UPDATE, DELETE";
const DATABASE: &str = "shop";

pub(super) struct MySql {
    server: MysqlServer,
    master: TestLogin,
}

impl MySql {
    pub(super) async fn start(version: MysqlVersion, authority: Arc<TestAuthority>) -> Result<Self, Failure> {
        let server = MysqlServer::builder(version).authority(authority).start()?;
        let master = server.create_user("").await?;
        let name = &master.username;
        let more = match version.flavor() {
            MysqlFlavor::MySql => "ROLE_ADMIN, SYSTEM_VARIABLES_ADMIN, APPLICATION_PASSWORD_ADMIN",
            MysqlFlavor::MariaDb => "DELETE HISTORY",
        };
        let rights = [
            format!(
                "GRANT {USER_RIGHTS}, CREATE, CREATE USER, RELOAD, PROCESS ON *.* TO {name} WITH GRANT OPTION"
            ),
            format!("GRANT {more} ON *.* TO {name} WITH GRANT OPTION"),
        ];
        server.execute(&[&format!("CREATE DATABASE {DATABASE}"), &rights[0], &rights[1]]).await?;
        Ok(Self { server, master })
    }
}

impl RotatedServer for MySql {
    fn create_user(&self) -> BoxFuture<'_, Result<TestLogin, Failure>> {
        Box::pin(async {
            let (id, password) = (Uuid::new_v4().simple().to_string(), Uuid::new_v4().simple().to_string());
            // AWS's functions for MySQL take at most 16 characters, `_clone` included.
            let login = TestLogin { username: format!("app_{}", &id[..6]), password };
            let (name, password) = (&login.username, &login.password);
            let create = format!("CREATE USER '{name}'@'%' IDENTIFIED BY '{password}'");
            let grant = format!("GRANT {USER_RIGHTS} ON {DATABASE}.* TO {name}");
            self.server.execute(&[&create, &grant]).await?;
            Ok(login)
        })
    }

    /// With CREATE a grant may name a table that does not exist.
    fn grant<'a>(&'a self, username: &'a str, count: u32) -> BoxFuture<'a, Result<(), Failure>> {
        Box::pin(async move {
            let grant = |n: u32| format!("GRANT SELECT, CREATE ON many.t{n} TO {username}");
            let grants: Vec<_> = (0..count).map(grant).collect();
            Ok(self.server.execute(&grants.iter().map(String::as_str).collect::<Vec<_>>()).await?)
        })
    }

    fn master(&self) -> &TestLogin {
        &self.master
    }

    fn database(&self) -> Option<&'static str> {
        None
    }

    fn log_in<'a>(&'a self, login: &'a TestLogin) -> BoxFuture<'a, Result<(), Failure>> {
        Box::pin(async { Ok(self.server.try_login(login).await?) })
    }

    fn logins_of(&self, username: &str) -> Logins {
        let (accepted, refused) = (self.server.logins_of(username), self.server.failed_logins_of(username));
        Logins { accepted, refused }
    }

    fn server(&self) -> &dyn DatabaseServer {
        &self.server
    }
}
