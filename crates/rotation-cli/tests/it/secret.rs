//! `rotate secret` against the local Secrets Manager and a real PostgreSQL.

use rotation_aws::{AccessKey, Endpoint, SecretsManager};
use rotation_core::{SecretDocument, SecretId, SecretStore, StoreFault, VersionId};
use rotation_testkit::{
    LocalSecretsManager, PostgresServer, PostgresVersion, TestLogin,
    secrets_manager::{Operation, Settings},
};
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::command::{self, Run};

/// A secret of a user of its own.
struct World {
    service: LocalSecretsManager,
    server: &'static PostgresServer,
    database: String,
    user: TestLogin,
    /// Where the server's authority is.
    folder: TempDir,
}

const SECRET: &str = "app";

impl World {
    async fn new() -> Self {
        let version = PostgresVersion::available().pop().expect("run scripts/setup-postgres first");
        let server = PostgresServer::shared(version).unwrap();
        let service = LocalSecretsManager::start(Settings::default()).await.unwrap();
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("ca.pem"), server.authority().certificate_pem()).unwrap();
        let database = server.create_database().await.unwrap();
        let user = server.create_role("").await.unwrap();
        let world = Self { service, server, database, user, folder };
        world.service.create_secret(SECRET, &world.document(&world.user, &json!({}))).unwrap();
        world
    }

    fn document(&self, login: &TestLogin, more: &Value) -> String {
        let mut document = json!({
            "engine": "postgres", "host": self.server.host(), "port": self.server.port(), "ssl": true,
            "username": login.username, "password": login.password, "dbname": self.database,
        });
        document.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        document.to_string()
    }

    async fn rotate(&self, arguments: &[&str]) -> Run {
        self.rotate_with(arguments, &[]).await
    }

    async fn rotate_with(&self, arguments: &[&str], more: &[(&str, &str)]) -> Run {
        let (endpoint, authority) = (self.service.endpoint(), self.folder.path().join("ca.pem"));
        let arguments = [&["secret", SECRET, "--endpoint-url", &endpoint], arguments].concat();
        let mut environment = vec![
            ("AWS_ACCESS_KEY_ID", "local"),
            ("AWS_SECRET_ACCESS_KEY", "local"),
            ("AWS_REGION", "us-east-1"),
            ("TLS_CA_BUNDLE", authority.to_str().unwrap()),
        ];
        environment.extend(more);
        let run = command::run(&arguments, &environment).await;
        for label in ["AWSCURRENT", "AWSPENDING", "AWSPREVIOUS"] {
            if let Some(TestLogin { password, .. }) = self.login(label) {
                assert!(
                    !run.out.contains(&password) && !run.err.contains(&password),
                    "{}{}",
                    run.out,
                    run.err
                );
            }
        }
        run
    }

    fn login(&self, label: &str) -> Option<TestLogin> {
        let value: Value = serde_json::from_str(&self.service.value(SECRET, label).ok()?).unwrap();
        let text = |name: &str| value[name].as_str().unwrap().to_owned();
        Some(TestLogin { username: text("username"), password: text("password") })
    }

    async fn logs_in(&self, login: &TestLogin) -> bool {
        self.server.try_login(login, &self.database).await.is_ok()
    }

    fn holder(&self, label: &str) -> Option<String> {
        let stages = self.service.stages(SECRET).unwrap();
        stages
            .into_iter()
            .find(|(_, labels)| labels.iter().any(|own| own == label))
            .map(|(version, _)| version)
    }

    /// A version under AWSPENDING, as a rotation that stopped after createSecret leaves it.
    fn put_pending(&self, password: &str) -> String {
        let login = TestLogin { username: self.user.username.clone(), password: password.to_owned() };
        let token = uuid::Uuid::new_v4().to_string();
        let request = json!({
            "SecretId": SECRET, "ClientRequestToken": token, "VersionStages": ["AWSPENDING"],
            "SecretString": self.document(&login, &json!({})),
        });
        self.service.call_inside(Operation::PutSecretValue, request).unwrap();
        token
    }

    /// Nothing but the one version there was at the beginning.
    #[track_caller]
    fn expect_untouched(&self) {
        let stages: Vec<_> = self.service.stages(SECRET).unwrap().into_values().collect();
        assert_eq!(stages, [["AWSCURRENT"]]);
    }
}

#[tokio::test]
async fn a_single_user_gets_a_new_password_without_a_failed_login() {
    let world = World::new().await;
    let run = world.rotate(&["--yes"]).await;
    run.expect_code(0)
        .expect_out("single user: ")
        .expect_out("Logs in   AWSCURRENT")
        .expect_out("setSecret")
        .expect_out("and it logs in.");
    assert_eq!(world.server.failed_logins_of(&world.user.username), 0);
    let labels: Vec<_> = world.service.stages(SECRET).unwrap().into_values().collect();
    assert_eq!(labels.len(), 2);
    assert!(
        labels.contains(&vec!["AWSCURRENT".to_owned()]) && labels.contains(&vec!["AWSPREVIOUS".to_owned()])
    );
    assert!(world.logs_in(&world.login("AWSCURRENT").unwrap()).await);
    assert!(!world.logs_in(&world.user).await);
}

