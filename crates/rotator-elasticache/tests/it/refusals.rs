//! What is refused, each with its code, and nothing is changed.

use local_aws::secrets_manager::{Held, Operation};
use serde_json::{Value, json};
use test_servers::{TestLogin, ValkeyProduct, ValkeyServer};

use crate::fixture::{MASTER_RULES, Plan, Scene, create, fresh, shared};

fn server() -> &'static ValkeyServer {
    shared(ValkeyProduct::Valkey9)
}

#[track_caller]
fn code(expected: &str) -> (String, &'static str) {
    (expected.to_owned(), "setSecret")
}

async fn with_master(rules: &[&str]) -> Scene {
    let (user, master) = (fresh("app"), fresh("master"));
    create(server(), &user, &["-@all"]);
    create(server(), &master, rules);
    Plan::at(server()).own_with(user, master).await
}

/// A stale AWSCURRENT never evicts the password that is live.
#[tokio::test]
async fn stale_awscurrent_changes_nothing() {
    let scene = Plan::at(server()).own().await;
    scene.rotated().await;
    let live = scene.login("AWSCURRENT");
    scene.put(&json!({"password": "canary-stale-password-000"}));
    assert_eq!(scene.refused(server()).await, code("DB_NO_CREDENTIAL_ACCEPTED"));
    assert!(server().opens(&live));
}

/// The server has one answer for a wrong password, no user and a user that is off; the codes differ.
#[tokio::test]
async fn no_user_or_a_user_that_is_off() {
    let (user, master) = (fresh("ghost"), fresh("master"));
    create(server(), &master, &MASTER_RULES);
    let scene = Plan::at(server()).own_with(user, master).await;
    assert_eq!(scene.refused(server()).await, code("DB_USER_NOT_FOUND"));

    let scene = Plan::at(server()).own().await;
    server().command(&["ACL", "SETUSER", &scene.user.username, "off"]).unwrap();
    assert_eq!(scene.refused(server()).await, code("DB_LOCKED"));
    assert!(scene.function.output().contains(&format!("ACL SETUSER {} on", scene.user.username)));
}

/// A user that any password opens is not rotated: its login proves nothing.
#[tokio::test]
async fn user_with_nopass() {
    let scene = Plan::at(server()).own().await;
    server().command(&["ACL", "SETUSER", &scene.user.username, "nopass"]).unwrap();
    assert_eq!(scene.refused(server()).await, code("DB_USER_NOT_ROTATABLE"));
}

/// A master that lacks a permission, with the rule that gives it, as it stands.
#[tokio::test]
async fn master_without_permissions() {
    for left_out in &MASTER_RULES[1..] {
        let rules: Vec<&str> = MASTER_RULES.iter().copied().filter(|rule| rule != left_out).collect();
        let scene = with_master(&rules).await;
        assert_eq!(scene.refused(server()).await, code("DB_PRIVILEGE_MISSING"), "{left_out}");
        let lines = scene.lines("detail");
        let detail = lines.last().unwrap()["detail"].as_str().unwrap();
        let needed: Vec<&str> = detail.strip_prefix("needed=").unwrap().split(' ').collect();
        server().command(&needed).unwrap();
        scene.resumed().await;
    }
}

/// A wrong master password is the master secret's fault.
#[tokio::test]
async fn master_that_is_refused() {
    let scene = Plan::at(server()).master(json!({"password": "canary-wrong-password-00"})).own().await;
    assert_eq!(scene.refused(server()).await, code("DB_AUTH_REFUSED"));
    assert!(scene.function.output().contains("login with the master secret failed"));
}

/// Only the master secret may name the server to which the master's password goes.
#[tokio::test]
async fn master_secret_names_another_server() {
    let scene = Plan::at(server()).master(json!({"host": "other.example.com"})).own().await;
    assert_eq!(scene.refused(server()).await, code("MASTER_HOST_DIFFERS"));
    assert_eq!(scene.lines("credentials").len(), 0, "no connection is opened");
    let scene = Plan::at(server()).master(json!({"host": null})).own().await;
    assert_eq!(scene.refused(server()).await, code("MASTER_INVALID"));
}

/// The secret's own user is no master.
#[tokio::test]
async fn user_that_is_its_own_master() {
    let user = fresh("app");
    create(server(), &user, &["+@all"]);
    let scene = Plan::at(server()).own_with(user.clone(), user).await;
    assert_eq!(scene.refused(server()).await, code("MASTER_SAME_AS_SECRET"));
}

