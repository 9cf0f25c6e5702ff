//! MongoDB's own server, also for DocumentDB.

use local_aws::BoxFuture;
use serde_json::{Value, json};
use test_servers::{DatabaseServer, DocdbQueryError, DocdbServer, TestLogin};

use super::{Ground, Opens, login_of, made, new_login, original};
use crate::failure::Failure;

/// The database in which users are defined.
const HOME: &str = "admin";
/// `AuthenticationFailed`.
const REFUSED: i64 = 18;
/// `Unauthorized`.
const DENIED: i64 = 13;

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

    async fn work(&self, login: &TestLogin, commands: Vec<Value>) -> Result<Opens, Failure> {
        match self.server.commands_as(login, HOME, original(&login.username), commands).await {
            Ok(_) => Ok(Opens::Works),
            Err(DocdbQueryError { code: Some(REFUSED), .. }) => Ok(Opens::Refused),
            Err(DocdbQueryError { code: Some(DENIED), .. }) => Ok(Opens::Denied(DENIED.to_string())),
            Err(error) => Err(error.into()),
        }
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
            let document = self.server.document(&login);
            made(&self.make(&document, 0).await?)?;
            Ok(document)
        })
    }

    fn master(&self) -> Value {
        self.server.document(&self.master)
    }

    fn opens<'a>(&'a self, document: &'a Value) -> BoxFuture<'a, Result<Opens, Failure>> {
        Box::pin(async {
            let login = login_of(document);
            let work = vec![json!({"find": "orders", "limit": 1}), json!({"find": "made", "limit": 1})];
            self.work(&login, work).await
        })
    }

    fn make<'a>(&'a self, document: &'a Value, number: usize) -> BoxFuture<'a, Result<Opens, Failure>> {
        Box::pin(async move {
            let login = login_of(document);
            let make = json!({"insert": "made", "documents": [{"number": number}]});
            self.work(&login, vec![make]).await
        })
    }

    fn setting<'a>(&'a self, _: &'a Value) -> BoxFuture<'a, Result<Option<usize>, Failure>> {
        Box::pin(async { Ok(None) })
    }

    fn add_namesake<'a>(&'a self, username: &'a str) -> BoxFuture<'a, Result<(), Failure>> {
        Box::pin(async move {
            let login = TestLogin { username: username.to_owned(), ..new_login("namesake") };
            Ok(self.server.create_user(HOME, &login, json!([])).await?)
        })
    }

    fn users(&self) -> BoxFuture<'_, Result<String, Failure>> {
        Box::pin(async {
            let users = self.server.command(HOME, json!({"usersInfo": 1, "showCredentials": true})).await?;
            Ok(users["users"].to_string())
        })
    }

    fn connections(&self) -> BoxFuture<'_, Result<Option<usize>, Failure>> {
        Box::pin(async { Ok(None) })
    }

    fn server(&self) -> &dyn DatabaseServer {
        &self.server
    }
}
