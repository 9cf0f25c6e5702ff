//! A user, its master, and the way to them, for one test.

use std::{
    collections::BTreeMap,
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use database_tls::TlsSettings;
use rotation_core::{
    Deadline, SecretDocument, SecretId,
    database::{
        Change, ConnectError, Credentials, Engine, Login, PairOwner, Password, SecretIdentity, Session,
        StatementError, Transport, Turn, UserPair, Username,
    },
};
use rotation_testkit::{DocdbQueryError, DocdbServer, DocdbWitness, TestLogin, WitnessAction};
use rotator_docdb::{DocumentDb, DocumentDbSession};
use serde_json::{Value, json};

/// Where users are defined unless a secret says otherwise.
pub(crate) const HOME: &str = "admin";

pub(crate) fn server() -> &'static DocdbServer {
    DocdbServer::shared().expect("scripts/setup-docdb provides the server")
}

pub(crate) fn fresh(what: &str) -> TestLogin {
    static COUNT: AtomicUsize = AtomicUsize::new(1);
    let number = COUNT.fetch_add(1, Ordering::Relaxed);
    TestLogin { username: format!("{what}{number}"), password: format!("first-password-of-{what}-{number}") }
}

/// A user that may work in a database of its own name and change its own password.
pub(crate) async fn create_app(home: &str) -> Result<TestLogin, DocdbQueryError> {
    let app = fresh("app");
    create_app_as(home, &app).await?;
    Ok(app)
}

pub(crate) async fn create_app_as(home: &str, app: &TestLogin) -> Result<(), DocdbQueryError> {
    // Names of roles and databases are ours, whatever the user is named.
    let name = fresh("role").username;
    let privilege = json!({"resource": {"db": home, "collection": ""}, "actions": ["changeOwnPassword"]});
    let role = json!({"createRole": name, "privileges": [privilege], "roles": []});
    server().command(home, role).await?;
    let database = if app.username.starts_with("app") { app.username.clone() } else { name.clone() };
    let roles = json!([{"role": "readWrite", "db": database}, {"role": name, "db": home}]);
    server().create_user(home, app, roles).await
}

/// A user that may administer users and nothing else.
pub(crate) async fn create_master() -> Result<TestLogin, DocdbQueryError> {
    let master = fresh("master");
    let roles = json!([{"role": "userAdminAnyDatabase", "db": HOME}]);
    server().create_user(HOME, &master, roles).await?;
    Ok(master)
}

pub(crate) fn deadline() -> Deadline {
    Deadline::after(Duration::from_secs(20))
}

pub(crate) fn engine() -> DocumentDb {
    let tls = TlsSettings::default().with_ca_bundle(server().authority().certificate_pem()).unwrap();
    DocumentDb::new(tls)
}

