//! The state file, and what only the passing of time causes: pruning, the end of a recovery window, the next
//! rotation.

use std::{os::unix::fs::PermissionsExt, path::Path};

use local_aws::{
    LocalSecretsManager,
    secrets_manager::{ErrorCode, Operation, Settings},
};
use serde_json::{Value, json};

const SECRET: &str = "app/login";

async fn open(file: &Path) -> LocalSecretsManager {
    let settings = Settings { state_file: Some(file.to_owned()), ..Settings::default() };
    LocalSecretsManager::start(settings).await.unwrap()
}

/// Changes the one secret in the file, as the passing of time would have.
fn edit(file: &Path, change: impl FnOnce(&mut Value)) {
    let mut state: Value = serde_json::from_slice(&std::fs::read(file).unwrap()).unwrap();
    let secrets = state["secrets"].as_object_mut().unwrap();
    change(secrets.values_mut().next().unwrap());
    std::fs::write(file, state.to_string()).unwrap();
}

fn put(manager: &LocalSecretsManager, stages: &[&str]) {
    let request = json!({
        "SecretId": SECRET, "ClientRequestToken": uuid::Uuid::new_v4().to_string(),
        "SecretString": "x", "VersionStages": stages,
    });
    manager.call_inside(Operation::PutSecretValue, request).unwrap();
}

fn described(manager: &LocalSecretsManager) -> Value {
    manager.call_inside(Operation::DescribeSecret, json!({"SecretId": SECRET})).unwrap()
}

/// The state survives in a file that only its owner may read.
#[tokio::test]
async fn survives_in_a_private_file() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("state.json");
    let before = {
        let manager = open(&file).await;
        manager.create_secret(SECRET, "first").unwrap();
        put(&manager, &["AWSPENDING"]);
        described(&manager)
    };
    assert_eq!(std::fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
    assert_eq!(std::fs::read_dir(&folder).unwrap().count(), 1);

    let manager = open(&file).await;
    assert_eq!(described(&manager), before);
    assert_eq!(manager.value(SECRET, "AWSCURRENT").unwrap(), "first");
}

/// An AWS service sets tags on its secret that no other caller may set.
#[tokio::test]
async fn tags_of_an_aws_service() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("state.json");
    let arn = "arn:aws:rds:us-east-1:123456789012:db:orders";
    let tag = ("aws:rds:primarydbinstancearn", arn);
    {
        let manager = open(&file).await;
        manager.create_managed_secret(SECRET, "first", "rds", &[tag]).unwrap();
        let request = json!({"SecretId": SECRET, "Tags": [{"Key": tag.0, "Value": "another"}]});
        let refusal = manager.call_inside(Operation::TagResource, request).unwrap_err();
        assert_eq!(refusal.code, ErrorCode::InvalidParameterException);
    }
    let described = described(&open(&file).await);
    assert_eq!(described["OwningService"], "rds");
    assert_eq!(described["Tags"], json!([{"Key": tag.0, "Value": arn}]));
}

/// A file that is no state file is refused and left unchanged.
#[tokio::test]
async fn invalid_file_is_left_alone() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("state.json");
    std::fs::write(&file, "{\"secrets\": ").unwrap();
    let settings = Settings { state_file: Some(file.clone()), ..Settings::default() };
    assert!(LocalSecretsManager::start(settings).await.is_err());
    assert_eq!(std::fs::read(&file).unwrap(), b"{\"secrets\": ");
}

/// A write that cannot be saved is refused and has no effect.
#[tokio::test]
async fn failed_save_has_no_effect() {
    let folder = tempfile::tempdir().unwrap();
    let manager = open(&folder.path().join("missing/state.json")).await;
    let refusal = manager.create_secret(SECRET, "first").unwrap_err();
    assert_eq!(refusal.code, ErrorCode::InternalServiceError);
    assert!(manager.value(SECRET, "AWSCURRENT").is_err());
}

/// Versions beyond a hundred are deleted once they are a day old and without labels.
#[tokio::test]
async fn old_versions_are_pruned() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("state.json");
    let count = |manager: &LocalSecretsManager| {
        let mut request = json!({"SecretId": SECRET, "IncludeDeprecated": true});
        let mut count = 0;
        loop {
            let page = manager.call_inside(Operation::ListSecretVersionIds, request.clone()).unwrap();
            count += page["Versions"].as_array().unwrap().len();
            match page.get("NextToken") {
                Some(next) => request["NextToken"] = next.clone(),
                None => return count,
            }
        }
    };
    {
        let manager = open(&file).await;
        manager.create_secret(SECRET, "first").unwrap();
        for _ in 0..104 {
            put(&manager, &["AWSCURRENT"]);
        }
        assert_eq!(count(&manager), 105, "young versions stay");
    }
    // Three are a day old, and one of these carries a label.
    edit(&file, |secret| {
        for version in secret["versions"].as_array_mut().unwrap().iter_mut().take(3) {
            version["created"] = json!(version["created"].as_f64().unwrap() - 90_000.0);
        }
        secret["versions"][1]["stages"] = json!(["KEPT"]);
    });
    let manager = open(&file).await;
    put(&manager, &["AWSCURRENT"]);
    assert_eq!(count(&manager), 104);
    assert_eq!(manager.value(SECRET, "KEPT").unwrap(), "x");
}

