//! Which secret a pair belongs to: the mark in `customData`, and equal roles where there is none.

use rotation_database::{Session, StatementFault};
use rotation_suites::EngineScene;
use serde_json::{Value, json};
use test_servers::{ProxyAction, TestLogin};

use crate::fixture::{HOME, Lab, owner, owner_named};

const IDENTITY: &str = "123456789012:shop/checkout";

/// A login with another password.
fn with(login: &TestLogin, password: &str) -> TestLogin {
    TestLogin { password: password.to_owned(), ..login.clone() }
}

async fn grant(lab: &Lab, username: &str, role: &str) {
    let grant = json!({"grantRolesToUser": username, "roles": [{"role": role, "db": "elsewhere"}]});
    lab.server.command(&lab.home, grant).await.unwrap();
}

/// The roles of a mark in the order in which the server lists those of the user.
fn sorted(roles: &Value) -> Vec<String> {
    let mut roles: Vec<_> = roles.as_array().unwrap().iter().map(Value::to_string).collect();
    roles.sort();
    roles
}

/// Nothing is changed, and the error is this one.
async fn refused(lab: &Lab, next: &TestLogin, expected: &StatementFault) {
    let before = lab.snapshot().await;
    assert_eq!(lab.rotate_to(next).await.unwrap_err().fault, *expected);
    assert_eq!(lab.snapshot().await, before, "nothing may be written");
}

/// The clone, and only it, carries the secret's identity and the roles that both have.
#[tokio::test]
async fn clone_alone_carries_the_mark() {
    let lab = Lab::new().await;
    let clone = lab.clone();
    lab.rotate_to(&clone).await.unwrap();
    let mark = lab.custom_data(&clone.username).await["secretRotation"].clone();
    assert_eq!(mark["secret"], IDENTITY);
    assert_eq!(mark["cloneOf"], json!({"user": lab.app.username, "db": HOME}));
    assert_eq!(sorted(&mark["roles"]), lab.roles(&lab.app.username).await);
    grant(&lab, &lab.app.username, "read").await;
    lab.rotate_to(&with(&lab.app, "second-password")).await.unwrap();
    let mark = lab.custom_data(&clone.username).await["secretRotation"].clone();
    assert_eq!(sorted(&mark["roles"]), lab.roles(&lab.app.username).await, "of the last rotation");
    assert_eq!(lab.custom_data(&lab.app.username).await, Value::Null);
}

/// The second secret of a user is refused on both turns, and taken over where the operator names it.
#[tokio::test]
async fn second_secret_of_a_user_is_refused() {
    let mut lab = Lab::new().await;
    let clone = lab.clone();
    lab.rotate_to(&clone).await.unwrap();
    lab.owner = owner_named("shop/second");
    let fault = StatementFault::OtherSecret { secret: IDENTITY.to_owned() };
    refused(&lab, &with(&clone, "of-the-second-secret"), &fault).await;
    refused(&lab, &with(&lab.app, "of-the-second-secret"), &fault).await;
    lab.owner.adopt = true;
    lab.rotate_to(&with(&clone, "of-the-second-secret")).await.unwrap();
    assert_eq!(
        lab.custom_data(&clone.username).await["secretRotation"]["secret"],
        "123456789012:shop/second"
    );
    lab.owner = owner();
    let fault = StatementFault::OtherSecret { secret: "123456789012:shop/second".to_owned() };
    refused(&lab, &clone, &fault).await;
}

/// A user that has some of another one's roles, and a name that ends like a clone's, is not its clone.
#[tokio::test]
async fn partial_roles_make_no_clone() {
    for keeps in [true, false] {
        let mut boss = if keeps { Lab::new().await } else { Lab::without_marks().await };
        grant(&boss, &boss.app.username, "dbAdmin").await;
        let other = boss.clone();
        let rights = json!([{"role": "dbAdmin", "db": "elsewhere"}]);
        boss.server.create_user(HOME, &other, rights).await.unwrap();
        // This user's own secret holds it: the pair's original is the boss.
        boss.owner = owner_named("of-the-other-user");
        refused(&boss, &with(&boss.app, "of-the-other-user"), &StatementFault::CloneNotRecognized).await;
        refused(&boss, &with(&other, "of-the-other-user"), &StatementFault::CloneNotRecognized).await;
        assert!(boss.opens(&other).await && boss.opens(&boss.app).await);
    }
}

