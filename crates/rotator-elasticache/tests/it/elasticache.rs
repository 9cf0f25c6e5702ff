//! Users of ElastiCache, by the double of its control plane over a real server.

use std::time::Duration;

use local_aws::secrets_manager::{Held, Operation, RotationOutcome};
use serde_json::{Value, json};
use test_servers::{ApiAnswer, ApiDouble, ApiRequest, ElastiCacheDouble, ValkeyProduct, ValkeyServer};

use crate::fixture::{Plan, Scene, fresh, refusals_of, shared};

const AT_ONCE: Duration = Duration::from_millis(30);

fn server() -> &'static ValkeyServer {
    shared(ValkeyProduct::Valkey9)
}

fn double() -> ElastiCacheDouble {
    ElastiCacheDouble::start(server(), AT_ONCE).unwrap()
}

/// With the cache's endpoint, so that the function logs in.
fn with_host() -> Value {
    json!({"host": server().host(), "port": server().port()})
}

fn modified(double: &ElastiCacheDouble) -> usize {
    double.calls().iter().filter(|call| call.operation == "ModifyUser").count()
}

/// The id of the user in the double.
fn id(scene: &Scene) -> String {
    format!("id-{}", scene.user.username)
}

/// AWS's own secret works: `username`, `password` and `user_arn`. What is not proved is reported.
#[tokio::test]
async fn secret_of_awss_template() {
    let double = double();
    let scene = Plan::at(server()).managed(&double).await;
    for _ in 0..2 {
        let before = scene.login("AWSCURRENT");
        scene.store.take_calls();
        scene.rotated().await;
        assert_eq!(scene.store.take_calls().len(), 11);
        assert!(server().opens(&scene.login("AWSCURRENT")) && server().opens(&before));
        assert_eq!(server().passwords(&scene.user.username), Some(2));
    }
    assert_eq!(modified(&double), 2);
    let output = scene.function.output();
    assert!(output.contains("AWSCURRENT was not tried") && output.contains("AWSPENDING was not tried"));
    assert!(!output.contains("canary-"), "{output}");
}

/// With `host`, AWSCURRENT logs in before the change and AWSPENDING after it, and no login is refused.
#[tokio::test]
async fn login_proves_both() {
    let double = double();
    let scene = Plan::at(server()).document(with_host()).managed(&double).await;
    for rotation in 0..3 {
        scene.store.take_calls();
        scene.rotated().await;
        // From the second on AWSPREVIOUS is read, to know which two passwords the user has.
        assert_eq!(scene.store.take_calls().len(), if rotation == 0 { 11 } else { 12 });
    }
    assert_eq!(modified(&double), 3);
    assert_eq!(refusals_of(server(), &scene.user.username), 0);
    assert!(!scene.function.output().contains("was not tried"));
}

/// A stale AWSCURRENT never evicts the password that is live.
#[tokio::test]
async fn stale_awscurrent_changes_nothing() {
    let double = double();
    let scene = Plan::at(server()).document(with_host()).managed(&double).await;
    scene.rotated().await;
    let live = scene.login("AWSCURRENT");
    scene.put(&json!({"password": "canary-stale-password-000"}));
    let (code, step) = scene.refused(server()).await;
    assert_eq!((code.as_str(), step), ("DB_NO_CREDENTIAL_ACCEPTED", "setSecret"));
    assert!(server().opens(&live));
    assert_eq!(modified(&double), 1);
}