#[tokio::test]
async fn a_masterarn_means_alternating_users_and_the_live_user_keeps_its_password() {
    let world = World::new().await;
    let master = world.server.create_role("CREATEROLE").await.unwrap();
    let grant = format!("GRANT {} TO {} WITH ADMIN OPTION", world.user.username, master.username);
    world.server.execute("postgres", &grant).await.unwrap();
    let arn = world.service.create_secret("master", &world.document(&master, &json!({}))).unwrap();
    let request = json!({
        "SecretId": SECRET, "ClientRequestToken": uuid::Uuid::new_v4().to_string(),
        "SecretString": world.document(&world.user, &json!({"masterarn": arn})),
    });
    world.service.call_inside(Operation::PutSecretValue, request).unwrap();

    world.rotate(&["--yes"]).await.expect_code(0).expect_out("alternating users: ");
    let live = world.login("AWSCURRENT").unwrap();
    assert_eq!(live.username, format!("{}_clone", world.user.username));
    assert!(world.logs_in(&live).await && world.logs_in(&world.user).await);
}

#[tokio::test]
async fn nothing_is_written_where_nobody_can_agree() {
    let world = World::new().await;
    world.rotate(&[]).await.expect_code(1).expect_out("Makes ").expect_err("add --yes");
    world.expect_untouched();
}

#[tokio::test]
async fn a_rotation_left_after_setsecret_is_taken_up_with_its_own_version() {
    let world = World::new().await;
    let version = world.put_pending("half-way-0123456789");
    let change = format!("ALTER ROLE {} PASSWORD 'half-way-0123456789'", world.user.username);
    world.server.execute("postgres", &change).await.unwrap();

    let run = world.rotate(&["--yes", "--token", &version]).await;
    run.expect_code(0).expect_out("Logs in   AWSPENDING").expect_out("Takes up ");
    assert_eq!(world.holder("AWSCURRENT").as_ref(), Some(&version));
    assert!(world.logs_in(&world.login("AWSCURRENT").unwrap()).await);
    world.rotate(&["--yes", "--token", &version]).await.expect_code(0).expect_out("Nothing to do");
}

#[tokio::test]
async fn the_token_of_no_pending_version_is_refused() {
    let world = World::new().await;
    let token = uuid::Uuid::new_v4().to_string();
    world.rotate(&["--yes", "--token", &token]).await.expect_code(1).expect_err("is not AWSPENDING");
    world.expect_untouched();
}

#[tokio::test]
async fn a_secret_that_opens_nothing_is_left_alone_with_code_and_hint() {
    let world = World::new().await;
    let change = format!("ALTER ROLE {} PASSWORD 'somebody else changed it'", world.user.username);
    world.server.execute("postgres", &change).await.unwrap();
    world.rotate(&["--yes"]).await.expect_code(1).expect_err("code: ").expect_err("hint: ");
    world.expect_untouched();
}

#[tokio::test]
async fn a_server_of_an_unknown_authority_is_not_written_to() {
    let world = World::new().await;
    let run = world.rotate_with(&["--yes"], &[("TLS_CA_BUNDLE", "")]).await;
    run.expect_code(1).expect_err("login with AWSCURRENT failed").expect_err("code: TLS_UNKNOWN_CA");
    world.expect_untouched();
}

#[tokio::test]
async fn the_settings_of_the_functions_hold_here() {
    let world = World::new().await;
    let run = world.rotate_with(&["--yes"], &[("PASSWORD_LENGTH", "5")]).await;
    run.expect_code(1).expect_err("PASSWORD_LENGTH");
    world.expect_untouched();
    world.rotate_with(&["--yes"], &[("PASSWORD_LENGTH", "77")]).await.expect_code(0);
    assert_eq!(world.login("AWSCURRENT").unwrap().password.len(), 77);
}

#[tokio::test]
async fn a_function_that_rotates_the_secret_is_named_before_anybody_agrees() {
    let world = World::new().await;
    let function = "arn:aws:lambda:us-east-1:123456789012:function:other";
    world.service.register(function, std::sync::Arc::new(Refusing));
    let version = world.service.rotate(SECRET, function).unwrap();
    let limit = std::time::Duration::from_secs(10);
    world.service.wait_for_rotation(SECRET, &version, limit).await.unwrap();
    world.rotate(&[]).await.expect_code(1).expect_out(function).expect_out(&version);
    // What the function left behind has no value yet, and gets one.
    world.rotate(&["--yes"]).await.expect_code(0).expect_out("the new value is stored");
    assert_eq!(world.holder("AWSCURRENT"), Some(version));
}

/// A function that does nothing.
struct Refusing;

impl rotation_testkit::Function for Refusing {
    fn invoke(
        &self,
        _: Value,
    ) -> rotation_testkit::BoxFuture<'_, Result<Value, rotation_testkit::FunctionError>> {
        let error =
            rotation_testkit::FunctionError { error_type: "Broken".into(), message: "as ever".into() };
        Box::pin(async { Err(error) })
    }
}

#[tokio::test]
async fn a_rotation_that_begins_meanwhile_keeps_awspending() {
    let world = World::new().await;
    let endpoint = Endpoint {
        region: Some("us-east-1".into()),
        url: Some(world.service.endpoint()),
        ..Endpoint::default()
    };
    let key = AccessKey { id: "local".into(), secret: "local".to_owned().into(), session_token: None };
    let store = SecretsManager::in_lambda(&endpoint, Some(&key));
    let described = store.describe(&SecretId::new(SECRET).unwrap()).await.unwrap();
    let other = world.put_pending("of-another-rotation");

    let version = VersionId::new(uuid::Uuid::new_v4().to_string()).unwrap();
    let document = SecretDocument::parse(&world.document(&world.user, &json!({}))).unwrap();
    let error = store.begin(&described, &version, &document).await.unwrap_err();
    assert_eq!(error.fault, StoreFault::Conflict);
    assert_eq!(world.holder("AWSPENDING"), Some(other));
    assert_eq!(world.service.stages(SECRET).unwrap().len(), 2, "the version that lost the race has no label");
}