/// A deleted secret is removed when its recovery window has passed.
#[tokio::test]
async fn recovery_window() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("state.json");
    {
        let manager = open(&file).await;
        manager.create_secret(SECRET, "first").unwrap();
        manager.call_inside(Operation::DeleteSecret, json!({"SecretId": SECRET})).unwrap();
    }
    edit(&file, |secret| {
        // Thirty days and a bit.
        secret["deletion"] = json!(secret["deletion"].as_f64().unwrap() - 2_600_000.0);
    });
    let manager = open(&file).await;
    let refusal = manager.call_inside(Operation::RestoreSecret, json!({"SecretId": SECRET})).unwrap_err();
    assert_eq!(refusal.code, ErrorCode::ResourceNotFoundException);
    manager.create_secret(SECRET, "second").unwrap();
}

/// The next rotation after Thursday 2026-01-01 10:30:00 UTC.
#[track_caller]
fn check(file: &Path, rules: &Value, expected: &str) {
    edit(file, |secret| {
        secret["rotation"] = json!({
            "function": "f", "enabled": true, "rules": rules, "configured": 1_767_263_400.0,
            "last_rotated": null,
        });
    });
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let found = runtime.block_on(async { described(&open(file).await) });
    let seconds = found["NextRotationDate"].as_f64().unwrap();
    #[expect(clippy::cast_possible_truncation, reason = "it is a whole number of seconds")]
    let date = time::OffsetDateTime::from_unix_timestamp(seconds as i64).unwrap();
    assert_eq!(date.to_string(), format!("{expected} +00:00:00"), "{rules}");
}

/// The date of the next rotation follows from the rotation rules.
#[test]
fn next_date_follows_from_the_rules() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("state.json");
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async { open(&file).await.create_secret(SECRET, "first") }).unwrap();
    let days = |days: u32| json!({"AutomaticallyAfterDays": days});
    let schedule = |schedule: &str| json!({"ScheduleExpression": schedule});
    for (rules, expected) in [
        (days(1), "2026-01-02 10:30:00.0"),
        (days(1000), "2028-09-27 10:30:00.0"),
        (schedule("rate(4 hours)"), "2026-01-01 14:30:00.0"),
        (schedule("rate(10 days)"), "2026-01-11 10:30:00.0"),
        (schedule("cron(0 10 * * ? *)"), "2026-01-02 10:00:00.0"),
        (schedule("cron(0 11 * * ? *)"), "2026-01-01 11:00:00.0"),
        (schedule("cron(0 /8 * * ? *)"), "2026-01-01 16:00:00.0"),
        (schedule("cron(0 */8 * * ? *)"), "2026-01-01 16:00:00.0"),
        (schedule("cron(0 4,20 * * ? *)"), "2026-01-01 20:00:00.0"),
        (schedule("cron(0 0 ? * SUN *)"), "2026-01-04 0:00:00.0"),
        (schedule("cron(0 8 1 1/3 ? *)"), "2026-04-01 8:00:00.0"),
        (schedule("cron(0 8 L * ? *)"), "2026-01-31 8:00:00.0"),
        (schedule("cron(0 8 ? * 2#1 *)"), "2026-01-05 8:00:00.0"),
        (schedule("cron(0 8 ? * FRIL *)"), "2026-01-30 8:00:00.0"),
        (schedule("cron(0 8 3W * ? *)"), "2026-01-02 8:00:00.0"),
        (schedule("cron(0 8 29 FEB ? *)"), "2028-02-29 8:00:00.0"),
        // As croner answers: a month is not left for the nearest working day.
        (schedule("cron(0 8 1W AUG ? *)"), "2026-08-03 8:00:00.0"),
        (schedule("cron(0 8 31W MAY ? *)"), "2026-05-29 8:00:00.0"),
        (schedule("cron(0 8 ? * 7 *)"), "2026-01-03 8:00:00.0"),
        (schedule("cron(0 8 ? * MON-FRI *)"), "2026-01-02 8:00:00.0"),
        (schedule("cron(0 8 1-5/2 * ? *)"), "2026-01-03 8:00:00.0"),
        // Which croner does not know.
        (schedule("cron(0 8 ? * L *)"), "2026-01-03 8:00:00.0"),
    ] {
        check(&file, &rules, expected);
    }
}