/// A user that is still being modified is no failure for good: the rotation ends once it is active, and the
/// change is not made twice.
#[tokio::test]
async fn slow_change_is_waited_for_by_retries() {
    let double = double();
    let scene = Plan::at(server()).document(with_host()).attempts(100).managed(&double).await;
    double.hold(true);
    let version = scene.store.rotate(&scene.secret, scene.function.arn()).unwrap();
    let failed = || {
        let record = scene.store.rotation(&scene.secret, &version).unwrap();
        record.steps().any(|step| step.step == "setSecret" && step.error.is_some())
    };
    // testSecret of the first attempt has given up, and setSecret of the second one.
    while !failed() {
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    double.hold(false);
    let record =
        scene.store.wait_for_rotation(&scene.secret, &version, Duration::from_mins(2)).await.unwrap();
    assert_eq!(record.outcome, Some(RotationOutcome::Succeeded), "{}", scene.function.output());
    let mut errors = record.steps().filter_map(|step| step.error.as_ref());
    assert!(errors.all(|error| error.error_type == "ELASTICACHE_USER_MODIFYING"));
    assert_eq!(modified(&double), 1);
    assert_eq!(refusals_of(server(), &scene.user.username), 0);
}

/// A function that is killed after the change recognizes it.
#[tokio::test]
async fn change_is_recognized_after_a_kill() {
    let double = double();
    let scene = Plan::at(server()).document(with_host()).attempts(5).managed(&double).await;
    scene.rotated().await;
    // The read of the pending version in testSecret comes after the change.
    let mut held = scene.store.hold(Operation::GetSecretValue, 4, Held::Request);
    let version = scene.store.rotate(&scene.secret, scene.function.arn()).unwrap();
    assert!(held.reached().await);
    scene.function.kill().await;
    drop(held);
    let record =
        scene.store.wait_for_rotation(&scene.secret, &version, Duration::from_mins(1)).await.unwrap();
    assert_eq!(record.outcome, Some(RotationOutcome::Succeeded), "{}", scene.function.output());
    assert_eq!(modified(&double), 2);
    assert!(server().opens(&scene.login("AWSCURRENT")) && server().opens(&scene.login("AWSPREVIOUS")));
}

/// Users that cannot be rotated, each with its code, and nothing is changed.
#[tokio::test]
async fn users_that_are_refused() {
    let double = double();
    for (status, kind) in [("active", "iam"), ("active", "no-password"), ("deleting", "password")] {
        let scene = Plan::at(server()).managed(&double).await;
        double.pretend(&id(&scene), status, kind);
        let (code, step) = scene.refused(server()).await;
        assert_eq!((code.as_str(), step), ("ELASTICACHE_USER_NOT_ROTATABLE", "setSecret"));
    }
    let arn = "arn:aws:elasticache:us-east-1:123456789012:user:nobody";
    for (change, expected) in [
        (json!({"user_arn": arn}), ("ELASTICACHE_USER_NOT_FOUND", "setSecret")),
        (json!({"username": "another"}), ("ELASTICACHE_USER_DIFFERS", "setSecret")),
        (json!({"user_arn": arn.replace("elasticache", "rds")}), ("SECRET_FIELD_INVALID", "createSecret")),
        (json!({"user_arn": null}), ("SECRET_FIELD_MISSING", "createSecret")),
        (json!({"engine": "mysql"}), ("SECRET_ENGINE_MISMATCH", "createSecret")),
    ] {
        let scene = Plan::at(server()).document(change).managed(&double).await;
        let (code, step) = scene.refused(server()).await;
        assert_eq!((code.as_str(), step), expected);
    }
    assert_eq!(modified(&double), 0);
}

/// `LOGIN_PROOF`: required, a secret without `host` is refused; off, no login is made.
#[tokio::test]
async fn login_proof_is_a_setting() {
    let double = double();
    let scene = Plan::at(server()).setting("LOGIN_PROOF", "require").managed(&double).await;
    let (code, step) = scene.refused(server()).await;
    assert_eq!((code.as_str(), step), ("ELASTICACHE_LOGIN_REQUIRED", "setSecret"));

    let elsewhere = json!({"host": "no-such-host.invalid"});
    let scene = Plan::at(server()).document(elsewhere).setting("LOGIN_PROOF", "off").managed(&double).await;
    scene.rotated().await;
    assert_eq!(scene.lines("credentials").len(), 0);

    let scene = Plan::at(server()).setting("LOGIN_PROOF", "maybe").managed(&double).await;
    assert_eq!(scene.refused(server()).await, ("CONFIG_INVALID".to_owned(), "createSecret"));
}

/// A service that refuses or does not answer, each with its code; a password is in no error.
#[tokio::test]
async fn faults_of_the_service() {
    for (status, code, expected) in [
        (403, "AccessDenied", "ELASTICACHE_DENIED"),
        (400, "Throttling", "ELASTICACHE_UNAVAILABLE"),
        (500, "InternalFailure", "ELASTICACHE_UNAVAILABLE"),
        (400, "InvalidUserState", "ELASTICACHE_USER_MODIFYING"),
        (400, "InvalidParameterCombination", "ELASTICACHE_REJECTED"),
        (403, "SignatureDoesNotMatch", "ELASTICACHE_REJECTED"),
    ] {
        let answer = move |request: &ApiRequest| ApiAnswer {
            status,
            body: format!(
                "<ErrorResponse><Error><Code>{code}</Code><Message>{}</Message></Error></ErrorResponse>",
                request.body.replace('&', "&amp;")
            ),
        };
        let service = ApiDouble::start(answer).unwrap();
        let arn = "arn:aws:elasticache:us-east-1:123456789012:user:app";
        let scene = Plan::at(server()).managed_at(&service.endpoint(), fresh("app"), arn).await;
        let (found, step) = scene.refused(server()).await;
        assert_eq!((found.as_str(), step), (expected, "setSecret"), "{code}");
    }
}
