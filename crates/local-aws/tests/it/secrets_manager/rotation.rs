//! Rotations, driven to their end.

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use local_aws::{
    LocalSecretsManager,
    secrets_manager::{
        ErrorCode, Operation, RotationOutcome, RotationRecord, RotationSettings, Settings, WaitError,
    },
};
use serde_json::json;

use super::function::{Broken, FUNCTION, Idle, Panicking, Silent, TestFunction};

const SECRET: &str = "app/login";
const LIMIT: Duration = Duration::from_secs(20);
const STEPS: [&str; 4] = ["createSecret", "setSecret", "testSecret", "finishSecret"];

fn settings() -> RotationSettings {
    RotationSettings { pause: Duration::from_millis(5), ..RotationSettings::default() }
}

async fn manager(rotation: RotationSettings) -> LocalSecretsManager {
    let manager = LocalSecretsManager::start(Settings { rotation, ..Settings::default() }).await.unwrap();
    manager.create_secret(SECRET, "first").unwrap();
    manager
}

fn with_function(manager: &LocalSecretsManager, failures: &[&'static str]) -> Arc<TestFunction> {
    let function = Arc::new(TestFunction::new(manager.handle(), failures));
    manager.register(FUNCTION, Arc::clone(&function) as _);
    function
}

async fn rotated(manager: &LocalSecretsManager) -> RotationRecord {
    let version = manager.rotate(SECRET, FUNCTION).unwrap();
    manager.wait_for_rotation(SECRET, &version, LIMIT).await.unwrap()
}

/// The labels by the value of their version; only versions with a value.
fn labels(manager: &LocalSecretsManager) -> BTreeMap<String, Vec<String>> {
    let stages = manager.stages(SECRET).unwrap();
    let value = |version: &str| manager.version_value(SECRET, version).unwrap_or_default();
    stages.into_iter().map(|(version, stages)| (value(&version), stages)).collect()
}

/// A rotation invokes the four steps and ends with a new current version.
#[tokio::test]
async fn four_steps_then_a_new_current() {
    let manager = manager(settings()).await;
    let function = with_function(&manager, &[]);
    let record = rotated(&manager).await;

    assert_eq!(record.outcome, Some(RotationOutcome::Succeeded));
    assert_eq!(record.attempts.len(), 1);
    assert_eq!(record.steps().map(|step| step.step).collect::<Vec<_>>(), STEPS);
    assert_eq!(function.steps(), STEPS);
    let new = format!("value of {}", record.version);
    let expected =
        [("first".to_owned(), vec!["AWSPREVIOUS".to_owned()]), (new, vec!["AWSCURRENT".to_owned()])];
    assert_eq!(labels(&manager), BTreeMap::from(expected));
    let described = manager.call_inside(Operation::DescribeSecret, json!({"SecretId": SECRET})).unwrap();
    assert!(described["LastRotatedDate"].is_number(), "{described}");
}

/// An event names the ARN, the version, and a token that belongs to this rotation alone.
#[tokio::test]
async fn events_carry_arn_version_and_token() {
    let manager = manager(settings()).await;
    let function = with_function(&manager, &[]);
    let first = rotated(&manager).await;
    let second = rotated(&manager).await;

    let mut tokens = Vec::new();
    for (record, events) in [first, second].iter().zip(function.events().chunks(4)) {
        for event in events {
            assert_eq!(event["SecretId"], json!(record.secret));
            assert!(
                record.secret.starts_with("arn:aws:secretsmanager:us-east-1:123456789012:secret:app/login-")
            );
            assert_eq!(event["ClientRequestToken"], json!(record.version));
            assert_eq!(event["RotationToken"], events[0]["RotationToken"]);
        }
        let token = events[0]["RotationToken"].as_str().unwrap().to_owned();
        assert!((36..=256).contains(&token.len()));
        assert!(token.chars().all(|c| c.is_ascii_alphanumeric() || c == '-'));
        tokens.push(token);
    }
    assert_ne!(tokens[0], tokens[1]);
}

/// After a failed step the whole rotation is tried again with the same token.
#[tokio::test]
async fn failed_step_repeats_with_its_token() {
    for (step, place) in STEPS.into_iter().zip(1..) {
        let manager = manager(settings()).await;
        let function = with_function(&manager, &[step, step]);
        let record = rotated(&manager).await;

        assert_eq!(record.outcome, Some(RotationOutcome::Succeeded));
        let lengths: Vec<_> = record.attempts.iter().map(|attempt| attempt.steps.len()).collect();
        assert_eq!(lengths, [place, place, 4]);
        let failed = record.attempts[0].steps.last().unwrap();
        assert_eq!(failed.error.as_ref().unwrap().message, format!("{step} fails on request"));
        let tokens = |member: &str| {
            let events = function.events();
            events.iter().all(|event| event[member] == events[0][member])
        };
        assert!(tokens("ClientRequestToken") && tokens("RotationToken"));
    }
}

/// The last failure leaves AWSPENDING: the next rotation is refused and the old one is tried
/// again.
#[tokio::test]
async fn last_failure_leaves_awspending() {
    let manager = manager(RotationSettings { attempts: 3, ..settings() }).await;
    let function = with_function(&manager, &["testSecret"; 3]);
    let record = rotated(&manager).await;

    assert_eq!(record.outcome, Some(RotationOutcome::Failed));
    assert_eq!(record.attempts.len(), 3);
    assert_eq!(record.last_error().unwrap().error_type, "Test.Failure");
    assert_eq!(manager.stages(SECRET).unwrap()[&record.version], ["AWSPENDING"]);
    assert_eq!(manager.value(SECRET, "AWSCURRENT").unwrap(), "first");

    let refusal = manager.rotate(SECRET, FUNCTION).unwrap_err();
    assert_eq!(refusal.code, ErrorCode::InvalidRequestException);
    assert_eq!(refusal.message, "A previous rotation isn't complete. That rotation will be reattempted.");
    let again = manager.wait_for_rotation(SECRET, &record.version, LIMIT).await.unwrap();
    assert_eq!(again.outcome, Some(RotationOutcome::Succeeded));
    assert_eq!(again.attempts.len(), 4);
    assert_eq!(function.steps().len(), 3 * 3 + 4);
    assert_eq!(manager.stages(SECRET).unwrap()[&record.version], ["AWSCURRENT"]);
}

/// The service leaves AWSPENDING on the version of AWSCURRENT where it is configured to.
#[tokio::test]
async fn awspending_left_on_awscurrent() {
    let manager = manager(RotationSettings { clean_up_pending: false, ..settings() }).await;
    with_function(&manager, &[]);
    let first = rotated(&manager).await;
    assert_eq!(manager.stages(SECRET).unwrap()[&first.version], ["AWSCURRENT", "AWSPENDING"]);
    let second = rotated(&manager).await;
    assert_eq!(second.outcome, Some(RotationOutcome::Succeeded));
    assert_eq!(manager.stages(SECRET).unwrap()[&first.version], ["AWSPREVIOUS"]);
}

/// Rotating later tests a copy of the current value and then removes its label.
#[tokio::test]
async fn rotate_later_tests_a_copy() {
    for (failures, outcome) in
        [(vec![], RotationOutcome::Succeeded), (vec!["testSecret"], RotationOutcome::Failed)]
    {
        let manager = manager(RotationSettings { attempts: 1, ..settings() }).await;
        let function = with_function(&manager, &failures);
        let version = uuid::Uuid::new_v4().to_string();
        let request = json!({
            "SecretId": SECRET, "ClientRequestToken": version, "RotationLambdaARN": FUNCTION,
            "RotateImmediately": false, "RotationRules": {"AutomaticallyAfterDays": 30},
        });
        manager.call(Operation::RotateSecret, request).await.unwrap();
        assert_eq!(manager.value(SECRET, "AWSPENDING").unwrap(), "first");
        let record = manager.wait_for_rotation(SECRET, &version, LIMIT).await.unwrap();

        assert_eq!(record.outcome, Some(outcome));
        assert_eq!(function.steps(), ["testSecret"]);
        let labels: Vec<_> = manager.stages(SECRET).unwrap().into_values().collect();
        assert_eq!(labels, [["AWSCURRENT"]]);
        assert_eq!(manager.value(SECRET, "AWSCURRENT").unwrap(), "first");
        assert_eq!(manager.version_value(SECRET, &version).unwrap(), "first");
    }
}

/// Cancelling stops a rotation before its next try.
#[tokio::test]
async fn cancel_stops_before_the_next_try() {
    let pause = Duration::from_millis(300);
    let manager = manager(RotationSettings { pause, ..settings() }).await;
    manager.register(FUNCTION, Arc::new(Broken));
    let version = manager.rotate(SECRET, FUNCTION).unwrap();
    while manager.rotation(SECRET, &version).unwrap().steps().count() == 0 {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    manager.call(Operation::CancelRotateSecret, json!({"SecretId": SECRET})).await.unwrap();

    let record = manager.wait_for_rotation(SECRET, &version, LIMIT).await.unwrap();
    assert_eq!(record.outcome, Some(RotationOutcome::Cancelled));
    assert_eq!(record.steps().count(), 1);
    assert_eq!(manager.stages(SECRET).unwrap()[&version], ["AWSPENDING"]);
}

/// Another version under AWSPENDING ends a rotation.
#[tokio::test]
async fn another_pending_version_ends_it() {
    let manager = manager(RotationSettings { pause: Duration::from_millis(300), ..settings() }).await;
    manager.register(FUNCTION, Arc::new(Broken));
    let version = manager.rotate(SECRET, FUNCTION).unwrap();
    let token = uuid::Uuid::new_v4().to_string();
    let request = json!({
        "SecretId": SECRET, "ClientRequestToken": token, "SecretString": "manual",
        "VersionStages": ["AWSPENDING"],
    });
    while manager.rotation(SECRET, &version).unwrap().steps().count() == 0 {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    manager.call(Operation::PutSecretValue, request).await.unwrap();

    let record = manager.wait_for_rotation(SECRET, &version, LIMIT).await.unwrap();
    assert_eq!(record.outcome, Some(RotationOutcome::Abandoned));
    assert_eq!(manager.value(SECRET, "AWSPENDING").unwrap(), "manual");
}

/// A function that does nothing does not pass for a rotation.
#[tokio::test]
async fn idle_function_is_no_rotation() {
    let manager = manager(settings()).await;
    manager.register(FUNCTION, Arc::new(Idle));
    let record = rotated(&manager).await;
    assert_eq!(record.outcome, Some(RotationOutcome::NotPromoted));
    let described = manager.call_inside(Operation::DescribeSecret, json!({"SecretId": SECRET})).unwrap();
    assert_eq!(described.get("LastRotatedDate"), None);
}

/// A function that never answers is timed out.
#[tokio::test]
async fn silent_function_times_out() {
    let invocation_timeout = Duration::from_millis(50);
    let manager = manager(RotationSettings { attempts: 2, invocation_timeout, ..settings() }).await;
    manager.register(FUNCTION, Arc::new(Silent));
    let record = rotated(&manager).await;
    assert_eq!(record.outcome, Some(RotationOutcome::Failed));
    assert_eq!(record.last_error().unwrap().error_type, "Sandbox.Timedout");
    assert!(record.steps().all(|step| step.duration >= invocation_timeout));
}

/// A function that panics is a failed step.
#[tokio::test]
async fn panic_is_a_failed_step() {
    let manager = manager(RotationSettings { attempts: 2, ..settings() }).await;
    manager.register(FUNCTION, Arc::new(Panicking));
    let record = rotated(&manager).await;
    assert_eq!(record.outcome, Some(RotationOutcome::Failed));
    assert_eq!(record.steps().count(), 2);
    assert_eq!(record.last_error().unwrap().error_type, "Runtime.ExitError");
}

/// The same token again begins no second rotation.
#[tokio::test]
async fn repeated_token_is_idempotent() {
    let manager = manager(settings()).await;
    let function = with_function(&manager, &[]);
    let version = uuid::Uuid::new_v4().to_string();
    let request = json!({"SecretId": SECRET, "ClientRequestToken": version, "RotationLambdaARN": FUNCTION});
    for _ in 0..3 {
        let answer = manager.call(Operation::RotateSecret, request.clone()).await.unwrap();
        assert_eq!(answer["VersionId"], json!(version));
        manager.wait_for_rotation(SECRET, &version, LIMIT).await.unwrap();
    }
    assert_eq!(function.steps(), STEPS);
}

/// Across accounts, a put needs the token of its rotation.
#[tokio::test]
async fn cross_account_put_needs_the_token() {
    let settings = RotationSettings { require_rotation_token: true, attempts: 1, ..settings() };
    let manager = manager(settings).await;
    manager.register(FUNCTION, Arc::new(Broken));
    let version = rotated(&manager).await.version;
    for (token, code) in [
        (None, ErrorCode::AccessDeniedException),
        (Some("x".repeat(64)), ErrorCode::AccessDeniedException),
        (Some("too-short".to_owned()), ErrorCode::InvalidParameterException),
        (Some("under_score".repeat(4)), ErrorCode::InvalidParameterException),
    ] {
        let mut request = json!({
            "SecretId": SECRET, "ClientRequestToken": version, "SecretString": "x",
            "VersionStages": ["AWSPENDING"],
        });
        if let Some(token) = token {
            request["RotationToken"] = json!(token);
        }
        let refusal = manager.call(Operation::PutSecretValue, request).await.unwrap_err();
        assert_eq!(refusal.code, code, "{refusal}");
    }
    let function = with_function(&manager, &[]);
    manager.rotate(SECRET, FUNCTION).unwrap_err();
    let record = manager.wait_for_rotation(SECRET, &version, LIMIT).await.unwrap();
    assert_eq!(record.outcome, Some(RotationOutcome::Succeeded), "{:?}", function.steps());
}

/// Waiting ends in time, and recognizes a rotation that never began.
#[tokio::test]
async fn waiting_is_bounded() {
    let manager = manager(settings()).await;
    manager.register(FUNCTION, Arc::new(Silent));
    let version = manager.rotate(SECRET, FUNCTION).unwrap();
    let limit = Duration::from_millis(20);
    let error = manager.wait_for_rotation(SECRET, &version, limit).await.unwrap_err();
    assert_eq!(error, WaitError::Timeout(limit));
    let error = manager.wait_for_rotation(SECRET, "another", limit).await.unwrap_err();
    assert_eq!(error, WaitError::Unknown);
}
