//! The programs as Lambda runs them, against the service in a process of its own.

use std::{fs, sync::Arc, time::Duration};

use local_aws::{
    LambdaFunction, LocalSecretsManager,
    secrets_manager::{RotationOutcome, RotationSettings, Settings},
};
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::process::{Child, Command};

/// The service, a secret, and the function that rotates it.
struct Site {
    manager: LocalSecretsManager,
    function: LambdaFunction,
    secret: String,
    _service: Child,
    _folder: TempDir,
}

impl Site {
    /// `first` is the file with the first secret.
    async fn start(program: &str, first: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let mut service = Command::new(env!("CARGO_BIN_EXE_example_service"));
        let mut service = service.arg(folder.path()).kill_on_drop(true).spawn().unwrap();
        let url = loop {
            if let Ok(url) = fs::read_to_string(folder.path().join("url")) {
                break url;
            }
            assert!(service.try_wait().unwrap().is_none(), "the service has ended");
            tokio::time::sleep(Duration::from_millis(10)).await;
        };
        let rotation = RotationSettings { attempts: 1, ..RotationSettings::default() };
        let manager = LocalSecretsManager::start(Settings { rotation, ..Settings::default() }).await.unwrap();
        let function = LambdaFunction::builder(program)
            .env("SECRETS_MANAGER_ENDPOINT", manager.endpoint())
            .env("SERVICE_URL", url)
            .build()
            .unwrap();
        manager.register(function.arn(), Arc::new(function.clone()));
        let first = fs::read_to_string(folder.path().join(first)).unwrap();
        let secret = manager.create_secret("own", &first).unwrap();
        Self { manager, function, secret, _service: service, _folder: folder }
    }

    async fn rotate(&self) -> Option<RotationOutcome> {
        let version = self.manager.rotate(&self.secret, self.function.arn()).unwrap();
        let limit = Duration::from_mins(5);
        self.manager.wait_for_rotation(&self.secret, &version, limit).await.unwrap().outcome
    }

    /// Whether each labeled version opens the service.
    async fn access(&self) -> Vec<(String, String)> {
        let found = self.function.invoke(&json!({ "doctor": self.secret })).await.unwrap();
        let text = |value: &Value| value.as_str().unwrap().to_owned();
        let versions = found["versions"].as_array().unwrap().iter();
        let mut access: Vec<_> =
            versions.map(|version| (text(&version["labels"][0]), text(&version["access"]))).collect();
        access.sort();
        access
    }
}

fn expected(access: [(&str, &str); 2]) -> Vec<(String, String)> {
    access.map(|(label, access)| (label.to_owned(), access.to_owned())).into()
}

/// A token is replaced: the old one ends at once.
#[tokio::test]
async fn token_is_replaced() {
    let site = Site::start(env!("CARGO_BIN_EXE_token_function"), "token.json").await;
    for _ in 0..2 {
        assert_eq!(site.rotate().await, Some(RotationOutcome::Succeeded), "{}", site.function.output());
    }
    let wanted = expected([("AWSCURRENT", "logs in"), ("AWSPREVIOUS", "is refused")]);
    assert_eq!(site.access().await, wanted);
}

/// A key is issued: the old one works until the next rotation, and there are never more than two.
#[tokio::test]
async fn access_key_is_issued() {
    let site = Site::start(env!("CARGO_BIN_EXE_key_function"), "key.json").await;
    for _ in 0..3 {
        assert_eq!(site.rotate().await, Some(RotationOutcome::Succeeded), "{}", site.function.output());
    }
    assert_eq!(site.access().await, expected([("AWSCURRENT", "logs in"), ("AWSPREVIOUS", "logs in")]));
}

/// A token of another user is refused before anything changes.
#[tokio::test]
async fn token_of_another_user() {
    let site = Site::start(env!("CARGO_BIN_EXE_token_function"), "token.json").await;
    let value = site.manager.value(&site.secret, "AWSCURRENT").unwrap().replace("app", "billing");
    let other = site.manager.create_secret("other", &value).unwrap();
    let version = site.manager.rotate(&other, site.function.arn()).unwrap();
    let record = site.manager.wait_for_rotation(&other, &version, Duration::from_mins(5)).await.unwrap();
    assert_eq!(record.last_error().unwrap().error_type, "TOKEN_OF_ANOTHER_USER");
    assert_eq!(site.rotate().await, Some(RotationOutcome::Succeeded), "{}", site.function.output());
}
