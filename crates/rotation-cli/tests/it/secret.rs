//! `rotate secret` against the local Secrets Manager and a real PostgreSQL.

use rotation_aws::{AccessKey, Endpoint, SecretsManager};
use rotation_core::{SecretDocument, SecretId, SecretStore, StoreFault, VersionId};
use rotation_testkit::secrets_manager::Operation;
use serde_json::json;

use crate::world::{Refusing, SECRET, World};

#[tokio::test]
async fn a_single_user_gets_a_new_password_without_a_failed_login() {
    let world = World::new().await;
    let run = world.rotate(&["--yes"]).await;
    run.expect_code(0)
        .expect_out("single user: ")
        .expect_out("Logs in   AWSCURRENT")
        .expect_out("setSecret")
        .expect_out("and it logs in.");
    assert_eq!(world.server.failed_logins_of(&world.user.username), 0);
    let labels: Vec<_> = world.service.stages(SECRET).unwrap().into_values().collect();
    assert_eq!(labels.len(), 2);
    assert!(
        labels.contains(&vec!["AWSCURRENT".to_owned()]) && labels.contains(&vec!["AWSPREVIOUS".to_owned()])
    );
    assert!(world.logs_in(&world.login("AWSCURRENT").unwrap()).await);
    assert!(!world.logs_in(&world.user).await);
}

#[tokio::test]
async fn a_masterarn_means_alternating_users_and_the_live_user_keeps_its_password() {
    let world = World::new().await;
    let master = world.server.create_role("CREATEROLE").await.unwrap();
    let grant = format!("GRANT {} TO {} WITH ADMIN OPTION", world.user.username, master.username);
    world.server.execute("postgres", &grant).await.unwrap();
    let arn = world.service.create_secret("master", &world.document(&master, &json!({}))).unwrap();
    let request = json!({
        "SecretId": SECRET, "ClientRequestToken": uuid::Uuid::new_v4().to_string(),
        "SecretString": world.document(&world.user, &json!({"masterarn": arn})),
    });
    world.service.call_inside(Operation::PutSecretValue, request).unwrap();

    world.rotate(&["--yes"]).await.expect_code(0).expect_out("alternating users: ");
    let live = world.login("AWSCURRENT").unwrap();
    assert_eq!(live.username, format!("{}_clone", world.user.username));
    assert!(world.logs_in(&live).await && world.logs_in(&world.user).await);
}

#[tokio::test]
async fn nothing_is_written_where_nobody_can_agree() {
    let world = World::new().await;
    world.rotate(&[]).await.expect_code(1).expect_out("Makes ").expect_err("add --yes");
    world.expect_untouched();
}

#[tokio::test]
async fn a_rotation_left_after_setsecret_is_taken_up_with_its_own_version() {
    let world = World::new().await;
    let version = world.put_pending("half-way-0123456789");
    let change = format!("ALTER ROLE {} PASSWORD 'half-way-0123456789'", world.user.username);
    world.server.execute("postgres", &change).await.unwrap();

    let run = world.rotate(&["--yes", "--token", &version]).await;
    run.expect_code(0).expect_out("Logs in   AWSPENDING").expect_out("Takes up ");
    assert_eq!(world.holder("AWSCURRENT").as_ref(), Some(&version));
    assert!(world.logs_in(&world.login("AWSCURRENT").unwrap()).await);
    world.rotate(&["--yes", "--token", &version]).await.expect_code(0).expect_out("Nothing to do");
}

#[tokio::test]
async fn the_token_of_no_pending_version_is_refused() {
    let world = World::new().await;
    let token = uuid::Uuid::new_v4().to_string();
    world.rotate(&["--yes", "--token", &token]).await.expect_code(1).expect_err("is not AWSPENDING");
    world.expect_untouched();
}

#[tokio::test]
async fn a_secret_that_opens_nothing_is_left_alone_with_code_and_hint() {
    let world = World::new().await;
    let change = format!("ALTER ROLE {} PASSWORD 'somebody else changed it'", world.user.username);
    world.server.execute("postgres", &change).await.unwrap();
    world.rotate(&["--yes"]).await.expect_code(1).expect_err("code: ").expect_err("hint: ");
    world.expect_untouched();
}

#[tokio::test]
async fn a_server_of_an_unknown_authority_is_not_written_to() {
    let world = World::new().await;
    let run = world.rotate_with(&["--yes"], &[("TLS_CA_BUNDLE", "")]).await;
    run.expect_code(1).expect_err("login with AWSCURRENT failed").expect_err("code: TLS_UNKNOWN_CA");
    world.expect_untouched();
}

#[tokio::test]
async fn the_settings_of_the_functions_hold_here() {
    let world = World::new().await;
    let run = world.rotate_with(&["--yes"], &[("PASSWORD_LENGTH", "5")]).await;
    run.expect_code(1).expect_err("PASSWORD_LENGTH");
    world.expect_untouched();
    world.rotate_with(&["--yes"], &[("PASSWORD_LENGTH", "77")]).await.expect_code(0);
    assert_eq!(world.login("AWSCURRENT").unwrap().password.len(), 77);
}

#[tokio::test]
async fn a_function_that_rotates_the_secret_is_named_before_anybody_agrees() {
    let world = World::new().await;
    let function = "arn:aws:lambda:us-east-1:123456789012:function:other";
    world.service.register(function, std::sync::Arc::new(Refusing));
    let version = world.service.rotate(SECRET, function).unwrap();
    let limit = std::time::Duration::from_secs(10);
    world.service.wait_for_rotation(SECRET, &version, limit).await.unwrap();
    world.rotate(&[]).await.expect_code(1).expect_out(function).expect_out(&version);
    // What the function left behind has no value yet, and gets one.
    world.rotate(&["--yes"]).await.expect_code(0).expect_out("the new value is stored");
    assert_eq!(world.holder("AWSCURRENT"), Some(version));
}

#[tokio::test]
async fn a_rotation_that_begins_meanwhile_keeps_awspending() {
    let world = World::new().await;
    let endpoint = Endpoint {
        region: Some("us-east-1".into()),
        url: Some(world.service.endpoint()),
        ..Endpoint::default()
    };
    let key = AccessKey { id: "local".into(), secret: "local".to_owned().into(), session_token: None };
    let store = SecretsManager::in_lambda(&endpoint, Some(&key));
    let described = store.describe(&SecretId::new(SECRET).unwrap()).await.unwrap();
    let other = world.put_pending("of-another-rotation");

    let version = VersionId::new(uuid::Uuid::new_v4().to_string()).unwrap();
    let document = SecretDocument::parse(&world.document(&world.user, &json!({}))).unwrap();
    let error = store.begin(&described, &version, &document).await.unwrap_err();
    assert_eq!(error.fault, StoreFault::Conflict);
    assert_eq!(world.holder("AWSPENDING"), Some(other));
    assert_eq!(world.service.stages(SECRET).unwrap().len(), 2, "the version that lost the race has no label");
}
