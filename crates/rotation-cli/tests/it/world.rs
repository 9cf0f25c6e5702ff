//! A secret of a user of its own, in a local Secrets Manager and a real PostgreSQL.

use local_aws::{
    BoxFuture, Function, FunctionError, LocalSecretsManager,
    secrets_manager::{Operation, Settings},
};
use serde_json::{Value, json};
use tempfile::TempDir;
use test_servers::{PostgresServer, PostgresVersion, TestLogin};

use crate::command::{self, Run};

/// The environment of one test.
pub(crate) struct World {
    pub(crate) service: LocalSecretsManager,
    pub(crate) server: &'static PostgresServer,
    pub(crate) database: String,
    pub(crate) user: TestLogin,
    /// Where the server's authority is.
    folder: TempDir,
}

pub(crate) const SECRET: &str = "app";

impl World {
    pub(crate) async fn new() -> Self {
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

    pub(crate) fn document(&self, login: &TestLogin, more: &Value) -> String {
        let mut document = json!({
            "engine": "postgres", "host": self.server.host(), "port": self.server.port(), "ssl": true,
            "username": login.username, "password": login.password, "dbname": self.database,
        });
        document.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        document.to_string()
    }

    pub(crate) async fn rotate(&self, arguments: &[&str]) -> Run {
        self.rotate_with(arguments, &[]).await
    }

    pub(crate) async fn rotate_with(&self, arguments: &[&str], more: &[(&str, &str)]) -> Run {
        let endpoint = self.service.endpoint();
        self.run_secret(&[&[SECRET, "--endpoint-url", &endpoint], arguments].concat(), more).await
    }

    /// `rotate run` with these arguments alone.
    pub(crate) async fn run_secret(&self, arguments: &[&str], more: &[(&str, &str)]) -> Run {
        self.run("run", arguments, more).await
    }

    /// Another command about the secret.
    pub(crate) async fn ask(&self, command: &str, arguments: &[&str], more: &[(&str, &str)]) -> Run {
        let endpoint = self.service.endpoint();
        self.run(command, &[&[SECRET, "--endpoint-url", &endpoint], arguments].concat(), more).await
    }

    /// A command about another secret of the same service.
    pub(crate) async fn ask_about(&self, secret: &str, command: &str, arguments: &[&str]) -> Run {
        let endpoint = self.service.endpoint();
        self.run(command, &[&[secret, "--endpoint-url", &endpoint], arguments].concat(), &[]).await
    }

    /// A command about the secret on a terminal, where a person answers the first question.
    pub(crate) async fn answer(&self, command: &str, answer: &str) -> Run {
        let endpoint = self.service.endpoint();
        let authority = self.authority_file();
        command::answer(&[command, SECRET, "--endpoint-url", &endpoint], &environment(&authority), answer)
            .await
    }

    fn authority_file(&self) -> String {
        self.folder.path().join("ca.pem").to_str().unwrap().to_owned()
    }

    async fn run(&self, command: &str, arguments: &[&str], more: &[(&str, &str)]) -> Run {
        let authority = self.authority_file();
        let arguments = [&[command], arguments].concat();
        let mut environment = environment(&authority);
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

    pub(crate) fn login(&self, label: &str) -> Option<TestLogin> {
        let value: Value = serde_json::from_str(&self.service.value(SECRET, label).ok()?).ok()?;
        let text = |name: &str| Some(value[name].as_str()?.to_owned());
        Some(TestLogin { username: text("username")?, password: text("password")? })
    }

    pub(crate) async fn logs_in(&self, login: &TestLogin) -> bool {
        self.server.try_login(login, &self.database).await.is_ok()
    }

    pub(crate) fn holder(&self, label: &str) -> Option<String> {
        let stages = self.service.stages(SECRET).unwrap();
        stages
            .into_iter()
            .find(|(_, labels)| labels.iter().any(|own| own == label))
            .map(|(version, _)| version)
    }

    /// Another value under these labels.
    pub(crate) fn put(&self, labels: &[&str], value: &str) -> String {
        let token = uuid::Uuid::new_v4().to_string();
        let request = json!({
            "SecretId": SECRET, "ClientRequestToken": token, "VersionStages": labels, "SecretString": value,
        });
        self.service.call_inside(Operation::PutSecretValue, request).unwrap();
        token
    }

    /// As an administrator of the server.
    pub(crate) async fn admin(&self, sql: &str) {
        self.server.execute("postgres", sql).await.unwrap();
    }

    /// A version under AWSPENDING, as a rotation that stopped after createSecret leaves it.
    pub(crate) fn put_pending(&self, password: &str) -> String {
        let login = TestLogin { username: self.user.username.clone(), password: password.to_owned() };
        let token = uuid::Uuid::new_v4().to_string();
        let request = json!({
            "SecretId": SECRET, "ClientRequestToken": token, "VersionStages": ["AWSPENDING"],
            "SecretString": self.document(&login, &json!({})),
        });
        self.service.call_inside(Operation::PutSecretValue, request).unwrap();
        token
    }

    /// Nothing but the one version that existed at the beginning.
    #[track_caller]
    pub(crate) fn expect_untouched(&self) {
        let stages: Vec<_> = self.service.stages(SECRET).unwrap().into_values().collect();
        assert_eq!(stages, [["AWSCURRENT"]]);
    }
}

/// What a person has set.
fn environment(authority_file: &str) -> Vec<(&'static str, &str)> {
    vec![
        ("AWS_ACCESS_KEY_ID", "local"),
        ("AWS_SECRET_ACCESS_KEY", "local"),
        ("AWS_REGION", "us-east-1"),
        ("TLS_CA_BUNDLE", authority_file),
    ]
}

/// A function that does nothing.
pub(crate) struct Refusing;

impl Function for Refusing {
    fn invoke(&self, _: Value) -> BoxFuture<'_, Result<Value, FunctionError>> {
        let error = FunctionError { error_type: "Broken".into(), message: "as ever".into() };
        Box::pin(async { Err(error) })
    }
}
