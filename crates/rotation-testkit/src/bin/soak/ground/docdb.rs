//! DocumentDB, by a server that speaks the same protocol.

use rotation_testkit::{BoxFuture, DocdbQueryError, DocdbServer, TestLogin};
use serde_json::{Value, json};

use super::{Ground, login_of, new_login, original};
use crate::Failure;

/// Where users are defined.
const HOME: &str = "admin";
/// `AuthenticationFailed`.
const REFUSED: i64 = 18;

pub(super) struct DocumentDb {
    server: DocdbServer,
    master: TestLogin,
}

impl DocumentDb {
    pub(super) async fn start() -> Result<Self, Failure> {
        let server = DocdbServer::builder().start()?;
        let master = new_login("master");
        let change = json!({"resource": {"db": HOME, "collection": ""}, "actions": ["changeOwnPassword"]});
        let role = json!({"createRole": "self_service", "privileges": [change], "roles": []});
        server.command(HOME, role).await?;
        server.create_user(HOME, &master, json!([{"role": "userAdminAnyDatabase", "db": HOME}])).await?;
        Ok(Self { server, master })
    }

    fn document(&self, login: &TestLogin) -> Value {
        json!({
            "engine": "mongo", "host": self.server.host(), "port": self.server.port(),
            "username": login.username, "password": login.password, "ssl": true,
        })
    }
}

impl Ground for DocumentDb {
    fn user(&self) -> BoxFuture<'_, Result<Value, Failure>> {
        Box::pin(async {
            let login = new_login("app");
            let database = &login.username;
            self.server.command(database, json!({"insert": "orders", "documents": [{"_id": 1}]})).await?;
            let roles = json!([{"role": "readWrite", "db": database}, {"role": "self_service", "db": HOME}]);
            self.server.create_user(HOME, &login, roles).await?;
            Ok(self.document(&login))
        })
    }

    fn master(&self) -> Value {
        self.document(&self.master)
    }

    fn opens<'a>(&'a self, document: &'a Value) -> BoxFuture<'a, Result<bool, Failure>> {
        Box::pin(async {
            let login = login_of(document);
            let work = vec![json!({"find": "orders", "limit": 1})];
            match self.server.commands_as(&login, HOME, original(&login.username), work).await {
                Ok(_) => Ok(true),
                Err(DocdbQueryError { code: Some(REFUSED), .. }) => Ok(false),
                Err(error) => Err(error.into()),
            }
        })
    }

    fn connections(&self) -> BoxFuture<'_, Result<Option<usize>, Failure>> {
        Box::pin(async { Ok(None) })
    }

    fn authority_pem(&self) -> &str {
        self.server.authority().certificate_pem()
    }
}