/// What operators keep in `customData` stays, on the clone as on the original.
#[tokio::test]
async fn operators_custom_data_stays() {
    let lab = Lab::new().await;
    let clone = lab.clone();
    lab.set_custom_data(&lab.app.username, json!({"team": "blue", "cost": {"center": 7}})).await;
    lab.rotate_to(&clone).await.unwrap();
    let mut kept = lab.custom_data(&clone.username).await;
    assert_eq!((&kept["team"], &kept["cost"]["center"]), (&json!("blue"), &json!(7)));
    kept["team"] = json!("red");
    kept["ticket"] = json!("OPS-1");
    lab.set_custom_data(&clone.username, kept.clone()).await;
    grant(&lab, &lab.app.username, "read").await;
    for next in [with(&lab.app, "second-password"), with(&clone, "third-password")] {
        lab.rotate_to(&next).await.unwrap();
        let now = lab.custom_data(&clone.username).await;
        assert_eq!((&now["team"], &now["ticket"]), (&json!("red"), &json!("OPS-1")));
    }
    assert_eq!(lab.custom_data(&lab.app.username).await, json!({"team": "blue", "cost": {"center": 7}}));
}

/// A pair of the former version gets the mark at the next rotation, whichever user's turn it is.
#[tokio::test]
async fn former_pair_gets_the_mark() {
    for original_is_next in [false, true] {
        let lab = Lab::new().await;
        let clone = lab.clone();
        lab.rotate_to(&clone).await.unwrap();
        let origin = json!({"cloneOf": {"user": lab.app.username, "db": HOME}});
        lab.set_custom_data(&clone.username, json!({"secretRotation": origin})).await;
        let next = if original_is_next { &lab.app } else { &clone };
        lab.rotate_to(&with(next, "second-password")).await.unwrap();
        assert_eq!(lab.custom_data(&clone.username).await["secretRotation"]["secret"], IDENTITY);
    }
}

/// A clone that the former version had begun to reconcile is finished; one that may do more is refused.
#[tokio::test]
async fn former_rotation_is_finished() {
    let lab = Lab::new().await;
    let clone = lab.clone();
    lab.rotate_to(&clone).await.unwrap();
    let origin = json!({"cloneOf": {"user": lab.app.username, "db": HOME}});
    lab.set_custom_data(&clone.username, json!({"secretRotation": origin})).await;
    grant(&lab, &lab.app.username, "read").await;
    refused(&lab, &with(&lab.app, "second-password"), &StatementFault::CloneNotRecognized).await;
    lab.rotate_to(&with(&clone, "second-password")).await.unwrap();
    assert_eq!(lab.roles(&clone.username).await, lab.roles(&lab.app.username).await);
}

/// A server that stores no mark reports that by a code or not at all: equal roles, and a note about two
/// secrets.
#[tokio::test]
async fn unmarked_outcome_has_a_note() {
    for code in [None, Some(2), Some(40415)] {
        let lab = if code.is_some() { Lab::new().await } else { Lab::without_marks().await };
        if let Some(code) = code {
            lab.recorder.set_script(move |command, reply| match reply {
                None if command.get("customData").is_some() => {
                    ProxyAction::Answer(json!({"ok": 0, "code": code, "errmsg": "no customData"}))
                }
                _ => ProxyAction::Pass,
            });
        }
        let clone = lab.clone();
        let first = lab.rotate_to(&clone).await.unwrap();
        assert_eq!(first.len(), usize::from(code.is_some()), "{first:?}");
        for next in [with(&lab.app, "second-password"), with(&clone, "third-password")] {
            let notes = lab.rotate_to(&next).await.unwrap();
            let [note] = &notes[..] else { panic!("one note: {notes:?}") };
            assert!(note.contains("two secrets of one user cannot be distinguished"), "{note}");
        }
        // There, an administrator has to resolve a difference of roles.
        grant(&lab, &lab.app.username, "read").await;
        refused(&lab, &clone, &StatementFault::CloneNotRecognized).await;
        grant(&lab, &clone.username, "read").await;
        lab.rotate_to(&clone).await.unwrap();
    }
}

/// A user that is the clone of another secret's pair cannot change its own password, where it sees its own
/// mark.
#[tokio::test]
async fn single_user_of_another_pair() {
    let mut lab = Lab::new().await;
    let clone = lab.clone();
    lab.rotate_to(&clone).await.unwrap();
    let mark = lab.custom_data(&clone.username).await;
    let original = std::mem::replace(&mut lab.app, clone.clone());
    let fault = StatementFault::OtherSecret { secret: IDENTITY.to_owned() };
    let before = lab.snapshot().await;
    assert_eq!(lab.change_own("own-new-password").await.unwrap_err().fault, fault);
    assert_eq!(lab.snapshot().await, before);
    let facts = lab.connect(&clone).await.unwrap().facts(None).await.unwrap();
    assert_eq!(facts.hindrance, Some(fault), "and doctor reports it in advance");
    // A copy of the mark on an unrelated user means nothing.
    lab.set_custom_data(&original.username, mark).await;
    lab.app = original;
    lab.change_own("own-new-password").await.unwrap();
}
