//! How long a call with transient failures is retried, and what is reported when it never succeeds.

use std::{
    future::Future,
    time::{Duration, Instant},
};

use local_aws::secrets_manager::{Fault, FaultKind, Operation, Settings};
use rotation_core::{
    Deadline, Put, Reader, RotationError, SecretDocument, SecretStore, StagingLabel, StoreError, StoreFault,
    Version,
};

use super::{Lab, TOKEN, fault};

const ALWAYS: u32 = u32::MAX;
/// The calls that the steps of a rotation make.
const OPERATIONS: [Operation; 4] = [
    Operation::DescribeSecret,
    Operation::GetSecretValue,
    Operation::PutSecretValue,
    Operation::UpdateSecretVersionStage,
];

impl Lab {
    async fn troubled(&self, kind: FaultKind) -> rotation_core::PendingVersion {
        let pending = self.pending(None).await;
        self.service.take_calls();
        for operation in OPERATIONS {
            self.service.inject(Fault::new(operation, kind).times(ALWAYS));
        }
        pending
    }

    fn asked(&self, operation: Operation) -> usize {
        self.service.calls().iter().filter(|call| call.operation == operation).count()
    }
}

fn document() -> SecretDocument {
    SecretDocument::parse("{}").expect("an object")
}

/// The result of a call, and how long after this moment it arrived.
async fn timed<T>(began: Instant, call: impl Future<Output = T>) -> (T, Duration) {
    let outcome = call.await;
    (outcome, began.elapsed())
}

/// A store that throttles for eight seconds is outlasted, and the last write goes first.
#[tokio::test]
async fn eight_seconds_of_throttling() {
    // The writes belong to two secrets: the write that ends a rotation succeeds before the one that begins
    // it.
    let (lab, other) =
        tokio::join!(Lab::start(Settings::default(), None), Lab::start(Settings::default(), None));
    let pending = lab.troubled(FaultKind::Throttled).await;
    let last = other.troubled(FaultKind::Throttled).await;
    let deadline = Deadline::after(Duration::from_secs(30));
    let (store, other_store) = (lab.store.within(deadline), other.store.within(deadline));
    let (document, relief, began) = (document(), Duration::from_secs(8), Instant::now());
    let relieved = async {
        tokio::time::sleep(relief).await;
        let asked = OPERATIONS.map(|operation| lab.asked(operation).max(other.asked(operation)));
        lab.service.clear_faults();
        other.service.clear_faults();
        asked
    };
    let (asked, described, read, put, promoted) = tokio::join!(
        relieved,
        timed(began, store.describe(&lab.secret)),
        timed(began, store.read(&lab.secret, Version::Current)),
        timed(began, store.put(&pending, &document)),
        timed(began, other_store.promote(&last)),
    );
    assert_eq!(put.0.expect("an answer in the end"), Put::Stored);
    described.0.expect("an answer in the end");
    read.0.expect("an answer in the end").expect("a value");
    promoted.0.expect("an answer in the end");
    let labels = &other.service.stages(other.secret.as_str()).expect("labels")[TOKEN];
    assert!(labels.contains(&StagingLabel::Current.name().to_owned()), "{labels:?}");
    for took in [put.1, described.1, read.1, promoted.1] {
        assert!(took >= relief && took < Duration::from_secs(20), "{took:?}");
    }
    let [looks, reads, puts, promotions] = asked;
    assert!(promotions > looks.max(reads) && looks.min(reads) > puts, "{asked:?}");
}

/// A description for which other calls wait is retried for four seconds at most.
#[tokio::test]
async fn awaited_description_takes_4_s_at_most() {
    let lab = Lab::start(Settings::default(), None).await;
    lab.troubled(FaultKind::Throttled).await;
    let store = lab.store.within(Deadline::after(Duration::from_secs(30)));
    let (outcome, took) = timed(Instant::now(), store.describe_briefly(&lab.secret)).await;
    assert_eq!(fault(outcome), StoreFault::Throttled);
    assert!(took > Duration::from_secs(2) && took < Duration::from_secs(12), "{took:?}");
}

/// An attempt that begins at the end of its time is not cut short.
#[tokio::test]
async fn last_attempt_is_not_cut_short() {
    let lab = Lab::start(Settings::default(), None).await;
    lab.service.set_delay(Duration::from_millis(300));
    // A tenth of this is reserved, so less is left than the least time for an attempt.
    let store = lab.store.within(Deadline::after(Duration::from_millis(90)));
    store.describe(&lab.secret).await.expect("an answer after the end of its time");
}

