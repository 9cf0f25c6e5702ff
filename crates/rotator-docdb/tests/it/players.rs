//! Answers of other servers, played by a recorder: MongoDB's users with all their parts, DocumentDB's
//! refusals.

use rotation_core::{CredentialSource, Password, Reader, RotationError};
use rotation_database::{Change, DatabaseError, Engine, Session, StatementFault, Turn};
use rotation_suites::EngineScene;
use rotator_docdb::DocumentDb;
use serde_json::{Value, json};
use test_servers::{ProxyAction, TestLogin};

use crate::fixture::{HOME, Lab, deadline, opens};

/// Answers `usersInfo` about the original and the clone, and every write with success.
fn users(lab: &Lab, original: Value, clone: Option<Value>) {
    let name = lab.app.username.clone();
    lab.recorder.set_script(move |command, reply| {
        let is_write = ["createUser", "updateUser", "grantRolesToUser", "revokeRolesFromUser"]
            .iter()
            .any(|kind| command.get(kind).is_some());
        match (reply, command["usersInfo"]["user"].as_str()) {
            (None, Some(asked)) => {
                let user = if asked == name { Some(original.clone()) } else { clone.clone() };
                let users: Vec<_> = user
                    .map(|mut user| {
                        user["user"] = json!(asked);
                        user["db"] = json!(HOME);
                        user
                    })
                    .into_iter()
                    .collect();
                ProxyAction::Answer(json!({"ok": 1, "users": users}))
            }
            (None, None) if is_write => ProxyAction::Answer(json!({"ok": 1})),
            _ => ProxyAction::Pass,
        }
    });
}

fn writes(lab: &Lab) -> Vec<Value> {
    let commands = lab.recorder.take_commands().into_iter();
    commands
        .filter(|command| {
            let kind = command.as_object().unwrap().keys().next().unwrap();
            kind != "isMaster" && kind != "usersInfo" && !kind.starts_with("sasl")
        })
        .collect()
}

/// A user that has everything, as MongoDB shows it.
fn rich() -> Value {
    json!({
        "roles": [{"role": "readWrite", "db": "shop"}, {"role": "own", "db": HOME}],
        "mechanisms": ["SCRAM-SHA-256"],
        "customData": {"team": "blue", "cost": {"center": 7}},
        "authenticationRestrictions": [{"clientSource": ["10.0.0.0/8"], "serverAddress": ["10.1.2.3"]}],
    })
}

fn marked(lab: &Lab, user: &Value) -> Value {
    let mut data = user["customData"].clone();
    let mut roles = user["roles"].as_array().unwrap().clone();
    roles.sort_by_key(|role| role["role"].as_str().unwrap().to_owned());
    data["secretRotation"] = json!({
        "cloneOf": {"user": lab.app.username, "db": HOME},
        "secret": "123456789012:shop/checkout",
        "roles": roles,
    });
    data
}

/// Everything about a user of MongoDB is cloned.
#[tokio::test]
async fn every_property_is_cloned() {
    let lab = Lab::new().await;
    users(&lab, rich(), None);
    lab.rotate_to(&lab.clone()).await.unwrap();
    let [create] = &writes(&lab)[..] else { panic!("one write") };
    assert_eq!(create["createUser"], json!(lab.clone().username));
    assert_eq!(create["pwd"], json!(lab.clone().password));
    for field in ["mechanisms", "authenticationRestrictions"] {
        assert_eq!(create[field], rich()[field]);
    }
    assert_eq!(create["customData"], marked(&lab, &rich()));
    assert_eq!(create["writeConcern"]["w"], "majority");
    let mut roles = create["roles"].as_array().unwrap().clone();
    roles.sort_by_key(Value::to_string);
    let mut wanted = rich()["roles"].as_array().unwrap().clone();
    wanted.sort_by_key(Value::to_string);
    assert_eq!(roles, wanted);
}

