//! A server, the local Secrets Manager and a function, for one test.

use std::{
    sync::{
        Arc, OnceLock,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use local_aws::{
    LambdaBuilder, LambdaFunction, LocalSecretsManager,
    secrets_manager::{Operation, RotationOutcome, RotationRecord, RotationSettings, Settings},
};
use serde_json::{Value, json};
use tempfile::TempDir;
use test_servers::{ElastiCacheDouble, TestLogin, ValkeyAnswer, ValkeyProduct, ValkeyServer};

/// What a master needs, and no more.
pub(crate) const MASTER_RULES: [&str; 5] = ["-@all", "+acl|getuser", "+acl|setuser", "+acl|save", "+role"];

/// The server of this kind that the tests share. Each test has users of its own.
pub(crate) fn shared(product: ValkeyProduct) -> &'static ValkeyServer {
    static SERVERS: [OnceLock<ValkeyServer>; 2] = [OnceLock::new(), OnceLock::new()];
    let start = || ValkeyServer::builder(product).start().expect("the set-up script provides the server");
    SERVERS[product as usize].get_or_init(start)
}

/// A name of its own with a password.
pub(crate) fn fresh(what: &str) -> TestLogin {
    static COUNT: AtomicUsize = AtomicUsize::new(1);
    let number = COUNT.fetch_add(1, Ordering::Relaxed);
    TestLogin { username: format!("{what}{number}"), password: format!("canary-first-{what}-{number:08}") }
}

/// Creates a user with these rules, and saves it where the server has a file.
pub(crate) fn create(server: &ValkeyServer, login: &TestLogin, rules: &[&str]) {
    let password = format!(">{}", login.password);
    let words = [&["ACL", "SETUSER", &login.username, "on", &password], rules].concat();
    assert_eq!(server.command(&words).unwrap(), ValkeyAnswer::Text("OK".into()));
    server.command(&["ACL", "SAVE"]).unwrap();
}

/// A secret with its function. Dropping it ends both.
pub(crate) struct Scene {
    pub(crate) store: LocalSecretsManager,
    pub(crate) function: LambdaFunction,
    builder: LambdaBuilder,
    pub(crate) secret: String,
    pub(crate) user: TestLogin,
    _folder: TempDir,
}

/// What a scene is made from.
pub(crate) struct Plan<'a> {
    pub(crate) server: &'a ValkeyServer,
    /// Its own certificate authority, or another one.
    pub(crate) authority: String,
    /// Changes of the secret.
    pub(crate) document: Value,
    /// Settings of the function.
    pub(crate) settings: Vec<(&'static str, String)>,
    /// Further fields of the master secret.
    pub(crate) master: Value,
    pub(crate) attempts: u32,
}

impl<'a> Plan<'a> {
    pub(crate) fn at(server: &'a ValkeyServer) -> Self {
        Self {
            server,
            authority: server.authority().certificate_pem().to_owned(),
            document: json!({}),
            settings: Vec::new(),
            master: json!({}),
            attempts: 1,
        }
    }

    pub(crate) fn document(self, document: Value) -> Self {
        Self { document, ..self }
    }

    pub(crate) fn master(self, master: Value) -> Self {
        Self { master, ..self }
    }

    pub(crate) fn attempts(self, attempts: u32) -> Self {
        Self { attempts, ..self }
    }

    pub(crate) fn setting(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.settings.push((name, value.into()));
        self
    }

    /// A user of the server and its master, rotated by `valkey_master_user`.
    pub(crate) async fn own(self) -> Scene {
        let (user, master) = (fresh("app"), fresh("master"));
        create(self.server, &user, &["~app:*", "-@all", "+get", "+set", "+ping"]);
        create(self.server, &master, &MASTER_RULES);
        self.own_with(user, master).await
    }

    /// The same, for users that are there already or deliberately are not.
    pub(crate) async fn own_with(self, user: TestLogin, master: TestLogin) -> Scene {
        let store = self.store().await;
        let master = merged(self.login(&master), &self.master).to_string();
        let master = store.create_secret("cache/master", &master).unwrap();
        let mut document = self.login(&user);
        document["masterarn"] = json!(master);
        let program = env!("CARGO_BIN_EXE_valkey_master_user");
        self.scene(store, program, user, document)
    }

    /// A user of the double, rotated by `elasticache_single_user`.
    pub(crate) async fn managed(self, double: &ElastiCacheDouble) -> Scene {
        let user = fresh("cached");
        let arn = double.create_user(&format!("id-{}", user.username), &user).unwrap();
        self.managed_at(&double.endpoint(), user, &arn).await
    }

    /// A user of the service at this URL.
    pub(crate) async fn managed_at(self, endpoint: &str, user: TestLogin, arn: &str) -> Scene {
        let document = json!({"username": user.username, "password": user.password, "user_arn": arn});
        let plan = self.setting("AWS_ENDPOINT_URL", endpoint);
        let store = plan.store().await;
        plan.scene(store, env!("CARGO_BIN_EXE_elasticache_single_user"), user, document)
    }

    async fn store(&self) -> LocalSecretsManager {
        let rotation = RotationSettings {
            attempts: self.attempts,
            pause: Duration::from_millis(5),
            ..RotationSettings::default()
        };
        LocalSecretsManager::start(Settings { rotation, ..Settings::default() }).await.unwrap()
    }

    fn login(&self, login: &TestLogin) -> Value {
        json!({
            "engine": "valkey", "host": self.server.host(), "port": self.server.port(),
            "username": login.username, "password": login.password, "ssl": true,
        })
    }

    fn scene(self, store: LocalSecretsManager, program: &str, user: TestLogin, document: Value) -> Scene {
        let folder = tempfile::tempdir().unwrap();
        let authority = folder.path().join("authority.pem");
        std::fs::write(&authority, &self.authority).unwrap();
        let mut builder: LambdaBuilder = LambdaFunction::builder(program)
            .env("SECRETS_MANAGER_ENDPOINT", store.endpoint())
            .env("TLS_CA_BUNDLE", authority.to_str().unwrap())
            .log_format("JSON");
        for (name, value) in &self.settings {
            builder = builder.env(*name, value.clone());
        }
        let function = builder.clone().build().unwrap();
        store.register(function.arn(), Arc::new(function.clone()));
        let secret = store.create_secret("cache/app", &merged(document, &self.document).to_string()).unwrap();
        Scene { store, function, builder, secret, user, _folder: folder }
    }
}

fn merged(mut document: Value, changes: &Value) -> Value {
    for (name, value) in changes.as_object().unwrap() {
        document[name] = value.clone();
    }
    document.as_object_mut().unwrap().retain(|_, value| !value.is_null());
    document
}

impl Scene {
    pub(crate) async fn rotate(&self) -> RotationRecord {
        let version = self.store.rotate(&self.secret, self.function.arn()).unwrap();
        self.store.wait_for_rotation(&self.secret, &version, Duration::from_mins(2)).await.unwrap()
    }

    /// Rotates again with the token of a rotation that has failed. It must succeed.
    pub(crate) async fn resumed(&self) {
        let version = self.pending();
        let request = json!({"SecretId": self.secret, "ClientRequestToken": version});
        self.store.call_inside(Operation::RotateSecret, request).unwrap();
        let record = self.store.wait_for_rotation(&self.secret, &version, Duration::from_mins(2)).await;
        assert_eq!(record.unwrap().outcome, Some(RotationOutcome::Succeeded), "{}", self.function.output());
    }

    fn pending(&self) -> String {
        let mut stages = self.store.stages(&self.secret).unwrap().into_iter();
        let found = stages.find(|(_, labels)| labels.iter().any(|label| label == "AWSPENDING"));
        found.expect("a version is pending").0
    }

    /// A rotation that must succeed.
    pub(crate) async fn rotated(&self) -> RotationRecord {
        let record = self.rotate().await;
        assert_eq!(record.outcome, Some(RotationOutcome::Succeeded), "{}", self.function.output());
        record
    }

    /// The code with which a rotation ends, and the step; nothing may have changed.
    pub(crate) async fn refused(&self, server: &ValkeyServer) -> (String, &'static str) {
        let before = list_of(server, &self.user.username);
        let record = self.rotate().await;
        let step = record.steps().last().unwrap();
        let error = step.error.as_ref().unwrap_or_else(|| panic!("it succeeded: {}", self.function.output()));
        assert_eq!(list_of(server, &self.user.username), before, "nothing is changed");
        assert!(!self.function.output().contains("canary-"), "no value is printed");
        (error.error_type.clone(), step.step)
    }

    /// Lets another process of the same function serve from now on.
    pub(crate) fn replace_process(&mut self) -> LambdaFunction {
        let other = self.builder.clone().build().unwrap();
        assert_eq!(other.arn(), self.function.arn());
        self.store.register(other.arn(), Arc::new(other.clone()));
        std::mem::replace(&mut self.function, other)
    }

    /// `CancelRotateSecret`, and the removal of AWSPENDING that AWS asks for after it.
    pub(crate) fn cancel(&self) {
        let version = self.pending();
        let request = json!({"SecretId": self.secret});
        self.store.call_inside(Operation::CancelRotateSecret, request).unwrap();
        let request = json!({"SecretId": self.secret, "VersionStage": "AWSPENDING",
            "RemoveFromVersionId": version});
        self.store.call_inside(Operation::UpdateSecretVersionStage, request).unwrap();
    }

    /// The login of a version.
    pub(crate) fn login(&self, stage: &str) -> TestLogin {
        let value: Value = serde_json::from_str(&self.store.value(&self.secret, stage).unwrap()).unwrap();
        let text = |name: &str| value[name].as_str().unwrap().to_owned();
        TestLogin { username: text("username"), password: text("password") }
    }

    /// Stores this document as AWSCURRENT, as an operator does.
    pub(crate) fn put(&self, change: &Value) {
        let value: Value =
            serde_json::from_str(&self.store.value(&self.secret, "AWSCURRENT").unwrap()).unwrap();
        let request = json!({"SecretId": self.secret, "SecretString": merged(value, change).to_string(),
            "ClientRequestToken": format!("put-{:032}", fastrand::u64(..))});
        self.store.call_inside(Operation::PutSecretValue, request).unwrap();
    }

    /// The log lines of the function that have this field.
    pub(crate) fn lines(&self, field: &str) -> Vec<Value> {
        let output = self.function.output();
        let lines = output.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
        lines.filter(|line| line.get(field).is_some()).collect()
    }
}

/// What the server answers about a user: its rules and the hashes of its passwords.
pub(crate) fn list_of(server: &ValkeyServer, user: &str) -> Option<ValkeyAnswer> {
    server.command(&["ACL", "GETUSER", user]).ok()
}

/// How often logins of this user were refused, as far as the server's log of them reaches.
pub(crate) fn refusals_of(server: &ValkeyServer, user: &str) -> u64 {
    server.refused_logins(user).unwrap()
}
