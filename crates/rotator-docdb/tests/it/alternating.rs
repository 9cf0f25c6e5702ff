//! A master reconciles the other user of a pair.

use std::time::Duration;

use rotation_database::{SINGLE_USER, Session, StatementFault};
use rotation_suites::EngineScene;
use serde_json::{Value, json};
use test_servers::{ProxyAction, TestLogin};

use crate::fixture::{HOME, Lab, create_app_as, fresh, opens, server};

fn kinds(commands: &[Value]) -> Vec<String> {
    let kind = |command: &Value| command.as_object().unwrap().keys().next().unwrap().clone();
    commands.iter().map(kind).filter(|kind| kind != "isMaster" && !kind.starts_with("sasl")).collect()
}

async fn grant(lab: &Lab, username: &str, verb: &str, roles: Value) {
    server().command(&lab.home, json!({format!("{verb}ToUser"): username, "roles": roles})).await.unwrap();
}

async fn revoke(lab: &Lab, username: &str, roles: Value) {
    let revoke = json!({"revokeRolesFromUser": username, "roles": roles});
    server().command(&lab.home, revoke).await.unwrap();
}

/// A missing clone is created whole by one command, and nothing of it is visible before.
#[tokio::test]
async fn missing_clone_in_one_command() {
    let lab = Lab::new().await;
    let (clone, before) = (lab.clone(), lab.snapshot().await);
    drop(lab.stage(&clone).await.unwrap());
    assert_eq!(before, lab.snapshot().await, "what was staged and not committed leaves nothing");
    lab.recorder.take_commands();
    lab.rotate_to(&clone).await.unwrap();
    assert_eq!(kinds(&lab.recorder.take_commands()), ["usersInfo", "usersInfo", "createUser"]);
    assert!(opens(&clone, HOME).await && opens(&lab.app, HOME).await);
    assert_eq!(lab.roles(&clone.username).await, lab.roles(&lab.app.username).await);
    let mechanisms = |user: Value| user["mechanisms"].clone();
    let (original, made) =
        (server().user(HOME, &lab.app.username).await, server().user(HOME, &clone.username).await);
    assert_eq!(mechanisms(original.unwrap()), mechanisms(made.unwrap()));
}

/// Rights that drifted are reconciled before the password changes.
#[tokio::test]
async fn drift_is_reconciled_before_the_password() {
    let lab = Lab::new().await;
    let clone = lab.clone();
    lab.rotate_to(&clone).await.unwrap();
    let added = json!([{"role": "read", "db": "elsewhere"}, {"role": "dbAdmin", "db": "elsewhere"}]);
    grant(&lab, &lab.app.username, "grantRoles", added.clone()).await;
    lab.recorder.take_commands();
    let next = TestLogin { password: "second-password-of-the-clone".to_owned(), ..clone.clone() };
    lab.rotate_to(&next).await.unwrap();
    let wanted = ["usersInfo", "usersInfo", "grantRolesToUser", "usersInfo", "updateUser"];
    assert_eq!(kinds(&lab.recorder.take_commands()), wanted);
    assert_eq!(lab.roles(&clone.username).await, lab.roles(&lab.app.username).await);
    assert!(opens(&next, HOME).await && !opens(&clone, HOME).await);

    // What the original gained meanwhile, a live clone gains as well, and its mark with it.
    grant(&lab, &lab.app.username, "grantRoles", json!([{"role": "read", "db": "third"}])).await;
    let original = TestLogin { password: "second-password-of-the-app".to_owned(), ..lab.app.clone() };
    lab.rotate_to(&original).await.unwrap();
    let wanted = ["usersInfo", "usersInfo", "grantRolesToUser", "usersInfo", "updateUser", "updateUser"];
    assert_eq!(kinds(&lab.recorder.take_commands()), wanted);
    assert_eq!(lab.roles(&clone.username).await, lab.roles(&lab.app.username).await);
    assert!(opens(&original, HOME).await && opens(&next, HOME).await && !opens(&lab.app, HOME).await);

    // What was revoked from the original is revoked from the idle clone.
    revoke(&lab, &lab.app.username, added).await;
    lab.rotate_to(&next).await.unwrap();
    let wanted = ["usersInfo", "usersInfo", "revokeRolesFromUser", "usersInfo", "updateUser"];
    assert_eq!(kinds(&lab.recorder.take_commands()), wanted);
    assert_eq!(lab.roles(&clone.username).await, lab.roles(&lab.app.username).await);
    // Nothing is left to do, on either turn.
    for login in [&original, &next] {
        lab.rotate_to(login).await.unwrap();
        assert_eq!(kinds(&lab.recorder.take_commands()), ["usersInfo", "usersInfo", "updateUser"]);
    }
    lab.rotate_to(&next).await.unwrap();
    assert_eq!(kinds(&lab.recorder.take_commands()), ["usersInfo", "usersInfo", "updateUser"]);
}

