//! A user, its master, and the way to them, for one test.

use std::sync::atomic::{AtomicUsize, Ordering};

use database_net::TlsSettings;
use rotation_core::SecretDocument;
use rotation_database::{ConnectError, Engine, Login, PairOwner, Plan, Session, StatementError, Transport};
use rotation_suites::EngineScene;
use rotator_docdb::{DocumentDb, DocumentDbSession};
use serde_json::{Value, json};
use test_servers::{DocdbProduct, DocdbProxy, DocdbQueryError, DocdbServer, MongoVersion, TestLogin};

pub(crate) use rotation_suites::{deadline, owner, owner_named};

/// Where users are defined unless a secret names another database.
pub(crate) const HOME: &str = "admin";

/// MongoDB's own servers, which store a mark on clones.
pub(crate) fn server() -> &'static DocdbServer {
    shared(DocdbProduct::MongoDb(MongoVersion::V6_0))
}

pub(crate) fn shared(product: DocdbProduct) -> &'static DocdbServer {
    DocdbServer::shared(product).expect("the set-up script provides the server")
}

/// MongoDB's versions that are on this machine.
pub(crate) fn versions() -> impl Iterator<Item = MongoVersion> {
    let all = [MongoVersion::V4_4, MongoVersion::V5_0, MongoVersion::V6_0];
    all.into_iter().filter(|version| version.left_out().is_none())
}

/// Runs the commands of a hint as they stand, as an administrator does, and returns their number. A command
/// in `try` may fail, where the role exists.
pub(crate) async fn run_as_it_stands(server: &DocdbServer, hint: &str) -> usize {
    let mut count = 0;
    let parts: Vec<_> = hint.split("db.getSiblingDB(").collect();
    for (before, part) in parts.iter().zip(parts.iter().skip(1)) {
        let (home, rest) = part.split_once(").runCommand(").expect("a command of the shell");
        let home: String = serde_json::from_str(home).expect("a name as JSON");
        let command = serde_json::Deserializer::from_str(rest).into_iter::<Value>().next();
        let outcome = server.command(&home, command.unwrap().expect("a command as JSON")).await;
        let exists = matches!(&outcome, Err(DocdbQueryError { code: Some(51002), .. }));
        assert!(outcome.is_ok() || exists && before.ends_with("try { "), "{outcome:?}");
        count += 1;
    }
    count
}

pub(crate) fn fresh(what: &str) -> TestLogin {
    static COUNT: AtomicUsize = AtomicUsize::new(1);
    let number = COUNT.fetch_add(1, Ordering::Relaxed);
    TestLogin { username: format!("{what}{number}"), password: format!("first-password-of-{what}-{number}") }
}

/// A user that may work in a database of its own name and change its own password.
pub(crate) async fn create_app(home: &str) -> Result<TestLogin, DocdbQueryError> {
    create_app_at(server(), home).await
}

pub(crate) async fn create_app_at(server: &DocdbServer, home: &str) -> Result<TestLogin, DocdbQueryError> {
    let app = fresh("app");
    create_app_as(server, home, &app).await?;
    Ok(app)
}

pub(crate) async fn create_app_as(
    server: &DocdbServer,
    home: &str,
    app: &TestLogin,
) -> Result<(), DocdbQueryError> {
    // The names of roles and databases are fixed, whatever the user's name.
    let name = fresh("role").username;
    let privilege = json!({"resource": {"db": home, "collection": ""}, "actions": ["changeOwnPassword"]});
    let role = json!({"createRole": name, "privileges": [privilege], "roles": []});
    server.command(home, role).await?;
    let database = if app.username.starts_with("app") { app.username.clone() } else { name.clone() };
    let roles = json!([{"role": "readWrite", "db": database}, {"role": name, "db": home}]);
    server.create_user(home, app, roles).await
}

/// A user that may administer users and nothing else.
pub(crate) async fn create_master_at(server: &DocdbServer) -> Result<TestLogin, DocdbQueryError> {
    let master = fresh("master");
    let roles = json!([{"role": "userAdminAnyDatabase", "db": HOME}]);
    server.create_user(HOME, &master, roles).await?;
    Ok(master)
}

pub(crate) fn engine() -> DocumentDb {
    engine_for(server())
}

/// One that trusts this server.
pub(crate) fn engine_for(server: &DocdbServer) -> DocumentDb {
    let tls = TlsSettings::default().with_ca_bundle(server.authority().certificate_pem()).unwrap();
    DocumentDb::new(tls)
}

