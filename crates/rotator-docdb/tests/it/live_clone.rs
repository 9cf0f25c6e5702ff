//! The clone is live: it loses nothing, and the original gets what it lacks.

use rotation_database::StatementFault;
use rotation_suites::EngineScene;
use serde_json::{Value, json};
use test_servers::TestLogin;

use crate::fixture::{HOME, Lab, opens, server};

async fn change(username: &str, kind: &str, role: &str) {
    let change = json!({kind: username, "roles": [{"role": role, "db": "elsewhere"}]});
    server().command(HOME, change).await.unwrap();
}

fn with(login: &TestLogin, password: &str) -> TestLogin {
    TestLogin { password: password.to_owned(), ..login.clone() }
}

/// A role that the live clone gained goes to the original as well, and nothing is revoked from the clone.
#[tokio::test]
async fn clone_gain_goes_to_the_original() {
    let lab = Lab::new().await;
    let clone = lab.clone();
    lab.rotate_to(&clone).await.unwrap();
    change(&clone.username, "grantRolesToUser", "read").await;
    change(&lab.app.username, "grantRolesToUser", "dbAdmin").await;
    let held = lab.roles(&clone.username).await;
    lab.recorder.take_commands();
    let next = with(&lab.app, "second-password");
    assert_eq!(lab.rotate_to(&next).await.unwrap(), [""; 0]);
    let revoked = lab.recorder.take_commands().iter().any(|it| it.get("revokeRolesFromUser").is_some());
    assert!(!revoked, "nothing is taken");
    let (ours, theirs) = (lab.roles(&lab.app.username).await, lab.roles(&clone.username).await);
    assert!(held.iter().all(|role| ours.contains(role)));
    assert_eq!(ours, theirs);
    assert!(opens(&next, HOME).await && opens(&clone, HOME).await);
}

/// A role that the original lost by a manual change is refused with both commands; either of them fixes it.
#[tokio::test]
async fn role_lost_by_the_original_is_refused() {
    let lab = Lab::new().await;
    let clone = lab.clone();
    change(&lab.app.username, "grantRolesToUser", "read").await;
    lab.rotate_to(&clone).await.unwrap();
    for ends_it in ["grantRolesToUser", "revokeRolesFromUser"] {
        change(&lab.app.username, "revokeRolesFromUser", "read").await;
        // A gain does not hide the loss.
        change(&clone.username, "grantRolesToUser", "dbAdmin").await;
        let before = lab.snapshot().await;
        let fault = lab.rotate_to(&with(&lab.app, "second-password")).await.unwrap_err().fault;
        let StatementFault::CloneExceeds { what, needed } = fault else { panic!("{fault:?}") };
        assert_eq!(what, "the roles \"read\" of \"elsewhere\"");
        assert_eq!(lab.snapshot().await, before, "nothing may be written");
        let command = needed
            .split("db.getSiblingDB(\"admin\").runCommand(")
            .filter_map(|rest| serde_json::Deserializer::from_str(rest).into_iter::<Value>().next()?.ok())
            .find(|command| command.get(ends_it).is_some());
        // It runs as it stands.
        server().command(HOME, command.expect("both commands")).await.unwrap();
        lab.rotate_to(&with(&lab.app, "second-password")).await.unwrap();
        assert_eq!(lab.roles(&lab.app.username).await, lab.roles(&clone.username).await);
        change(&lab.app.username, "grantRolesToUser", "read").await;
        lab.rotate_to(&clone).await.unwrap();
    }
}

/// An idle clone becomes equal to the original, and each removal is named.
#[tokio::test]
async fn idle_clone_losses_are_named() {
    let lab = Lab::new().await;
    let clone = lab.clone();
    lab.rotate_to(&clone).await.unwrap();
    for role in ["read", "dbAdmin"] {
        change(&clone.username, "grantRolesToUser", role).await;
    }
    let notes = lab.rotate_to(&with(&clone, "second-password")).await.unwrap();
    let expected = ["dbAdmin", "read"]
        .map(|role| format!("the clone lost the role {role:?} of \"elsewhere\", which the original lacks"));
    assert_eq!(notes, expected);
    assert_eq!(lab.roles(&clone.username).await, lab.roles(&lab.app.username).await);
}

async fn restrict(lab: &Lab, username: &str, restrictions: Value) {
    let set = json!({"updateUser": username, "authenticationRestrictions": restrictions});
    lab.server.command(&lab.home, set).await.unwrap();
}

/// An original that may log in from fewer places does not take the live clone's place.
#[tokio::test]
async fn stricter_original_is_refused() {
    let lab = Lab::new().await;
    let clone = lab.clone();
    lab.rotate_to(&clone).await.unwrap();
    let restrictions = json!([{"clientSource": ["127.0.0.0/8"]}]);
    restrict(&lab, &lab.app.username, restrictions.clone()).await;
    let before = lab.snapshot().await;
    let fault = lab.rotate_to(&with(&lab.app, "second-password")).await.unwrap_err().fault;
    let StatementFault::CloneExceeds { needed, .. } = fault else { panic!("{fault:?}") };
    let both =
        [json!([]), restrictions.clone()].map(|value| format!("\"authenticationRestrictions\":{value}"));
    assert!(both.iter().all(|part| needed.contains(part)), "{needed}");
    assert_eq!(lab.snapshot().await, before);
    // Restrictions of the live clone alone are left as they are, and the outcome names the ones that apply.
    restrict(&lab, &lab.app.username, json!([])).await;
    restrict(&lab, &clone.username, restrictions).await;
    lab.recorder.take_commands();
    let notes = lab.rotate_to(&with(&lab.app, "second-password")).await.unwrap();
    assert!(notes.iter().any(|note| note.contains("the original's apply")), "{notes:?}");
    let touched = lab.recorder.take_commands();
    assert!(touched.iter().all(|command| command.get("authenticationRestrictions").is_none()), "{touched:?}");
}