/// Users are looked up where the secret names them, and not where the master is defined.
#[tokio::test]
async fn users_are_found_in_the_secrets_database() {
    let home = fresh("home").username;
    let lab = Lab::at(&home).await;
    // The same names where the master lives, with other passwords.
    let namesake = TestLogin { password: "of-another-user".to_owned(), ..lab.app.clone() };
    let namesakes_clone = TestLogin { password: "of-another-user".to_owned(), ..lab.clone() };
    for user in [&namesake, &namesakes_clone] {
        create_app_as(server(), HOME, user).await.unwrap();
    }
    let clone = lab.clone();
    lab.rotate_to(&clone).await.unwrap();
    assert!(opens(&clone, &home).await && opens(&lab.app, &home).await);
    assert_eq!(lab.roles(&clone.username).await, lab.roles(&lab.app.username).await);
    assert!(opens(&namesake, HOME).await && opens(&namesakes_clone, HOME).await, "they are other users");
    assert!(!opens(&clone, HOME).await);
    lab.change_own("own-new-password").await.unwrap();
    assert!(opens(&namesake, HOME).await);
    let own = TestLogin { password: "own-new-password".to_owned(), ..lab.app.clone() };
    assert!(opens(&own, &home).await && !opens(&lab.app, &home).await);
}

/// A clone that AWS's template made is adopted.
#[tokio::test]
async fn awss_templates_clone_is_adopted() {
    let lab = Lab::new().await;
    let clone = lab.clone();
    let roles = server().user(HOME, &lab.app.username).await.unwrap()["roles"].clone();
    let old = TestLogin { password: "of-the-template".to_owned(), ..clone.clone() };
    server().create_user(HOME, &old, roles).await.unwrap();
    lab.rotate_to(&clone).await.unwrap();
    assert!(opens(&clone, HOME).await && !opens(&old, HOME).await);
}

/// Pairs that must not alternate are refused before anything is written.
#[tokio::test]
async fn unfit_pairs_are_refused_before_writes() {
    async fn check(lab: &Lab, next: &TestLogin, expected: &StatementFault) {
        let before = lab.snapshot().await;
        let error = lab.rotate_to(next).await.unwrap_err();
        assert_eq!(error.fault, *expected);
        assert_eq!(before, lab.snapshot().await, "nothing may be written");
    }
    let lab = Lab::new().await;
    let (app, clone) = (&lab.app, lab.clone());
    check(&lab, app, &StatementFault::NoSuchUser).await;
    let foreign = json!([{"role": "readWrite", "db": "of-another-owner"}]);
    server().create_user(HOME, &clone, foreign).await.unwrap();
    check(&lab, &clone, &StatementFault::CloneNotRecognized).await;
    check(&lab, app, &StatementFault::CloneNotRecognized).await;
    let root = json!([{"role": "root", "db": "admin"}]);
    grant(&lab, &app.username, "grantRoles", root).await;
    let why = "it owns the server (root)";
    check(&lab, &clone, &StatementFault::NotRotatable { why, remedy: SINGLE_USER }).await;
    server().command(HOME, json!({"dropUser": app.username})).await.unwrap();
    check(&lab, &clone, &StatementFault::NoSuchUser).await;
}

/// A change that a faster session has made is not overwritten.
#[tokio::test]
async fn faster_session_is_not_overwritten() {
    let lab = Lab::new().await;
    let clone = lab.clone();
    // Another session creates the clone between stage and commit.
    let session = lab.stage(&clone).await.unwrap();
    let other = TestLogin { password: "of-another-session".to_owned(), ..clone.clone() };
    server().create_user(HOME, &other, json!([])).await.unwrap();
    assert_eq!(session.commit().await.unwrap_err().fault, StatementFault::Busy);
    assert!(opens(&other, HOME).await);
    server().command(HOME, json!({"dropUser": clone.username})).await.unwrap();
    // Another session changes the privileges meanwhile: the password stays the old one.
    lab.rotate_to(&clone).await.unwrap();
    grant(&lab, &lab.app.username, "grantRoles", json!([{"role": "read", "db": "elsewhere"}])).await;
    lab.recorder.set_script(|command, reply| match reply {
        None if command.get("grantRolesToUser").is_some() => ProxyAction::Answer(json!({"ok": 1})),
        _ => ProxyAction::Pass,
    });
    let next = TestLogin { password: "never-to-be-set".to_owned(), ..clone.clone() };
    assert_eq!(lab.rotate_to(&next).await.unwrap_err().fault, StatementFault::Busy);
    assert!(opens(&clone, HOME).await && !opens(&next, HOME).await);
}

/// Of several writes, each waits for the majority no longer than what those before it have left of the time.
#[tokio::test]
async fn later_writes_get_the_remaining_time() {
    const TAKES: Duration = Duration::from_secs(2);
    let lab = Lab::new().await;
    lab.rotate_to(&lab.clone()).await.unwrap();
    grant(&lab, &lab.app.username, "grantRoles", json!([{"role": "read", "db": "elsewhere"}])).await;
    lab.recorder.take_commands();
    lab.recorder.set_script(|command, reply| {
        if command.get("grantRolesToUser").is_some() && reply.is_some() {
            std::thread::sleep(TAKES);
        }
        ProxyAction::Pass
    });
    lab.rotate_to(&lab.clone()).await.unwrap();
    let commands = lab.recorder.take_commands();
    let waits = commands.iter().filter_map(|command| command["writeConcern"]["wtimeout"].as_u64());
    let [first, second] = waits.collect::<Vec<_>>()[..] else { panic!("{commands:?}") };
    // The server's limit ends a tenth before the client's.
    assert!(u128::from(first - second) >= TAKES.as_millis() * 9 / 10, "{first} {second}");
}
