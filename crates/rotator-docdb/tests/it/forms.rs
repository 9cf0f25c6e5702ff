//! Servers that do not know an option of a command.

use rotation_database::StatementFault;
use rotation_suites::EngineScene;
use serde_json::{Value, json};
use test_servers::{ProxyAction, TestLogin};

use crate::fixture::{HOME, Lab};

const FAILOVER: &str = "a failover may lose it";
const MECHANISMS: &str = "list of mechanisms";
const MARK: &str = "two secrets of one user cannot be distinguished";

/// Answers this code to every command about users that has one of these options.
fn refuse(lab: &Lab, options: &'static [&'static str], code: i64) {
    lab.recorder.set_script(move |command, reply| {
        let unknown = options.iter().any(|option| command.get(option).is_some());
        match reply {
            None if unknown && command.get("usersInfo").is_none() => {
                ProxyAction::Answer(json!({"ok": 0, "code": code, "errmsg": "unknown"}))
            }
            _ => ProxyAction::Pass,
        }
    });
}

/// The last command with a password that the recorder saw, whether the server answered or the recorder
/// refused it.
fn last_write(lab: &Lab) -> Value {
    let commands = lab.recorder.take_commands();
    commands.into_iter().rfind(|command| command.get("pwd").is_some()).expect("a new password")
}

fn fields(command: &Value) -> Vec<&str> {
    command.as_object().unwrap().keys().map(String::as_str).filter(|name| *name != "$db").collect()
}

/// A single user's change leaves out only what the server does not know, down to the password alone, and the
/// outcome reports what was left out. A write concern that the server knows is kept.
#[tokio::test]
async fn own_password_goes_alone() {
    for code in [2, 40415, 238] {
        for option in [&["writeConcern"][..], &["mechanisms"], &["writeConcern", "mechanisms"]] {
            let mut lab = Lab::new().await;
            refuse(&lab, option, code);
            let notes = lab.change_own("own-new-password").await.unwrap();
            let keeps_concern = !option.contains(&"writeConcern");
            let kept = if keeps_concern {
                &["updateUser", "pwd", "writeConcern"][..]
            } else {
                &["updateUser", "pwd"]
            };
            assert_eq!(fields(&last_write(&lab)), kept);
            let named = [MECHANISMS, FAILOVER].map(|part| notes.iter().any(|note| note.contains(part)));
            assert_eq!(named, [true, !keeps_concern], "{notes:?}");
            assert_eq!(notes.len(), if keeps_concern { 1 } else { 2 }, "{notes:?}");
            lab.app.password = "own-new-password".to_owned();
            assert!(lab.opens(&lab.app).await);
        }
    }
}

/// A pair rotates where the server does not know the options.
/// A clone is created, reconciled and given its password without options that the server does not know;
/// roles are never left out.
#[tokio::test]
async fn pair_without_unknown_options() {
    for (options, code) in [
        (&["writeConcern"][..], 2),
        (&["mechanisms"], 2),
        (&["writeConcern", "customData", "mechanisms"], 40415),
    ] {
        let lab = Lab::new().await;
        refuse(&lab, options, code);
        let notes = lab.rotate_to(&lab.clone()).await.unwrap();
        let concern: &[_] = if options.contains(&"writeConcern") { &[] } else { &["writeConcern"] };
        let with_concern = |fields: &[&'static str]| [fields, concern].concat();
        assert_eq!(fields(&last_write(&lab)), with_concern(&["createUser", "pwd", "roles"]));
        for (part, noted) in [(MARK, true), (FAILOVER, concern.is_empty()), (MECHANISMS, true)] {
            assert_eq!(notes.iter().any(|note| note.contains(part)), noted, "{part}: {notes:?}");
        }
        assert!(lab.opens(&lab.clone()).await);
        assert_eq!(lab.roles(&lab.clone().username).await, lab.roles(&lab.app.username).await);
        for next in [&lab.app, &lab.clone()] {
            let next = TestLogin { password: "second-password".to_owned(), ..next.clone() };
            let notes = lab.rotate_to(&next).await.unwrap();
            assert_eq!(fields(&last_write(&lab)), with_concern(&["updateUser", "pwd"]));
            // A server that accepts marks gets one when the clone's turn comes.
            let unmarked = next.username == lab.app.username || options.contains(&"customData");
            let of_the_mark = notes.iter().filter(|note| note.contains(MARK)).count();
            assert_eq!(of_the_mark, usize::from(unmarked), "{notes:?}");
            assert!(lab.opens(&next).await);
        }
    }
}

/// Roles are granted where the server does not know write concerns.
/// Grants and revocations are sent without a write concern as well.
#[tokio::test]
async fn grants_without_write_concerns() {
    let lab = Lab::new().await;
    lab.rotate_to(&lab.clone()).await.unwrap();
    refuse(&lab, &["writeConcern"], 2);
    for change in ["grantRolesToUser", "revokeRolesFromUser"] {
        let roles = json!([{"role": "read", "db": "elsewhere"}]);
        lab.server.command(HOME, json!({change: lab.app.username, "roles": roles})).await.unwrap();
        let notes = lab.rotate_to(&lab.clone()).await.unwrap();
        assert_eq!(notes.iter().filter(|note| note.contains(FAILOVER)).count(), 1, "{notes:?}");
        assert_eq!(lab.roles(&lab.clone().username).await, lab.roles(&lab.app.username).await);
    }
}

/// What operators rely on is never left out: the original's restrictions, and what they keep in `customData`.
#[tokio::test]
async fn essential_options_are_never_left_out() {
    for (option, value) in [
        ("authenticationRestrictions", json!([{"clientSource": ["127.0.0.0/8"]}])),
        ("customData", json!({"team": "blue"})),
    ] {
        let lab = Lab::new().await;
        let set = json!({"updateUser": lab.app.username, option: value});
        lab.server.command(HOME, set).await.unwrap();
        let before = lab.snapshot().await;
        let unknown: &'static [&'static str] = if option == "customData" {
            &["customData"]
        } else {
            &["authenticationRestrictions", "customData"]
        };
        refuse(&lab, unknown, 2);
        let fault = lab.rotate_to(&lab.clone()).await.unwrap_err().fault;
        assert_eq!(fault, StatementFault::Other { code: "2".to_owned() });
        assert_eq!(lab.snapshot().await, before, "nothing may be written");
        // Both go on where only the rest is unknown.
        refuse(&lab, &["writeConcern"], 2);
        lab.rotate_to(&lab.clone()).await.unwrap();
        let made = lab.server.command(
            HOME,
            json!({
                "usersInfo": {"user": lab.clone().username, "db": HOME},
                "showAuthenticationRestrictions": true,
            }),
        );
        let made = made.await.unwrap()["users"][0][option].clone();
        assert!(made == value || made["team"] == value["team"] && !made["team"].is_null(), "{made}");
    }
}
