//! The trouble that tests can ask for.

use std::time::{Duration, Instant};

use rotation_testkit::{
    LocalSecretsManager,
    secrets_manager::{ErrorCode, Fault, FaultKind, Operation, Settings, Trouble, serial_calls},
};
use serde_json::{Value, json};

const SECRET: &str = "app/login";

async fn manager(trouble: Trouble) -> LocalSecretsManager {
    let manager = LocalSecretsManager::start(Settings { trouble, ..Settings::default() }).await.unwrap();
    manager.create_secret(SECRET, "first").unwrap();
    manager
}

fn put(value: &str) -> Value {
    let token = uuid::Uuid::new_v4().to_string();
    json!({"SecretId": SECRET, "ClientRequestToken": token, "SecretString": value})
}

fn get() -> Value {
    json!({"SecretId": SECRET})
}

#[tokio::test]
async fn the_log_tells_which_calls_waited_for_one_another() {
    let delay = Duration::from_millis(40);
    let manager = manager(Trouble { delay, ..Trouble::default() }).await;
    let begun = Instant::now();
    manager.call(Operation::DescribeSecret, get()).await.unwrap();
    let (first, second) = tokio::join!(
        manager.call(Operation::GetSecretValue, get()),
        manager.call(Operation::GetSecretValue, json!({"SecretId": SECRET, "VersionStage": "NONE"})),
    );
    assert!(begun.elapsed() >= delay * 2);
    assert!(first.is_ok() && second.is_err());

    let calls = manager.take_calls();
    let operations: Vec<_> = calls.iter().map(|call| call.operation).collect();
    assert_eq!(operations, [Operation::DescribeSecret, Operation::GetSecretValue, Operation::GetSecretValue]);
    assert_eq!(serial_calls(&calls), 2);
    assert!(calls.iter().all(|call| call.duration() >= delay));
    assert!(calls.iter().all(|call| call.secret.as_ref().unwrap().starts_with("arn:aws:")));
    let refused: Vec<_> = calls.iter().filter(|call| call.error.is_some()).collect();
    assert_eq!(refused.len(), 1);
    assert_eq!(refused[0].stage.as_deref(), Some("NONE"));
    assert_eq!(refused[0].error, Some(ErrorCode::ResourceNotFoundException));
    assert!(manager.calls().is_empty());
    assert_eq!(serial_calls(&[]), 0);
}

#[tokio::test]
async fn faults_meet_the_calls_that_they_are_meant_for() {
    let manager = manager(Trouble::default()).await;
    manager.inject(Fault::new(Operation::GetSecretValue, FaultKind::DecryptionFailure).after(1).times(2));
    manager.inject(Fault::new(Operation::PutSecretValue, FaultKind::KmsAccessDenied));
    manager.inject(Fault::new(Operation::DescribeSecret, FaultKind::InternalServiceError));

    let mut codes = Vec::new();
    for _ in 0..4 {
        let answer = manager.call(Operation::GetSecretValue, get()).await;
        codes.push(answer.err().map(|error| error.code));
    }
    let failure = Some(ErrorCode::DecryptionFailure);
    assert_eq!(codes, [None, failure, failure, None]);

    let refusal = manager.call(Operation::PutSecretValue, put("second")).await.unwrap_err();
    assert_eq!(refusal.code, ErrorCode::AccessDeniedException);
    assert_eq!(manager.value(SECRET, "AWSCURRENT").unwrap(), "first");
    manager.call(Operation::PutSecretValue, put("second")).await.unwrap();
    manager.clear_faults();
    manager.call(Operation::DescribeSecret, get()).await.unwrap();
}

#[tokio::test]
async fn an_answer_can_get_lost_before_or_after_the_effect() {
    for (kind, value) in [(FaultKind::DropBeforeEffect, "first"), (FaultKind::DropAfterEffect, "second")] {
        let manager = manager(Trouble::default()).await;
        manager.inject(Fault::new(Operation::PutSecretValue, kind));
        let lost = manager.call(Operation::PutSecretValue, put("second")).await.unwrap_err();
        assert_eq!(lost.code, ErrorCode::ConnectionDropped);
        assert_eq!(manager.value(SECRET, "AWSCURRENT").unwrap(), value);
    }
}

#[tokio::test]
async fn more_writes_in_a_second_than_allowed_are_refused() {
    let manager = manager(Trouble { writes_per_second: Some(3), ..Trouble::default() }).await;
    let second = Duration::from_secs(1);
    // On a busy machine four writes may take more than a second, and then the fourth is none too many.
    let refusal = loop {
        let began = Instant::now();
        for value in ["1", "2", "3"] {
            manager.call(Operation::PutSecretValue, put(value)).await.unwrap();
        }
        let fourth = manager.call(Operation::PutSecretValue, put("4")).await;
        let took = began.elapsed();
        if let Err(refusal) = fourth {
            break refusal;
        }
        assert!(took >= second, "four writes in {took:?}");
        tokio::time::sleep(second).await;
    };
    assert_eq!(refusal.code, ErrorCode::ThrottlingException);
    manager.call(Operation::GetSecretValue, get()).await.unwrap();
    tokio::time::sleep(second).await;
    manager.call(Operation::PutSecretValue, put("5")).await.unwrap();
    assert_eq!(manager.value(SECRET, "AWSCURRENT").unwrap(), "5");
}

#[tokio::test]
async fn reads_lag_behind_a_write_as_often_as_asked() {
    let manager = manager(Trouble { stale_reads: 2, ..Trouble::default() }).await;
    let mut request = put("second");
    request["VersionStages"] = json!(["AWSPENDING"]);
    manager.call(Operation::PutSecretValue, request).await.unwrap();
    assert_eq!(manager.value(SECRET, "AWSPENDING").unwrap(), "second");

    let pending = json!({"SecretId": SECRET, "VersionStage": "AWSPENDING"});
    for _ in 0..2 {
        let refusal = manager.call(Operation::GetSecretValue, pending.clone()).await.unwrap_err();
        assert_eq!(refusal.code, ErrorCode::ResourceNotFoundException);
    }
    let answer = manager.call(Operation::GetSecretValue, pending).await.unwrap();
    assert_eq!(answer["SecretString"], json!("second"));
}