pub(crate) fn login_at(port: u16, login: &TestLogin) -> Login {
    let document = json!({"engine": "docdb", "host": "localhost", "port": port,
        "username": login.username, "password": login.password});
    let document = SecretDocument::parse(&document.to_string()).unwrap();
    Login::from_document(&document, &DocumentDb::PROFILE).unwrap()
}

pub(crate) async fn connect(login: &Login) -> Result<DocumentDbSession, ConnectError> {
    engine().connect(login, Transport::Tls, deadline()).await
}

/// Whether the server lets this user in, checked with MongoDB's own client.
pub(crate) async fn opens(login: &TestLogin, home: &str) -> bool {
    opens_at(server(), login, home).await
}

async fn opens_at(server: &DocdbServer, login: &TestLogin, home: &str) -> bool {
    match server.commands_as(login, home, home, vec![json!({"connectionStatus": 1})]).await {
        Ok(_) => true,
        Err(DocdbQueryError { code: Some(18), .. }) => false,
        Err(error) => panic!("{error}"),
    }
}

/// A pair, its master, and a recording proxy.
pub(crate) struct Lab {
    pub(crate) server: &'static DocdbServer,
    pub(crate) recorder: DocdbProxy,
    pub(crate) home: String,
    pub(crate) app: TestLogin,
    pub(crate) master: TestLogin,
    /// The secret on whose behalf the pair is changed.
    pub(crate) owner: PairOwner,
}

impl Lab {
    pub(crate) async fn new() -> Self {
        Self::at(HOME).await
    }

    /// The pair's users are defined in this database; the master's never are.
    pub(crate) async fn at(home: &str) -> Self {
        let app = create_app(home).await.unwrap();
        Self::with_app(home, app).await
    }

    /// On a server that stores no mark.
    pub(crate) async fn without_marks() -> Self {
        let server = shared(DocdbProduct::SecantusDb);
        let app = create_app_at(server, HOME).await.unwrap();
        Self::of(server, HOME, app).await
    }

    /// On this version of MongoDB's own server.
    pub(crate) async fn on(version: MongoVersion) -> Self {
        Self::started(shared(DocdbProduct::MongoDb(version))).await
    }

    pub(crate) async fn started(server: &'static DocdbServer) -> Self {
        let app = create_app_at(server, HOME).await.unwrap();
        Self::of(server, HOME, app).await
    }

    pub(crate) async fn with_app(home: &str, app: TestLogin) -> Self {
        Self::of(server(), home, app).await
    }

    pub(crate) async fn of(server: &'static DocdbServer, home: &str, app: TestLogin) -> Self {
        let recorder = DocdbProxy::start(server).unwrap();
        let master = create_master_at(server).await.unwrap();
        Self { server, recorder, home: home.to_owned(), app, master, owner: owner() }
    }

    pub(crate) async fn opens(&self, login: &TestLogin) -> bool {
        opens_at(self.server, login, &self.home).await
    }

    /// What the server stores of operators' data, and the mark, with a user.
    pub(crate) async fn custom_data(&self, username: &str) -> Value {
        self.server.user(&self.home, username).await.unwrap()["customData"].take()
    }

    pub(crate) async fn set_custom_data(&self, username: &str, data: Value) {
        let set = json!({"updateUser": username, "customData": data});
        self.server.command(&self.home, set).await.unwrap();
    }

    /// The user gives itself another password.
    pub(crate) async fn change_own(&self, new: &str) -> Result<Vec<String>, StatementError> {
        self.stage_own(&self.app, new).await?.commit().await.map(|report| report.notes)
    }

    /// The lines of a plan of the user's own change.
    pub(crate) async fn planned_own(&self) -> Plan {
        self.plan_own(&self.app, "a-password-that-is-planned").await.unwrap()
    }

    /// Roles, sorted.
    pub(crate) async fn roles(&self, username: &str) -> Vec<String> {
        let user = self.server.user(&self.home, username).await.unwrap();
        let mut roles: Vec<_> =
            user["roles"].as_array().into_iter().flatten().map(Value::to_string).collect();
        roles.sort();
        roles
    }

    /// Both users, credentials included: a refusal must leave them as they are.
    pub(crate) async fn snapshot(&self) -> String {
        let mut all = String::new();
        for name in [&self.app.username, &self.clone().username, &self.master.username] {
            for home in [&self.home, HOME] {
                let question = json!({"usersInfo": {"user": name, "db": home}, "showCredentials": true});
                all += &self.server.command(home, question).await.unwrap().to_string();
            }
        }
        all
    }
}
