//! A target that is not a database, as a function: `examples/ticket.rs`.

use std::{fs, sync::Arc, time::Duration};

use local_aws::{
    LambdaBuilder, LambdaFunction, LocalSecretsManager,
    secrets_manager::{RotationOutcome, RotationRecord, RotationSettings, Settings},
};
use serde_json::{Value, json};

use crate::panic::example;

const FIRST: &str = "the-first-ticket";

/// A secret, its function, and the office that the function calls.
struct Office {
    store: LocalSecretsManager,
    function: LambdaFunction,
    secret: String,
    folder: tempfile::TempDir,
}

impl Office {
    async fn open(set: impl Fn(LambdaBuilder, &str) -> LambdaBuilder) -> Self {
        let rotation = RotationSettings { attempts: 1, ..RotationSettings::default() };
        let store = LocalSecretsManager::start(Settings { rotation, ..Settings::default() })
            .await
            .expect("the store starts");
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join("ticket");
        fs::write(&file, FIRST).expect("the ticket is written");
        let function = LambdaFunction::builder(example("ticket"))
            .env("SECRETS_MANAGER_ENDPOINT", store.endpoint())
            .log_format("JSON");
        let function =
            set(function, file.to_str().expect("the path is UTF-8")).build().expect("the function is there");
        store.register(function.arn(), Arc::new(function.clone()));
        let document = json!({"ticket": FIRST, "office": "main"}).to_string();
        let secret = store.create_secret("ticket", &document).expect("the secret is new");
        Self { store, function, secret, folder }
    }

    async fn rotate(&self) -> RotationRecord {
        let version = self.store.rotate(&self.secret, self.function.arn()).expect("the rotation starts");
        self.store
            .wait_for_rotation(&self.secret, &version, Duration::from_mins(1))
            .await
            .expect("the rotation ends")
    }

    fn valid(&self) -> String {
        fs::read_to_string(self.folder.path().join("ticket")).expect("the ticket is there")
    }

    /// The lines that have this field.
    fn lines(&self, field: &str) -> Vec<Value> {
        let output = self.function.output();
        let lines = output.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
        lines.filter(|line| line.get(field).is_some()).collect()
    }
}

/// A target of one's own is rotated, counted and diagnosed.
#[tokio::test]
async fn rotated_counted_and_diagnosed() {
    let office = Office::open(|function, file| function.env("TICKET_FILE", file)).await;
    let record = office.rotate().await;
    assert_eq!(record.outcome, Some(RotationOutcome::Succeeded), "{}", office.function.output());
    assert_ne!(office.valid(), FIRST);
    let results: Vec<_> = office.lines("result").iter().map(|line| line["result"].clone()).collect();
    assert_eq!(results, ["created", "set", "tested", "finished"]);
    for line in office.lines("result").iter().chain(&office.lines("_aws")) {
        assert_eq!((&line["engine"], &line["strategy"]), (&json!("ticket_office"), &json!("single_ticket")));
    }
    assert_eq!(office.lines("_aws").len(), 4);

    let found = office.function.invoke(&json!({"doctor": office.secret})).await.unwrap();
    assert_eq!((&found["state"], &found["severity"]), (&json!("healthy"), &json!("ok")), "{found:#}");
    let access = |label: &str| {
        let versions = found["versions"].as_array().unwrap();
        let version = versions.iter().find(|version| version["labels"].to_string().contains(label));
        version.unwrap()["access"].clone()
    };
    assert_eq!((access("AWSCURRENT"), access("AWSPREVIOUS")), (json!("logs in"), json!("is refused")));
    assert!(!office.function.output().contains(&office.valid()));
}

/// A target's own code is in the answer.
#[tokio::test]
async fn its_own_code_is_answered() {
    let office = Office::open(|function, file| function.env("TICKET_FILE", file)).await;
    fs::write(office.folder.path().join("ticket"), "of another").unwrap();
    let record = office.rotate().await;
    let set = record.attempts[0].steps.last().unwrap();
    let error = set.error.as_ref().unwrap();
    assert_eq!((set.step, error.error_type.as_str()), ("setSecret", "TICKET_REFUSED"));
    assert_eq!(error.message, "the office refuses the ticket. Ask at the office.");
}

/// A dry run changes nothing.
#[tokio::test]
async fn dry_run_changes_nothing() {
    let office =
        Office::open(|function, file| function.env("TICKET_FILE", file).env("DRY_RUN", "true")).await;
    let record = office.rotate().await;
    let error = record.attempts[0].steps[0].error.as_ref().unwrap();
    assert_eq!(error.error_type, "DRY_RUN", "{error}");
    assert_eq!(office.valid(), FIRST);
}

/// A setting that is missing is named.
#[tokio::test]
async fn missing_setting_is_named() {
    let office = Office::open(|function, _| function).await;
    let record = office.rotate().await;
    let error = record.attempts[0].steps[0].error.as_ref().unwrap();
    assert_eq!(error.error_type, "CONFIG_INVALID", "{error}");
    assert!(error.message.starts_with("the setting TICKET_FILE must name a file"), "{error}");
}
