//! What a majority has not confirmed is not final.

use local_aws::secrets_manager::RotationOutcome;
use rotation_core::Password;
use rotation_database::{Change, Engine, Session, StatementFault, Transport, Turn};
use serde_json::json;

use super::scene::{By, Scene, opens, rollbacks, set};
use crate::fixture::{HOME, create_app_at, deadline, engine_for, login_at};

/// A retry waits for the majority too.
/// Primary, arbiter, and a secondary that is down: the first setSecret changes the password and no retry may
/// finish until the secondary has it. Before and after that, nothing is lost.
#[tokio::test]
async fn retry_waits_for_the_majority() {
    let (set, _turn) = set(true).await;
    for by in By::BOTH {
        set.revive().unwrap();
        let scene = Scene::new(set, by, |_, _| ()).await;
        let secondary = set.secondaries().unwrap()[0];
        secondary.stop("KILL").unwrap();
        let before = scene.document("AWSCURRENT");
        let version = scene.begin();
        let failures = scene.failures(&version, 2).await;
        assert!(failures.iter().all(|code| code == "DB_MAJORITY_MISSING"), "{by:?}: {failures:?}");
        assert_eq!(scene.document("AWSCURRENT"), before, "{by:?}: the label has not moved");
        secondary.start_again().unwrap();
        let record = scene.end(&version).await;
        assert_eq!(record.outcome, Some(RotationOutcome::Succeeded), "{record:?}");
        scene.check_labels(by).await;
        // The member that was down is elected, and has all of it.
        set.settle().unwrap();
        set.primary().unwrap().stop("KILL").unwrap();
        scene.check_labels(by).await;
    }
}

/// The same, and the primary is lost before a majority had the password: the old one is back, and the
/// rotation sets the new one again.
#[tokio::test]
async fn unconfirmed_password_is_set_again() {
    let (set, _turn) = set(true).await;
    for by in By::BOTH {
        set.revive().unwrap();
        let scene = Scene::new(set, by, |_, _| ()).await;
        let (old, secondary) = (set.primary().unwrap(), set.secondaries().unwrap()[0]);
        secondary.stop("KILL").unwrap();
        let version = scene.begin();
        scene.failures(&version, 2).await;
        old.stop("KILL").unwrap();
        secondary.start_again().unwrap();
        assert_eq!(set.primary().unwrap().port(), secondary.port());
        assert!(scene.opens("AWSCURRENT").await, "the password that was not confirmed is gone");
        // It rolls back what it had alone; without it there is no majority.
        let before = rollbacks(old);
        old.start_again().unwrap();
        let record = scene.end(&version).await;
        assert_eq!(record.outcome, Some(RotationOutcome::Succeeded), "{record:?}");
        set.settle().unwrap();
        scene.check_labels(by).await;
        assert_eq!(rollbacks(old), before + 1, "{by:?}: the old primary rolled back the change");
    }
}

/// A login waits for what it has seen, reports when that is not confirmed, and sends a healthy set nothing
/// more.
#[tokio::test]
async fn session_knows_what_is_confirmed() {
    let (set, _turn) = set(true).await;
    let primary = set.primary().unwrap();
    let app = create_app_at(primary, HOME).await.unwrap();
    set.settle().unwrap();
    let login = login_at(primary.port(), &app);
    let connect = async || {
        let mut session = engine_for(primary).connect(&login, Transport::Tls, deadline()).await.unwrap();
        session.probe(None).await.unwrap();
        session
    };
    let mut session = connect().await;
    session.settle(deadline()).await.unwrap();
    assert!(session.is_settled());
    let secondary = set.secondaries().unwrap()[0];
    secondary.stop("KILL").unwrap();
    let write = json!({"insert": "written", "documents": [{}], "writeConcern": {"w": 1}});
    primary.command("test", write).await.unwrap();
    let mut session = connect().await;
    assert!(!session.is_settled());
    let after = |time| rotation_core::Deadline::after(std::time::Duration::from_millis(time));
    for limit in [3000, 900] {
        let missing = session.settle(after(limit)).await.unwrap_err();
        assert_eq!(missing.fault, StatementFault::MajorityMissing);
    }
    let mut unsettled = connect().await;
    secondary.start_again().unwrap();
    session.settle(deadline()).await.unwrap();
    assert!(session.is_settled());
    // However little time is left, there is one check of what the majority has; without a check, nothing is
    // reported about it.
    let late = unsettled.settle(after(0)).await.unwrap_err();
    assert_eq!(late.fault, StatementFault::TimedOut);
    unsettled.settle(after(900)).await.unwrap();
    assert!(unsettled.is_settled());
}

/// A primary that steps down between the login and the change has changed nothing. One that does so before
/// the majority has the change leaves the result open.
#[tokio::test]
async fn step_down_changes_nothing() {
    let (set, _turn) = set(false).await;
    let primary = set.primary().unwrap();
    let app = create_app_at(primary, HOME).await.unwrap();
    set.settle().unwrap();
    let new = Password::parse("never-to-be-set-0").unwrap();
    let login = login_at(primary.port(), &app);
    let mut session = engine_for(primary).connect(&login, Transport::Tls, deadline()).await.unwrap();
    session.probe(None).await.unwrap();
    session.stage(&Change::OwnPassword { new: &new }, &Turn::default(), deadline()).await.unwrap();
    set.step_down().unwrap();
    let error = session.commit().await.unwrap_err();
    assert!(matches!(error.fault, StatementFault::ReadOnly | StatementFault::ConnectionLost), "{error:?}");
    assert_eq!(error.code().class(), rotation_core::Class::Retryable);
    let document = json!({"username": app.username, "password": app.password});
    assert!(opens(set, &document).await, "the old password logs in");
    while set.primary().unwrap().port() == primary.port() {
        tokio::time::sleep(std::time::Duration::from_millis(100)).await;
    }
    // Its own report, before any login: no member but the primary is asked about users.
    let old = engine_for(primary).connect(&login, Transport::Tls, deadline()).await;
    assert_eq!(old.map(drop).unwrap_err().code(), "DB_READ_ONLY");
}