/// Without a master secret there is nobody who changes users; another one than deployed is refused.
#[tokio::test]
async fn master_secret_of_another_function() {
    let scene = Plan::at(server()).document(json!({"masterarn": null})).own().await;
    assert_eq!(scene.refused(server()).await, code("SECRET_FIELD_MISSING"));
    let deployed = "arn:aws:secretsmanager:us-east-1:123456789012:secret:cache/other-AbCdEf";
    let scene = Plan::at(server()).setting("MASTER_SECRET_ARN", deployed).own().await;
    let (found, _) = scene.refused(server()).await;
    assert!(["MASTER_NOT_DEPLOYED", "MASTER_UNREADABLE"].contains(&found.as_str()), "{found}");
}

/// A server without a file for users forgets the new password when it restarts.
#[tokio::test]
async fn server_without_an_acl_file() {
    for product in ValkeyProduct::ALL {
        let server = ValkeyServer::builder(product).without_acl_file().start().unwrap();
        let scene = Plan::at(&server).own().await;
        assert_eq!(scene.refused(&server).await, code("VALKEY_USERS_NOT_SAVED"));
        let scene = Plan::at(&server).setting("ALLOW_UNSAVED_USERS", "true").own().await;
        scene.rotated().await;
        assert!(scene.function.output().contains("it forgets the new password when it restarts"));
    }
}

/// Users are not replicated: neither a primary with replicas nor a replica is rotated.
#[tokio::test]
async fn server_that_is_not_alone() {
    for product in ValkeyProduct::ALL {
        let (primary, replica) = (
            ValkeyServer::builder(product).start().unwrap(),
            ValkeyServer::builder(product).start().unwrap(),
        );
        let (on_primary, on_replica) = (Plan::at(&primary).own().await, Plan::at(&replica).own().await);
        let TestLogin { username, password } = primary.admin();
        replica.command(&["CONFIG", "SET", "masteruser", username]).unwrap();
        replica.command(&["CONFIG", "SET", "masterauth", password]).unwrap();
        replica.command(&["REPLICAOF", "127.0.0.1", &primary.plain_port().to_string()]).unwrap();
        while !format!("{:?}", primary.command(&["ROLE"]).unwrap()).contains("127.0.0.1") {
            tokio::time::sleep(std::time::Duration::from_millis(20)).await;
        }
        assert_eq!(on_primary.refused(&primary).await, code("VALKEY_MORE_SERVERS"), "{product}");
        assert_eq!(on_replica.refused(&replica).await, code("VALKEY_MORE_SERVERS"), "{product}");
        // The reason for the rule.
        assert!(primary.opens(&on_primary.user) && !replica.opens(&on_primary.user), "{product}");
    }
}

/// The pending version names the same server and user, or no connection is opened.
#[tokio::test]
async fn pending_of_another_place() {
    for (change, expected) in [
        (json!({"host": "other.example.com"}), "PENDING_HOST_DIFFERS"),
        (json!({"port": 1}), "PENDING_HOST_DIFFERS"),
        (json!({"username": "other"}), "PENDING_USER_DIFFERS"),
    ] {
        let scene = Plan::at(server()).own().await;
        let mut held = scene.store.hold(Operation::PutSecretValue, 0, Held::Answer);
        let version = scene.store.rotate(&scene.secret, scene.function.arn()).unwrap();
        assert!(held.reached().await);
        // As if an operator had written the version before createSecret did.
        let pending = scene.store.version_value(&scene.secret, &version).unwrap();
        let mut document: Value = serde_json::from_str(&pending).unwrap();
        for (name, value) in change.as_object().unwrap() {
            document[name] = value.clone();
        }
        let other = fresh("v").password + "-0123456789012345678901";
        let request = json!({"SecretId": scene.secret, "ClientRequestToken": other,
            "SecretString": document.to_string(), "VersionStages": ["AWSPENDING"]});
        scene.store.call_inside(Operation::PutSecretValue, request).unwrap();
        held.release();
        let event = json!({"Step": "setSecret", "SecretId": scene.secret, "ClientRequestToken": other});
        let error = scene.function.invoke(&event).await.unwrap_err();
        assert_eq!(error.error_type, expected, "{error}");
        assert_eq!(scene.lines("credentials").len(), 0);
    }
}

/// Fields that are missing or wrong are named, and no value.
#[tokio::test]
async fn malformed_secrets() {
    for (change, expected) in [
        (json!({"host": null}), "SECRET_FIELD_MISSING"),
        (json!({"port": 70000}), "SECRET_FIELD_INVALID"),
        (json!({"username": "two words"}), "SECRET_FIELD_INVALID"),
        (json!({"engine": "postgres"}), "SECRET_ENGINE_MISMATCH"),
        (json!({"password": 5}), "SECRET_FIELD_INVALID"),
    ] {
        let scene = Plan::at(server()).document(change).own().await;
        assert_eq!(scene.refused(server()).await, (expected.to_owned(), "createSecret"));
    }
}
