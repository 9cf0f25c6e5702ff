//! What a plan shows, compared with what a recorder sees when the same change is made.

use rotation_core::Password;
use rotation_database::{Plan, Purpose};
use serde_json::{Value, json};
use test_servers::TestLogin;

use crate::fixture::{Lab, opens, server};

/// The commands that change something, without the password and without a limit that depends on the time
/// left.
fn writes(lab: &Lab) -> Vec<Value> {
    let commands = lab.recorder.take_commands().into_iter();
    let kind = |command: &Value| command.as_object().unwrap().keys().next().unwrap().clone();
    commands.filter(|command| kind(command).ends_with("User")).map(comparable).collect()
}

fn comparable(mut command: Value) -> Value {
    if command.get("pwd").is_some() {
        command["pwd"] = json!("...");
    }
    command["writeConcern"]["wtimeout"] = json!(0);
    command
}

fn said(plan: &Plan) -> Vec<Value> {
    let all = plan.statements.iter();
    all.map(|statement| comparable(serde_json::from_str(&statement.text).unwrap())).collect()
}

async fn check(lab: &Lab, next: &TestLogin) -> (usize, Purpose) {
    let before = lab.snapshot().await;
    lab.recorder.take_commands();
    let plan = lab.plan(next).await.unwrap();
    assert_eq!(writes(lab), Vec::<Value>::new());
    assert_eq!(lab.snapshot().await, before);
    assert_eq!(lab.rotate_to(next).await.unwrap(), plan.notes);
    let (said, written) = (said(&plan), writes(lab));
    // A form that a server may refuse is listed next to the other, and not sent to one that accepts the
    // first.
    assert_eq!(said[..written.len()], written);
    let alternatives = &plan.statements[written.len()..];
    assert!(
        alternatives
            .iter()
            .all(|one| one.to_string().ends_with("(only where the server refuses the one before)"))
    );
    (plan.drift().count(), plan.statements[written.len() - 1].purpose)
}

#[tokio::test]
async fn a_plan_says_what_the_server_then_receives() {
    let lab = Lab::new().await;
    let mut clone = lab.clone();
    assert_eq!(check(&lab, &clone).await.1, Purpose::Equality);

    "second-password-of-the-clone".clone_into(&mut clone.password);
    assert_eq!(check(&lab, &clone).await, (0, Purpose::Password));

    let roles = json!([{"role": "read", "db": "elsewhere"}]);
    let grant = json!({"grantRolesToUser": lab.app.username, "roles": roles});
    server().command(&lab.home, grant).await.unwrap();
    "third-password-of-the-clone".clone_into(&mut clone.password);
    assert_eq!(check(&lab, &clone).await, (1, Purpose::Password));

    let revoke = json!({"revokeRolesFromUser": lab.app.username, "roles": roles});
    server().command(&lab.home, revoke).await.unwrap();
    "fourth-password-of-the-clone".clone_into(&mut clone.password);
    assert_eq!(check(&lab, &clone).await, (1, Purpose::Password));

    let grant = json!({"grantRolesToUser": clone.username, "roles": roles});
    server().command(&lab.home, grant).await.unwrap();
    let mut back = lab.app.clone();
    "second-password-of-the-app".clone_into(&mut back.password);
    assert_eq!(check(&lab, &back).await, (1, Purpose::Password));
}

#[tokio::test]
async fn a_plan_of_one_s_own_password_is_one_command_without_it() {
    let lab = Lab::new().await;
    let new = Password::parse("a-password-that-is-planned").unwrap();
    let plan = lab.plan_own().await;
    assert_eq!(writes(&lab), Vec::<Value>::new());
    assert!(opens(&lab.app, &lab.home).await);
    assert!(!format!("{plan:?}").contains(new.expose()));
    lab.change_own(new.expose()).await.unwrap();
    assert_eq!(said(&plan), writes(&lab));
}