/// What differs is reconciled, and what is equal is left unchanged.
#[tokio::test]
async fn differences_alone_are_changed() {
    let lab = Lab::new().await;
    let mut equal = rich();
    equal["customData"] = marked(&lab, &rich());
    users(&lab, rich(), Some(equal.clone()));
    lab.rotate_to(&lab.clone()).await.unwrap();
    let [set] = &writes(&lab)[..] else { panic!("one write") };
    assert_eq!(set["mechanisms"], json!(["SCRAM-SHA-256"]));
    assert!(set.get("customData").is_none() && set.get("authenticationRestrictions").is_none(), "{set}");

    // What the original has and the clone lacks is added; what the clone has stays.
    let mut other = equal.clone();
    other["customData"].as_object_mut().unwrap().remove("cost");
    other["customData"]["team"] = json!("red");
    other["authenticationRestrictions"] = json!([]);
    users(&lab, rich(), Some(other.clone()));
    lab.rotate_to(&lab.clone()).await.unwrap();
    let [set] = &writes(&lab)[..] else { panic!("one write") };
    let mut wanted = marked(&lab, &rich());
    wanted["team"] = json!("red");
    assert_eq!(set["customData"], wanted);
    assert_eq!(set["authenticationRestrictions"], rich()["authenticationRestrictions"]);
    assert_eq!(set["pwd"], json!(lab.clone().password));

    // On the original's turn the clone is live: it gets what it lacks, and keeps its password.
    other["authenticationRestrictions"] = rich()["authenticationRestrictions"].clone();
    users(&lab, rich(), Some(other));
    lab.rotate_to(&lab.app).await.unwrap();
    let [correct, set] = &writes(&lab)[..] else { panic!("two writes") };
    assert_eq!(correct["updateUser"], json!(lab.clone().username));
    assert_eq!(correct["customData"], wanted);
    assert!(correct.get("pwd").is_none());
    assert_eq!((&set["updateUser"], &set["pwd"]), (&json!(lab.app.username), &json!(lab.app.password)));
    assert!(set.get("customData").is_none());

    // Restrictions that the original lost are removed.
    let mut free = rich();
    free.as_object_mut().unwrap().remove("authenticationRestrictions");
    users(&lab, free, Some(equal));
    lab.rotate_to(&lab.clone()).await.unwrap();
    let [set] = &writes(&lab)[..] else { panic!("one write") };
    assert_eq!(set["authenticationRestrictions"], json!([]));
}

/// A user keeps the mechanisms that it has.
#[tokio::test]
async fn mechanisms_of_a_user_are_kept() {
    let lab = Lab::new().await;
    users(&lab, rich(), None);
    lab.change_own("own-new-password").await.unwrap();
    let [set] = &writes(&lab)[..] else { panic!("one write") };
    assert_eq!(set["mechanisms"], json!(["SCRAM-SHA-256"]));
    assert_eq!(set["pwd"], "own-new-password");
    assert!(set.get("customData").is_none(), "a single user is given no mark: {set}");
    assert_eq!(set["writeConcern"]["w"], "majority");
}

/// An answer about another user is not used.
#[tokio::test]
async fn answer_about_another_user() {
    let lab = Lab::new().await;
    lab.recorder.set_script(|command, reply| match reply {
        None if command.get("usersInfo").is_some() => ProxyAction::Answer(json!({"ok": 1, "users": [
            {"user": "other", "db": HOME, "roles": [{"role": "root", "db": HOME}]}
        ]})),
        _ => ProxyAction::Pass,
    });
    let fault = lab.rotate_to(&lab.clone()).await.unwrap_err().fault;
    assert_eq!(fault, StatementFault::Other { code: "unexpected reply".to_owned() });
}

/// DocumentDB has neither restrictions nor custom data, and is asked without them.
#[tokio::test]
async fn documentdb_without_restrictions() {
    let lab = Lab::new().await;
    lab.recorder.set_script(|command, reply| {
        let unknown = ["showAuthenticationRestrictions", "customData", "mechanisms"]
            .iter()
            .any(|field| command.get(field).is_some());
        match reply {
            None if unknown => ProxyAction::Answer(json!({"ok": 0, "code": 303, "errmsg": "not supported"})),
            // No user is no list.
            Some(reply) if reply["users"] == json!([]) => ProxyAction::Answer(json!({"ok": 1})),
            Some(reply) if reply["users"][0].is_object() => {
                let mut reply = reply.clone();
                reply["users"][0].as_object_mut().unwrap().remove("mechanisms");
                ProxyAction::Answer(reply)
            }
            _ => ProxyAction::Pass,
        }
    });
    let clone = lab.clone();
    lab.rotate_to(&clone).await.unwrap();
    assert!(opens(&clone, HOME).await);
    assert_eq!(lab.roles(&clone.username).await, lab.roles(&lab.app.username).await);
    lab.rotate_to(&TestLogin { password: "third-password".to_owned(), ..clone }).await.unwrap();
    lab.change_own("own-new-password").await.unwrap();
}