pub(crate) fn username(name: &str) -> Username {
    Username::parse(name, &DocumentDb::PROFILE).unwrap()
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

/// Whether the server lets this user in, by the testkit's own client.
pub(crate) async fn opens(login: &TestLogin, home: &str) -> bool {
    match server().commands_as(login, home, home, vec![json!({"connectionStatus": 1})]).await {
        Ok(_) => true,
        Err(DocdbQueryError { code: Some(18), .. }) => false,
        Err(error) => panic!("{error}"),
    }
}

/// A pair, its master, and a witness that reads along.
pub(crate) struct Lab {
    pub(crate) witness: DocdbWitness,
    pub(crate) home: String,
    pub(crate) app: TestLogin,
    pub(crate) master: TestLogin,
    /// On whose behalf the pair is changed.
    pub(crate) owner: PairOwner,
}

/// What a server that keeps `customData` would hold, by user.
#[derive(Clone, Default)]
pub(crate) struct CustomData(Arc<Mutex<BTreeMap<String, Value>>>);

impl CustomData {
    pub(crate) fn of(&self, username: &str) -> Value {
        self.0.lock().unwrap().get(username).cloned().unwrap_or_default()
    }

    pub(crate) fn set(&self, username: &str, data: Value) {
        self.0.lock().unwrap().insert(username.to_owned(), data);
    }

    /// Takes a command about `customData` alone, which the server refuses as one without content.
    fn take(&self, command: &Value) -> WitnessAction {
        let others = ["pwd", "roles", "mechanisms", "authenticationRestrictions"];
        match (command["updateUser"].as_str(), command.get("customData")) {
            (Some(name), Some(data)) if others.iter().all(|other| command.get(other).is_none()) => {
                self.set(name, data.clone());
                WitnessAction::Answer(json!({"ok": 1}))
            }
            _ => WitnessAction::Pass,
        }
    }

    /// Keeps what commands write that the server took, and adds it to what the server tells of users.
    pub(crate) fn play(&self, command: &Value, reply: Option<&Value>) -> WitnessAction {
        let Some(reply) = reply else { return self.take(command) };
        let named = ["createUser", "updateUser"].iter().find_map(|kind| command[kind].as_str());
        let taken = reply["ok"].as_f64() == Some(1.0);
        if let (Some(name), Some(data), true) = (named, command.get("customData"), taken) {
            self.set(name, data.clone());
        }
        if !reply["users"][0].is_object() {
            return WitnessAction::Pass;
        }
        let mut reply = reply.clone();
        for user in reply["users"].as_array_mut().unwrap() {
            let data = self.of(user["user"].as_str().unwrap());
            if data.is_object() {
                user["customData"] = data;
            }
        }
        WitnessAction::Answer(reply)
    }
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

    pub(crate) async fn with_app(home: &str, app: TestLogin) -> Self {
        let witness = DocdbWitness::start(server()).unwrap();
        Self { witness, home: home.to_owned(), app, master: create_master().await.unwrap(), owner: owner() }
    }

    /// The server keeps `customData`, as MongoDB does.
    pub(crate) fn keep_custom_data(&self) -> CustomData {
        let data = CustomData::default();
        self.keep(&data);
        data
    }

    /// The same again, with what it holds.
    pub(crate) fn keep(&self, data: &CustomData) {
        let data = data.clone();
        self.witness.set_script(move |command, reply| data.play(command, reply));
    }

    pub(crate) fn clone(&self) -> TestLogin {
        TestLogin {
            username: format!("{}_clone", self.app.username),
            password: format!("clone-{}", self.app.password),
        }
    }

    pub(crate) fn pair(&self) -> UserPair {
        UserPair::of(&username(&self.app.username), &DocumentDb::PROFILE).unwrap()
    }

    /// A user of the pair logs in, by way of the witness.
    pub(crate) async fn connect(&self, login: &TestLogin) -> Result<DocumentDbSession, ConnectError> {
        let home = Some(self.home.clone());
        let login = login_at(self.witness.port(), login);
        connect(&Login { home: home.clone(), database: home, ..login }).await
    }

    pub(crate) async fn connect_master(&self) -> Result<DocumentDbSession, ConnectError> {
        let login = login_at(self.witness.port(), &self.master);
        connect(&Login { database: Some(self.home.clone()), ..login }).await
    }

    pub(crate) async fn stage(&self, next: &TestLogin) -> Result<DocumentDbSession, StatementError> {
        let pair = self.pair();
        let credentials = Credentials {
            username: username(&next.username),
            password: Password::parse(&next.password).unwrap(),
        };
        let live = pair.other(&credentials.username);
        let mut session = self.connect_master().await.unwrap();
        session
            .stage(
                &Change::OtherUser {
                    pair: &pair,
                    live,
                    next: &credentials,
                    owner: &self.owner,
                    method: None,
                },
                &Turn::default(),
                deadline(),
            )
            .await?;
        Ok(session)
    }

    /// How much of the clone had to be corrected.
    pub(crate) async fn drift_to(&self, next: &TestLogin) -> usize {
        self.stage(next).await.unwrap().commit().await.unwrap().drift
    }

    pub(crate) async fn rotate_to(&self, next: &TestLogin) -> Result<Vec<String>, StatementError> {
        self.stage(next).await?.commit().await.map(|committed| committed.notes)
    }

    /// The user gives itself another password.
    pub(crate) async fn change_own(&self, new: &str) -> Result<Vec<String>, StatementError> {
        let new = Password::parse(new).unwrap();
        let mut session = self.connect(&self.app).await.unwrap();
        session.stage(&Change::OwnPassword { new: &new }, &Turn::default(), deadline()).await?;
        session.commit().await.map(|committed| committed.notes)
    }

    /// Roles, sorted.
    pub(crate) async fn roles(&self, username: &str) -> Vec<String> {
        let user = server().user(&self.home, username).await.unwrap();
        let mut roles: Vec<_> =
            user["roles"].as_array().into_iter().flatten().map(Value::to_string).collect();
        roles.sort();
        roles
    }

    /// Both users, credentials included: what a refusal must leave as it is.
    pub(crate) async fn snapshot(&self) -> String {
        let mut all = String::new();
        for name in [&self.app.username, &self.clone().username, &self.master.username] {
            for home in [&self.home, HOME] {
                let question = json!({"usersInfo": {"user": name, "db": home}, "showCredentials": true});
                all += &server().command(home, question).await.unwrap().to_string();
            }
        }
        all
    }
}

/// The secret on whose behalf the tests change a pair.
pub(crate) fn owner() -> PairOwner {
    owner_named("shop/checkout")
}

/// Another secret of the same account.
pub(crate) fn owner_named(name: &str) -> PairOwner {
    let arn = format!("arn:aws:secretsmanager:us-east-1:123456789012:secret:{name}-KpXkZF");
    PairOwner { secret: SecretIdentity::from_secret(&SecretId::new(&arn).unwrap()), adopt: false }
}