/// Calls that always get this answer.
#[track_caller]
fn check(kind: FaultKind, time: Duration, expected: StoreFault, code: &str) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    runtime.block_on(async {
        let lab = Lab::start(Settings::default(), None).await;
        let pending = lab.troubled(kind).await;
        let store = lab.store.within(Deadline::after(time));
        let (document, began) = (document(), Instant::now());
        let outcomes: [(Result<(), StoreError>, Duration); 4] = tokio::join!(
            timed(began, async { store.describe(&lab.secret).await.map(drop) }),
            timed(began, async { store.read(&lab.secret, Version::Current).await.map(drop) }),
            timed(began, async { store.put(&pending, &document).await.map(drop) }),
            timed(began, store.promote(&pending)),
        )
        .into();
        for (operation, (outcome, took)) in OPERATIONS.into_iter().zip(outcomes) {
            assert!(took < time, "{operation:?} took {took:?}, and no time was left to report it");
            assert!(took > time / 2, "{operation:?} gave up after {took:?}");
            let error = RotationError::from(outcome.expect_err("never"));
            assert_eq!(error.code().name(), code, "{operation:?}");
            assert!(!error.remediation(Reader::Operator).is_empty());
            let told = error.remediation(Reader::Operator).contains("keep that label");
            assert_eq!(
                told,
                operation == Operation::UpdateSecretVersionStage,
                "{}",
                error.remediation(Reader::Operator)
            );
            assert_eq!(fault(Err::<(), _>(store_error(error))), expected, "{operation:?}");
        }
    });
}

fn store_error(error: RotationError) -> StoreError {
    match error {
        RotationError::Store(error) => error,
        other => panic!("{other}"),
    }
}

/// A call that never succeeds ends before the deadline and reports the reason.
#[test]
fn endless_failure_ends_before_the_deadline() {
    let time = Duration::from_secs(4);
    check(FaultKind::Throttled, time, StoreFault::Throttled, "SM_THROTTLED");
    check(FaultKind::InternalServiceError, time, StoreFault::Internal, "SM_INTERNAL");
    check(FaultKind::DropBeforeEffect, time, StoreFault::Unreachable, "NET_SM_UNREACHABLE");
    check(FaultKind::Delay(Duration::from_mins(1)), time, StoreFault::Unreachable, "NET_SM_UNREACHABLE");
}

/// A permanent fault is not retried.
#[tokio::test]
async fn permanent_faults_are_tried_once() {
    let lab = Lab::start(Settings::default(), None).await;
    let pending = lab.troubled(FaultKind::KmsAccessDenied).await;
    let store = lab.store.within(Deadline::after(Duration::from_secs(30)));
    assert_eq!(fault(store.promote(&pending).await), StoreFault::KeyDenied);
    assert_eq!(fault(store.put(&pending, &document()).await), StoreFault::KeyDenied);
    assert_eq!(fault(store.describe(&lab.secret).await), StoreFault::KeyDenied);
    // After the write the secret was also described, to find the name of the key.
    let calls = [Operation::UpdateSecretVersionStage, Operation::PutSecretValue, Operation::DescribeSecret];
    for (operation, times) in calls.into_iter().zip([1, 1, 2]) {
        assert_eq!(lab.asked(operation), times, "{operation:?}");
    }
}

/// Without a deadline a call is made four times, however often other calls failed before.
#[tokio::test]
async fn four_tries_without_a_deadline() {
    let lab = Lab::start(Settings::default(), None).await;
    lab.troubled(FaultKind::Throttled).await;
    let mut calls = tokio::task::JoinSet::new();
    for _ in 0..60 {
        let (store, secret) = (lab.store.clone(), lab.secret.clone());
        calls.spawn(async move { store.describe(&secret).await });
    }
    while let Some(outcome) = calls.join_next().await {
        assert_eq!(fault(outcome.expect("no panic")), StoreFault::Throttled);
    }
    assert_eq!(lab.asked(Operation::DescribeSecret), 240);
}

/// An invocation without time makes one call.
#[tokio::test]
async fn one_try_without_time() {
    let lab = Lab::start(Settings::default(), None).await;
    let store = lab.store.within(Deadline::after(Duration::ZERO));
    store.describe(&lab.secret).await.expect("an answer");
    lab.troubled(FaultKind::Throttled).await;
    assert_eq!(fault(store.describe(&lab.secret).await), StoreFault::Throttled);
    assert_eq!(lab.asked(Operation::DescribeSecret), 1);
}
