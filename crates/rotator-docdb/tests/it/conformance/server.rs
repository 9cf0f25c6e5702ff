//! A server as the conformance suite needs it.

use std::sync::OnceLock;

use rotation_suites::{Database, DatabaseError, Owner, Tenant};
use serde_json::{Value, json};
use test_servers::{
    DatabaseServer, DocdbProduct, DocdbProxy, DocdbQueryError, DocdbServer, Logins, TestLogin,
};

use crate::fixture::{HOME, create_app_at, create_master_at};

/// A server that all tests share, with a recording proxy of its own: not every product logs its logins.
pub(super) struct Server {
    server: &'static DocdbServer,
    recorder: DocdbProxy,
}

impl Server {
    pub(super) fn shared(product: DocdbProduct) -> Self {
        let server = DocdbServer::shared(product).expect("the set-up script provides the server");
        let recorder = DocdbProxy::start(server).expect("loopback has a free port");
        Self { server, recorder }
    }

    fn document(&self, login: &TestLogin) -> Value {
        json!({
            "engine": "mongo",
            "host": self.server.host(),
            "port": self.recorder.port(),
            "username": login.username,
            "password": login.password,
            "ssl": true,
        })
    }
}

impl Database for Server {
    // A user that may not log in is answered like a wrong password.
    const LOCKS_USERS: bool = false;
    // Commands are neither transactional nor locked.
    const CHANGES_WAIT: bool = false;
    const LISTS_MEMBERS: bool = true;
    const TEST_QUERY: &'static str = r#"{"ping": 1}"#;
    const REFUSED_STATEMENT: &'static str = r#"{"find": "never_to_be_written_down"}"#;

    fn server(&self) -> &dyn DatabaseServer {
        self.server
    }

    /// By `customData`, which `SecantusDB` does not store.
    fn marks_pairs(&self) -> bool {
        self.server.product() != DocdbProduct::SecantusDb
    }

    fn owners(&self) -> Vec<(Owner, &'static str)> {
        vec![(Owner::Cluster, "docdb")]
    }

    /// As in a managed service, the master administers users and is not root.
    async fn create_tenant(&self) -> Result<Tenant, DatabaseError> {
        let app = create_app_at(self.server, HOME).await.map_err(DatabaseError::new)?;
        let master = create_master_at(self.server).await.map_err(DatabaseError::new)?;
        Ok(Tenant {
            clone: format!("{}_clone", app.username),
            document: self.document(&app),
            master: self.document(&master),
        })
    }

    async fn opens(&self, document: &Value) -> Result<bool, DatabaseError> {
        let text = |field: &str| document[field].as_str().unwrap_or_default().to_owned();
        let login = TestLogin { username: text("username"), password: text("password") };
        let database = login.username.trim_end_matches("_clone");
        let work = if login.username.starts_with("master") {
            vec![json!({"usersInfo": login.username})]
        } else {
            vec![
                json!({"insert": "orders", "documents": [{"amount": 1}]}),
                json!({"find": "orders", "limit": 1}),
            ]
        };
        match self.server.commands_as(&login, HOME, database, work).await {
            // A second application, with another driver.
            Ok(_) => self.server.driver_opens(&login, HOME).map_err(DatabaseError::new),
            Err(DocdbQueryError { code: Some(18), .. }) => Ok(false),
            Err(error) => Err(DatabaseError::new(error)),
        }
    }

    async fn rights(&self, _: &Tenant, username: &str) -> Result<String, DatabaseError> {
        let user = self.server.user(HOME, username).await.map_err(DatabaseError::new)?;
        let lines = |field: &str| {
            let mut lines: Vec<_> =
                user[field].as_array().into_iter().flatten().map(Value::to_string).collect();
            lines.sort();
            lines.join("\n")
        };
        Ok(format!("{}\n{}", lines("roles"), lines("mechanisms")))
    }

    async fn set_password(&self, username: &str, password: &str) -> Result<(), DatabaseError> {
        let set = json!({"updateUser": username, "pwd": password});
        self.server.command(HOME, set).await.map(drop).map_err(DatabaseError::new)
    }

    fn port(&self) -> u16 {
        self.recorder.port()
    }

    fn elsewhere(&self) -> Result<Self, DatabaseError> {
        static SECOND: OnceLock<DocdbServer> = OnceLock::new();
        let start = || DocdbServer::builder().product(self.server.product()).start();
        let server = SECOND.get_or_init(|| start().expect("a second server starts"));
        Ok(Self { server, recorder: DocdbProxy::start(server).map_err(DatabaseError::new)? })
    }

    async fn add_user(&self, login: &TestLogin, is_master: bool) -> Result<(), DatabaseError> {
        let role = if is_master { "userAdminAnyDatabase" } else { "readWrite" };
        let database = if is_master { "admin" } else { "elsewhere" };
        let roles = json!([{"role": role, "db": database}]);
        let create = json!({"createUser": login.username, "pwd": login.password, "roles": roles});
        self.server.command(HOME, create).await.map(drop).map_err(DatabaseError::new)
    }

    async fn give(&self, _: &Tenant, username: &str) -> Result<(), DatabaseError> {
        let grant = json!({"grantRolesToUser": username, "roles": [{"role": "read", "db": "given"}]});
        self.server.command(HOME, grant).await.map(drop).map_err(DatabaseError::new)
    }

    async fn has_user(&self, username: &str) -> Result<bool, DatabaseError> {
        let user = self.server.user(HOME, username).await.map_err(DatabaseError::new)?;
        Ok(!user.is_null())
    }

    async fn drop_user(&self, _: &Tenant, username: &str) -> Result<(), DatabaseError> {
        let drop = json!({"dropUser": username});
        self.server.command(HOME, drop).await.map(std::mem::drop).map_err(DatabaseError::new)
    }

    async fn lock_user(&self, _: &str) -> Result<(), DatabaseError> {
        Err(DatabaseError::new("this server has no locked users"))
    }

    fn logins(&self, username: &str) -> Logins {
        self.recorder.logins(username)
    }

    fn log(&self) -> String {
        // The server logs no logins, so the recorder's lines are used instead.
        self.server.log() + &self.recorder.log()
    }
}
