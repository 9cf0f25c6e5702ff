//! Mechanisms that a user has and the server no longer enables.

use rotation_suites::EngineScene;
use serde_json::{Value, json};
use test_servers::{DocdbProduct, DocdbServer, ProxyAction, TestLogin};

use crate::fixture::{HOME, Lab, server, versions};

/// A server that enables both mechanisms, then only one: its users keep both.
async fn restarted(lab: &Lab) {
    lab.rotate_to(&lab.clone()).await.unwrap();
    lab.server.restart_as(|server| server.parameter("authenticationMechanisms", "SCRAM-SHA-256")).unwrap();
    let user = lab.server.user(HOME, &lab.app.username).await.unwrap();
    assert_eq!(user["mechanisms"], json!(["SCRAM-SHA-1", "SCRAM-SHA-256"]));
}

fn kinds(lab: &Lab) -> Vec<String> {
    let kind = |command: &Value| command.as_object().unwrap().keys().next().unwrap().clone();
    lab.recorder.take_commands().iter().map(kind).filter(|kind| !kind.starts_with("sasl")).collect()
}

/// A mechanism that the server no longer enables is left out: by either strategy, for an old and for a new
/// clone, and in the form without the mark.
#[tokio::test]
async fn disabled_mechanism_is_left_out() {
    for version in versions() {
        let server = DocdbServer::builder().product(DocdbProduct::MongoDb(version)).start().unwrap();
        let lab = Lab::started(Box::leak(Box::new(server))).await;
        restarted(&lab).await;
        let mechanisms = async |login: &TestLogin| {
            assert!(lab.opens(login).await, "{version}: {}", login.username);
            lab.server.user(HOME, &login.username).await.unwrap()["mechanisms"].clone()
        };
        let own = TestLogin { password: "own-new-password".to_owned(), ..lab.app.clone() };
        assert_eq!(lab.change_own(&own.password).await.unwrap(), [""; 0], "{version}");
        assert_eq!(mechanisms(&own).await, json!(["SCRAM-SHA-256"]));

        let both = json!(["SCRAM-SHA-1", "SCRAM-SHA-256"]);
        for (clone_is_there, takes_marks) in [(true, true), (false, true), (false, false)] {
            listed_with(&lab, both.clone());
            if !clone_is_there {
                lab.server.command(HOME, json!({"dropUser": lab.clone().username})).await.unwrap();
            }
            if !takes_marks {
                refuse_marks(&lab);
            }
            let next = TestLogin { password: "next-of-the-clone".to_owned(), ..lab.clone() };
            let notes = lab.rotate_to(&next).await.unwrap();
            assert_eq!(notes.len(), usize::from(!takes_marks), "{version}: {notes:?}");
            assert_eq!(mechanisms(&next).await, json!(["SCRAM-SHA-256"]));
        }
    }
}

/// The original is shown with these mechanisms.
fn listed_with(lab: &Lab, mechanisms: Value) {
    let original = lab.app.username.clone();
    lab.recorder.set_script(move |command, reply| match reply {
        Some(reply) if command["usersInfo"]["user"] == json!(original) => {
            let mut reply = reply.clone();
            reply["users"][0]["mechanisms"] = mechanisms.clone();
            ProxyAction::Answer(reply)
        }
        _ => ProxyAction::Pass,
    });
}

/// The original is shown with both mechanisms, and no server accepts a mark.
fn refuse_marks(lab: &Lab) {
    let original = lab.app.username.clone();
    lab.recorder.set_script(move |command, reply| match reply {
        None if command.get("customData").is_some() => ProxyAction::Answer(json!({"ok": 0, "code": 303})),
        Some(reply) if command["usersInfo"]["user"] == json!(original) => {
            let mut reply = reply.clone();
            reply["users"][0]["mechanisms"] = json!(["SCRAM-SHA-1", "SCRAM-SHA-256"]);
            ProxyAction::Answer(reply)
        }
        _ => ProxyAction::Pass,
    });
}

/// The server is asked about another user's mechanisms only where the master's own login does not answer
/// that.
#[tokio::test]
async fn other_users_mechanisms_only_in_doubt() {
    let lab = Lab::new().await;
    lab.rotate_to(&lab.clone()).await.unwrap();
    assert_eq!(kinds(&lab), ["isMaster", "usersInfo", "usersInfo", "createUser"]);
    let update = json!({
        "updateUser": lab.master.username,
        "pwd": lab.master.password,
        "mechanisms": ["SCRAM-SHA-256"],
    });
    server().command(HOME, update).await.unwrap();
    lab.rotate_to(&lab.clone()).await.unwrap();
    assert_eq!(kinds(&lab), ["isMaster", "usersInfo", "usersInfo", "isMaster", "updateUser"]);
    let clone = server().user(HOME, &lab.clone().username).await.unwrap();
    assert_eq!(clone["mechanisms"], json!(["SCRAM-SHA-1", "SCRAM-SHA-256"]), "both are enabled");
}
