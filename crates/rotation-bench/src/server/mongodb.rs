//! MongoDB's own server, also for DocumentDB.

use std::sync::Arc;

use local_aws::BoxFuture;
use serde_json::{Value, json};
use test_servers::{DatabaseServer, DocdbServer, Logins, TestAuthority, TestLogin};
use uuid::Uuid;

use super::RotatedServer;
use crate::failure::Failure;

/// The database in which users are defined.
const HOME: &str = "admin";
/// A role with the right to change the own password.
const SELF_SERVICE: &str = "self_service";

pub(super) struct MongoDb {
    server: DocdbServer,
    master: TestLogin,
}

impl MongoDb {
    pub(super) async fn start(authority: Arc<TestAuthority>) -> Result<Self, Failure> {
        let server = DocdbServer::builder().authority(authority).start()?;
        let resource = json!({"db": HOME, "collection": ""});
        let privilege = json!({"resource": resource, "actions": ["changeOwnPassword"]});
        let role = json!({"createRole": SELF_SERVICE, "privileges": [privilege], "roles": []});
        server.command(HOME, role).await?;
        let master = new_login("master");
        server.create_user(HOME, &master, json!([{"role": "userAdminAnyDatabase", "db": HOME}])).await?;
        Ok(Self { server, master })
    }
}

impl RotatedServer for MongoDb {
    fn create_user(&self) -> BoxFuture<'_, Result<TestLogin, Failure>> {
        Box::pin(async {
            let login = new_login("app");
            let work = json!({"role": "readWrite", "db": "shop"});
            let roles = json!([work, {"role": SELF_SERVICE, "db": HOME}]);
            self.server.create_user(HOME, &login, roles).await?;
            Ok(login)
        })
    }

    fn grant<'a>(&'a self, username: &'a str, count: u32) -> BoxFuture<'a, Result<(), Failure>> {
        Box::pin(async move {
            let roles = (0..count).map(|n| json!({"role": "read", "db": format!("many{n}")}));
            let grant = json!({"grantRolesToUser": username, "roles": roles.collect::<Vec<_>>()});
            self.server.command(HOME, grant).await?;
            Ok(())
        })
    }

    fn master(&self) -> &TestLogin {
        &self.master
    }

    fn database(&self) -> Option<&'static str> {
        None
    }

    fn log_in<'a>(&'a self, login: &'a TestLogin) -> BoxFuture<'a, Result<(), Failure>> {
        Box::pin(async {
            self.server.commands_as(login, HOME, HOME, vec![json!({"ping": 1})]).await?;
            Ok(())
        })
    }

    fn logins_of(&self, username: &str) -> Logins {
        let log = self.server.log();
        let of_user = |message: &str| {
            let lines = log.lines().filter(|line| line.contains(message) && line.contains(username));
            let entries = lines.filter_map(|line| serde_json::from_str::<Value>(line).ok());
            entries.filter(|entry| is_about(entry, message, username)).count()
        };
        Logins { accepted: of_user("Authentication succeeded"), refused: of_user("Authentication failed") }
    }

    fn server(&self) -> &dyn DatabaseServer {
        &self.server
    }
}

fn is_about(entry: &Value, message: &str, username: &str) -> bool {
    let user = entry["attr"].get("principalName").or_else(|| entry["attr"].get("user"));
    entry["msg"] == message && user.is_some_and(|user| user == username)
}

fn new_login(prefix: &str) -> TestLogin {
    let (id, password) = (Uuid::new_v4().simple().to_string(), Uuid::new_v4().simple().to_string());
    TestLogin { username: format!("{prefix}_{}", &id[..12]), password }
}
