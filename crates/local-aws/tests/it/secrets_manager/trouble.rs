//! The faults that tests can inject.

use std::{
    future::poll_fn,
    pin::Pin,
    task::Poll,
    time::{Duration, Instant},
};

use local_aws::{
    LocalSecretsManager,
    secrets_manager::{ErrorCode, Fault, FaultKind, Held, Operation, Settings, Trouble, serial_calls},
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

/// The log shows which calls waited for one another.
/// The calls of a group are answered once all have arrived, so the counts do not depend on time.
#[tokio::test]
async fn log_shows_which_calls_waited() {
    let manager = manager(Trouble::default()).await;
    manager.expect_together(&[1, 2, 1]);
    manager.call(Operation::DescribeSecret, get()).await.unwrap();
    let (first, second) = tokio::join!(
        manager.call(Operation::GetSecretValue, get()),
        manager.call(Operation::GetSecretValue, json!({"SecretId": SECRET, "VersionStage": "NONE"})),
    );
    assert!(first.is_ok() && second.is_err());
    manager.call(Operation::DescribeSecret, get()).await.unwrap();

    let calls = manager.take_calls();
    let operations: Vec<_> = calls.iter().map(|call| call.operation).collect();
    let (describe, read) = (Operation::DescribeSecret, Operation::GetSecretValue);
    assert_eq!(operations, [describe, read, read, describe]);
    assert_eq!(serial_calls(&calls), 3);
    assert!(calls.iter().all(|call| call.secret.as_ref().unwrap().starts_with("arn:aws:")));
    let refused: Vec<_> = calls.iter().filter(|call| call.error.is_some()).collect();
    assert_eq!(refused.len(), 1);
    assert_eq!(refused[0].stage.as_deref(), Some("NONE"));
    assert_eq!(refused[0].error, Some(ErrorCode::ResourceNotFoundException));
    assert!(manager.calls().is_empty());
    assert_eq!(serial_calls(&[]), 0);
}

/// A delay is the minimum time of a call.
#[tokio::test]
async fn delays_are_minimums() {
    let delay = Duration::from_millis(40);
    let manager = manager(Trouble { delay, ..Trouble::default() }).await;
    manager.call(Operation::DescribeSecret, get()).await.unwrap();
    assert!(manager.calls().iter().all(|call| call.duration() >= delay));
}

/// A client that waits for an answer that only its own next call would cause gives up, and counts as waiting.
#[tokio::test]
async fn waiting_within_a_group() {
    let manager = manager(Trouble::default()).await;
    manager.expect_together(&[2, 1]);
    let mut waiting = Box::pin(manager.call(Operation::DescribeSecret, get()));
    assert!(poll_once(&mut waiting).await.is_pending());
    drop(waiting);
    for _ in 0..3 {
        manager.call(Operation::DescribeSecret, get()).await.unwrap();
    }
    assert_eq!(serial_calls(&manager.take_calls()), 3);
    // Calls that are held for groups that are no longer expected are answered.
    manager.expect_together(&[2]);
    let mut waiting = Box::pin(manager.call(Operation::DescribeSecret, get()));
    assert!(poll_once(&mut waiting).await.is_pending());
    manager.expect_together(&[]);
    waiting.await.unwrap();
}

/// A call can be held before or after it takes effect.
/// A held request sees the state at its release; a held answer has the state at the arrival of the call.
#[tokio::test]
async fn calls_held_before_or_after_effect() {
    for (held, seen) in [(Held::Request, "second"), (Held::Answer, "first")] {
        let manager = manager(Trouble::default()).await;
        let mut hold = manager.hold(Operation::GetSecretValue, 1, held);
        manager.call(Operation::GetSecretValue, get()).await.unwrap();
        let change = async {
            assert!(hold.reached().await);
            assert!(hold.reached().await);
            manager.call(Operation::PutSecretValue, put("second")).await.unwrap();
            assert!(hold.release());
        };
        let (answer, ()) = tokio::join!(manager.call(Operation::GetSecretValue, get()), change);
        assert_eq!(answer.unwrap()["SecretString"], json!(seen), "{held:?}");

        // The client gives up.
        let mut hold = manager.hold(Operation::GetSecretValue, 0, held);
        let mut waiting = Box::pin(manager.call(Operation::GetSecretValue, get()));
        assert!(poll_once(&mut waiting).await.is_pending());
        assert!(hold.reached().await);
        drop(waiting);
        assert!(!hold.release());

        // The test ends before the call is made.
        drop(manager.hold(Operation::GetSecretValue, 0, held));
        manager.call(Operation::GetSecretValue, get()).await.unwrap();
    }
}

/// Polls once.
async fn poll_once<F: Future + Unpin>(future: &mut F) -> Poll<F::Output> {
    poll_fn(|cx| Poll::Ready(Pin::new(&mut *future).poll(cx))).await
}

/// An injected fault reaches exactly the calls that it was chosen for.
#[tokio::test]
async fn faults_reach_the_chosen_calls() {
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

/// An answer can get lost before or after the call takes effect.
#[tokio::test]
async fn lost_answers() {
    for (kind, value) in [(FaultKind::DropBeforeEffect, "first"), (FaultKind::DropAfterEffect, "second")] {
        let manager = manager(Trouble::default()).await;
        manager.inject(Fault::new(Operation::PutSecretValue, kind));
        let lost = manager.call(Operation::PutSecretValue, put("second")).await.unwrap_err();
        assert_eq!(lost.code, ErrorCode::ConnectionDropped);
        assert_eq!(manager.value(SECRET, "AWSCURRENT").unwrap(), value);
    }
}

/// More writes in a second than allowed are refused.
#[tokio::test]
async fn write_rate_limit() {
    let manager = manager(Trouble { writes_per_second: Some(3), ..Trouble::default() }).await;
    let second = Duration::from_secs(1);
    // On a busy machine four writes may take more than a second, and then the fourth does not exceed the
    // limit.
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

/// Reads lag behind a write as often as configured.
#[tokio::test]
async fn reads_lag_behind_a_write() {
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
