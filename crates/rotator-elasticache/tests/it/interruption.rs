//! Functions that are killed, repeated, or suspended until they may no longer act.

use std::time::Duration;

use local_aws::secrets_manager::{Held, Operation, RotationOutcome};
use serde_json::json;
use test_servers::ValkeyProduct;

use crate::fixture::{Plan, list_of, refusals_of, shared};

/// Every call of Secrets Manager in one rotation: the operation, and how many of its kind come before.
const CALLS: [(Operation, u32); 12] = [
    (Operation::DescribeSecret, 0),
    (Operation::DescribeSecret, 1),
    (Operation::DescribeSecret, 2),
    (Operation::DescribeSecret, 3),
    (Operation::DescribeSecret, 4),
    (Operation::GetSecretValue, 0),
    (Operation::GetSecretValue, 1),
    (Operation::GetSecretValue, 2),
    (Operation::GetSecretValue, 3),
    (Operation::GetSecretValue, 4),
    (Operation::PutSecretValue, 0),
    (Operation::UpdateSecretVersionStage, 0),
];

/// A function that is killed before or after any call: the retry ends the rotation, and at no moment does
/// AWSCURRENT not log in.
#[tokio::test]
async fn killed_at_every_call() {
    let server = shared(ValkeyProduct::Valkey9);
    let scene = Plan::at(server).attempts(4).own().await;
    scene.rotated().await;
    for (operation, before) in CALLS {
        for held in [Held::Request, Held::Answer] {
            let mut hold = scene.store.hold(operation, before, held);
            let version = scene.store.rotate(&scene.secret, scene.function.arn()).unwrap();
            assert!(hold.reached().await);
            scene.function.kill().await;
            assert!(server.opens(&scene.login("AWSCURRENT")), "{operation:?} {before} {held:?}");
            drop(hold);
            let wait = scene.store.wait_for_rotation(&scene.secret, &version, Duration::from_mins(1));
            let record = wait.await.unwrap();
            assert_eq!(record.outcome, Some(RotationOutcome::Succeeded), "{operation:?} {before} {held:?}");
            assert_eq!(server.passwords(&scene.user.username), Some(2));
            assert!(server.opens(&scene.login("AWSCURRENT")) && server.opens(&scene.login("AWSPREVIOUS")));
        }
    }
    assert_eq!(refusals_of(server, &scene.user.username), 0);
}

/// A step of an old rotation that continues after two newer ones changes nothing, wherever it was suspended.
#[tokio::test]
async fn stale_setsecret_changes_nothing() {
    let server = shared(ValkeyProduct::Redis7);
    // The last describe of setSecret is the one right before the change.
    for describe in [1, 2] {
        let mut scene = Plan::at(server).own().await;
        scene.rotated().await;
        let mut hold = scene.store.hold(Operation::DescribeSecret, describe, Held::Answer);
        let stale = scene.store.rotate(&scene.secret, scene.function.arn()).unwrap();
        assert!(hold.reached().await);
        let _suspended = scene.replace_process();
        scene.cancel();
        for _ in 0..2 {
            scene.rotated().await;
        }
        let before = list_of(server, &scene.user.username);
        let stale = scene.store.wait_for_rotation(&scene.secret, &stale, Duration::from_mins(1));
        hold.release();
        let _ = stale.await;
        assert_eq!(list_of(server, &scene.user.username), before, "{describe}");
        assert!(server.opens(&scene.login("AWSCURRENT")) && server.opens(&scene.login("AWSPREVIOUS")));
    }
}

/// Every step again after each step, and after the end.
#[tokio::test]
async fn repeated_steps_change_nothing() {
    let server = shared(ValkeyProduct::Redis7);
    let scene = Plan::at(server).own().await;
    let record = scene.rotated().await;
    let before = list_of(server, &scene.user.username);
    for step in ["createSecret", "setSecret", "testSecret", "finishSecret"] {
        let event = json!({"Step": step, "SecretId": scene.secret, "ClientRequestToken": record.version});
        scene.function.invoke(&event).await.unwrap();
        assert_eq!(list_of(server, &scene.user.username), before);
    }
}
