//! MongoDB for the demo, and for DocumentDB as well, which cannot be started outside AWS.

use std::sync::Arc;

use anyhow::{Context, Result};
use local_aws::BoxFuture;
use rotation_cli::Screen;
use serde_json::{Value, json};
use test_servers::{DatabaseServer, DocdbProduct, DocdbProxy, DocdbServer, MongoVersion, TestLogin};

use super::{
    server::{Access, Continuity, Finding, Ledger, Logins, Server, Users, new_login},
    shop::{CLONE, DATABASE, MASTER, OWNER, REPORTING},
};

/// Where users are defined.
const HOME: &str = "admin";
const PRODUCT: DocdbProduct = DocdbProduct::MongoDb(MongoVersion::V6_0);
/// The functions reach the server through the relay, which counts their logins.
struct Docdb {
    relay: DocdbProxy,
    server: DocdbServer,
}

/// Starts the server that the setup script has installed.
///
/// # Errors
/// It is not there, or it does not start.
pub(super) fn start(screen: &Screen) -> Result<Arc<dyn Server>> {
    let start = || DocdbServer::builder().product(PRODUCT).start();
    let server = screen.during(&format!("{PRODUCT} starts"), start)?;
    let relay = DocdbProxy::start(&server).context("no port for the relay")?;
    Ok(Arc::new(Docdb { relay, server }))
}

impl Server for Docdb {
    fn server(&self) -> &dyn DatabaseServer {
        &self.server
    }

    fn port(&self) -> u16 {
        self.relay.port()
    }

    fn document(&self, login: &TestLogin) -> Value {
        let mut document = self.server.document(login);
        document["port"] = Value::from(self.relay.port());
        document
    }

    /// The master administers users and is not root.
    fn populate(&self) -> BoxFuture<'_, Result<Users>> {
        Box::pin(async {
            let server = &self.server;
            let users =
                Users { master: new_login(MASTER), reporting: new_login(REPORTING), owner: new_login(OWNER) };
            let change =
                json!({"resource": {"db": HOME, "collection": ""}, "actions": ["changeOwnPassword"]});
            let role = json!({"createRole": "self_service", "privileges": [change], "roles": []});
            server.command(HOME, role).await?;
            let purchases = json!([{"_id": 1, "item": "tea"}, {"_id": 2, "item": "cake"}]);
            server.command(DATABASE, json!({"insert": "purchases", "documents": purchases})).await?;
            let administer = json!([{"role": "userAdminAnyDatabase", "db": HOME}]);
            server.create_user(HOME, &users.master, administer).await?;
            let read = json!([{"role": "read", "db": DATABASE}, {"role": "self_service", "db": HOME}]);
            server.create_user(HOME, &users.reporting, read).await?;
            let work = json!([{"role": "readWrite", "db": DATABASE}, {"role": "read", "db": "catalogue"}]);
            server.create_user(HOME, &users.owner, work).await?;
            Ok(users)
        })
    }

    fn try_login<'a>(&'a self, login: &'a TestLogin) -> BoxFuture<'a, Access> {
        Box::pin(async {
            let who = json!({"connectionStatus": 1});
            match self.server.commands_as(login, HOME, HOME, vec![who]).await {
                Ok(_) => Access::LogsIn,
                Err(error) => {
                    Access::Refused(error.code.map_or(error.message, |code| format!("code {code}")))
                }
            }
        })
    }

    fn logins(&self) -> Logins {
        let mut logins = Logins::default();
        for user in [MASTER, REPORTING, OWNER, CLONE] {
            let counted = self.relay.logins(user);
            logins.accepted += counted.accepted;
            logins.refused.insert(user.to_owned(), counted.refused);
        }
        logins
    }

    fn ledger(&self) -> Ledger {
        Ledger::Relay
    }

    fn log_title(&self) -> &'static str {
        "MongoDB's log"
    }

    fn continuity(&self) -> Continuity {
        Continuity::OnePassword
    }

    fn rights(&self) -> Vec<String> {
        vec![
            format!("{CLONE} reads and writes the collection of {OWNER}"),
            format!("{CLONE} has the roles of {OWNER}, no more and no fewer"),
        ]
    }

    fn inspect<'a>(&'a self, clone: &'a TestLogin) -> BoxFuture<'a, Vec<Finding>> {
        Box::pin(async { vec![works(&self.server, clone).await, same_roles(&self.server).await] })
    }
}

async fn works(server: &DocdbServer, clone: &TestLogin) -> Finding {
    let work = vec![
        json!({"insert": "purchases", "documents": [{"_id": 3, "item": "milk"}]}),
        json!({"find": "purchases"}),
    ];
    let reply = server.commands_as(clone, HOME, DATABASE, work).await.map_err(|error| error.to_string())?;
    let count = reply["cursor"]["firstBatch"].as_array().map_or(0, Vec::len);
    let found = format!("added 1 and read {count}");
    if count == 3 { Ok(found) } else { Err(found) }
}

async fn same_roles(server: &DocdbServer) -> Finding {
    let (owner, clone) = (roles(server, OWNER).await?, roles(server, CLONE).await?);
    if owner == clone && !owner.is_empty() {
        Ok(format!("{} the same", owner.len()))
    } else {
        Err(format!("{} instead of {}", clone.join(", "), owner.join(", ")))
    }
}

async fn roles(server: &DocdbServer, user: &str) -> Result<Vec<String>, String> {
    let user = server.user(HOME, user).await.map_err(|error| error.to_string())?;
    let mut roles: Vec<_> = user["roles"].as_array().into_iter().flatten().map(Value::to_string).collect();
    roles.sort();
    Ok(roles)
}