/// Refusals of commands are named by their code.
#[tokio::test]
async fn command_refusals_by_code() {
    let lab = Lab::new().await;
    lab.rotate_to(&lab.clone()).await.unwrap();
    let missing = |fault: &StatementFault| matches!(fault, StatementFault::PrivilegeMissing { .. });
    for (code, expected) in [
        (31, StatementFault::Other { code: "31".to_owned() }),
        (10107, StatementFault::ReadOnly),
        (13435, StatementFault::ReadOnly),
        (11602, StatementFault::ConnectionLost),
        (189, StatementFault::ConnectionLost),
        (91, StatementFault::ConnectionLost),
        (11, StatementFault::NoSuchUser),
        (50, StatementFault::TimedOut),
        (2, StatementFault::Other { code: "2".to_owned() }),
        (0, StatementFault::Other { code: "no code of the server".to_owned() }),
        (50687, StatementFault::PasswordPolicy { rule: "code 50687".to_owned() }),
    ] {
        for fails in ["own", "other"] {
            lab.recorder.set_script(move |command, reply| match reply {
                None if command.get("updateUser").is_some() => {
                    let message = format!("canary {command}");
                    ProxyAction::Answer(json!({"ok": 0, "code": code, "errmsg": message}))
                }
                _ => ProxyAction::Pass,
            });
            let error = if fails == "own" {
                lab.change_own("never-to-be-set-0").await.unwrap_err()
            } else {
                lab.rotate_to(&lab.clone()).await.unwrap_err()
            };
            assert_eq!(error.fault, expected, "{fails}");
            let shown = format!("{error} {error:?}");
            assert!(!shown.contains("canary") && !shown.contains("never-to-be-set"), "{shown}");
        }
    }
    // A user that may not change its own password, like DocumentDB's built-in roles.
    lab.recorder.set_script(|command, reply| match reply {
        None if command.get("updateUser").is_some() => ProxyAction::Answer(json!({"ok": 0, "code": 13})),
        _ => ProxyAction::Pass,
    });
    assert!(missing(&lab.change_own("never-to-be-set-0").await.unwrap_err().fault));
    // The primary has it, the majority not yet; or it is no longer the primary, and has it all the same.
    for (code, expected) in [
        (64, StatementFault::MajorityMissing),
        (189, StatementFault::ConnectionLost),
        (10107, StatementFault::ConnectionLost),
    ] {
        lab.recorder.set_script(move |command, reply| match reply {
            None if command.get("updateUser").is_some() => ProxyAction::Answer(
                json!({"ok": 1, "writeConcernError": {"code": code, "errmsg": "no majority"}}),
            ),
            _ => ProxyAction::Pass,
        });
        assert_eq!(lab.change_own("never-to-be-set-0").await.unwrap_err().fault, expected);
        assert!(opens(&lab.app, HOME).await);
    }
}

/// The probe trusts the login, and no other user.
/// The login proves the user, and a server need not list the users that are logged in. A list of others is an
/// error, whose hint does not refer to a manual for a code that does not exist.
#[tokio::test]
async fn probe_trusts_the_login_alone() {
    let lab = Lab::new().await;
    lab.connect(&lab.app).await.unwrap().probe(None).await.unwrap();
    let other = json!({"user": "other", "db": HOME});
    let us = json!({"user": lab.app.username, "db": HOME});
    for (info, expected) in [
        (json!({"authenticatedUsers": []}), None),
        (json!({}), None),
        (json!({"authenticatedUsers": [other, us]}), None),
        (json!({"authenticatedUsers": [other]}), Some("DB_STATEMENT")),
    ] {
        let status = json!({"ok": 1, "authInfo": info});
        lab.recorder.set_script(move |command, reply| match reply {
            Some(_) if command.get("connectionStatus").is_some() => ProxyAction::Answer(status.clone()),
            _ => ProxyAction::Pass,
        });
        let error = lab.connect(&lab.app).await.unwrap().probe(None).await.err();
        assert_eq!(error.as_ref().map(|error| error.code().name()), expected, "{info}");
        if let Some(error) = error {
            let remedies = DocumentDb::PROFILE.remedies;
            let error = RotationError::from(DatabaseError::Statement {
                credential: CredentialSource::Pending,
                error,
                remedies,
            });
            let hint = error.remediation(Reader::Operator);
            assert!(hint.contains("gave no code") && !hint.contains("manual"), "{hint}");
        }
    }
}

/// A dropped session has changed nothing.
#[tokio::test]
async fn dropped_session_changed_nothing() {
    let lab = Lab::new().await;
    let before = lab.snapshot().await;
    let new = Password::parse("never-to-be-set-0").unwrap();
    let mut session = lab.connect(&lab.app).await.unwrap();
    session.stage(&Change::OwnPassword { new: &new }, &Turn::default(), deadline()).await.unwrap();
    drop(session);
    assert_eq!(before, lab.snapshot().await);
}
