//! The member that gets the password.

use local_aws::secrets_manager::{Operation, RotationOutcome};
use rotation_core::{CredentialSource, Reader, RotationError, SecretDocument, with_causes};
use rotation_database::{ConnectError, DatabaseError, Engine, Login, Session, Transport};
use rotator_docdb::DocumentDb;
use serde_json::{Value, json};
use test_servers::{DocdbProxy, MongoReplicaSet, TestLogin};

use super::scene::{By, Scene, codes, document, others, set};
use crate::fixture::{HOME, create_app_at, deadline, engine_for};

/// The login of a secret with these additional fields.
fn login(set: &MongoReplicaSet, host: &str, app: &TestLogin, more: &Value) -> Login {
    let mut document = document(set, host, app);
    for (field, value) in more.as_object().unwrap() {
        document[field] = value.clone();
    }
    let document = SecretDocument::parse(&document.to_string()).unwrap();
    Login::from_document(&document, &DocumentDb::PROFILE).unwrap()
}

/// The port of the member that lets the user in, or the error.
async fn member(set: &MongoReplicaSet, login: &Login) -> Result<u16, ConnectError> {
    let mut session = engine_for(set.primary().unwrap()).connect(login, Transport::Tls, deadline()).await?;
    session.probe(None).await.unwrap();
    Ok(session.member().unwrap().port)
}

fn told(error: ConnectError) -> (String, String, String) {
    let remedies = DocumentDb::PROFILE.remedies;
    let error =
        RotationError::from(DatabaseError::Login { credential: CredentialSource::Current, error, remedies });
    (error.code().to_string(), with_causes(&error), error.remediation(Reader::Operator))
}

/// The primary is found wherever it is in the list, and after a failover; the others receive greetings alone.
#[tokio::test]
async fn primary_of_the_list_gets_the_password() {
    let (set, _turn) = set(false).await;
    let app = create_app_at(set.primary().unwrap(), HOME).await.unwrap();
    set.settle().unwrap();
    for _ in 0..2 {
        let recorders: Vec<_> =
            set.members().iter().map(|member| DocdbProxy::start(member).unwrap()).collect();
        let host: Vec<_> =
            recorders.iter().map(|recorder| format!("localhost:{}", recorder.port())).collect();
        let primary = set.primary().unwrap().port();
        let found = member(set, &login(set, &host.join(", "), &app, &json!({}))).await.unwrap();
        for (recorder, server) in recorders.iter().zip(set.members()) {
            let heard = recorder.take_commands();
            let is_primary = server.port() == primary;
            assert_eq!(found == recorder.port(), is_primary);
            let is_greeting = |command: &Value| command.get("isMaster").is_some();
            assert!(is_primary || heard.iter().all(is_greeting), "{heard:?}");
        }
        // Members that are not named have the port of the secret.
        let alone = login(set, "localhost", &app, &json!({"port": primary}));
        assert_eq!(member(set, &alone).await.unwrap(), primary);
        set.step_down().unwrap();
    }
}

/// A member that does not answer leaves time for those after it.
#[tokio::test]
async fn silent_member_leaves_time() {
    let (set, _turn) = set(false).await;
    let app = create_app_at(set.primary().unwrap(), HOME).await.unwrap();
    set.settle().unwrap();
    let (primary, others) = (set.primary().unwrap(), others(set));
    others[0].freeze().unwrap();
    let host = format!("localhost:{},localhost:1,localhost:{}", others[0].port(), primary.port());
    let login = login(set, &host, &app, &json!({}));
    let limit = rotation_core::Deadline::after(std::time::Duration::from_secs(5));
    let session = engine_for(primary).connect(&login, Transport::Tls, limit).await.unwrap();
    assert_eq!(session.member().unwrap().port, primary.port());
    // With a long limit, a silent member costs each login no more time than with a short one.
    let whole = std::time::Duration::from_mins(1);
    let limit = rotation_core::Deadline::after(whole);
    for _ in 0..2 {
        engine_for(primary).connect(&login, Transport::Tls, limit).await.unwrap();
    }
    assert!(limit.remaining() > whole / 2, "{:?} are left", limit.remaining());
    others[0].thaw().unwrap();
}

/// A primary that the secret does not name is named in the error, and gets nothing.
#[tokio::test]
async fn unlisted_primary_is_not_followed() {
    let (set, _turn) = set(false).await;
    let app = create_app_at(set.primary().unwrap(), HOME).await.unwrap();
    set.settle().unwrap();
    let (primary, others) = (set.primary().unwrap().port(), others(set));
    let host: Vec<_> = others.iter().map(|member| format!("localhost:{}", member.port())).collect();
    let (code, message, hint) =
        told(member(set, &login(set, &host.join(","), &app, &json!({}))).await.unwrap_err());
    assert_eq!(code, "DB_PRIMARY_NOT_LISTED");
    assert!(message.ends_with(&format!("the primary is localhost:{primary}")), "{message}");
    assert!(hint.starts_with("List every member of the set in `host` of the secret"), "{hint}");
    // The remediation works.
    let host = format!("{},localhost:{primary}", host.join(","));
    assert_eq!(member(set, &login(set, &host, &app, &json!({}))).await.unwrap(), primary);
    // A single host may be the writer's endpoint, unless the secret names the set.
    let alone = json!({"port": others[0].port()});
    let (code, message, _) = told(member(set, &login(set, "localhost", &app, &alone)).await.unwrap_err());
    assert_eq!(code, "DB_PRIMARY_NOT_LISTED");
    assert!(message.ends_with(&format!("the primary is localhost:{primary}")), "{message}");
    let alone = json!({"port": others[0].port(), "replicaSet": null});
    let (code, message, _) = told(member(set, &login(set, "localhost", &app, &alone)).await.unwrap_err());
    assert_eq!(code, "DB_READ_ONLY");
    assert!(message.ends_with(&format!("which it reports as localhost:{primary}")), "{message}");
}

/// A server of another set gets no password, in a list or alone.
#[tokio::test]
async fn another_set_is_refused() {
    let (set, _turn) = set(false).await;
    let app = create_app_at(set.primary().unwrap(), HOME).await.unwrap();
    let primary = set.primary().unwrap();
    let recorder = DocdbProxy::start(primary).unwrap();
    for host in ["localhost".to_owned(), format!("localhost:{},localhost", recorder.port())] {
        let other = json!({"port": recorder.port(), "replicaSet": "another"});
        let (code, message, hint) = told(member(set, &login(set, &host, &app, &other)).await.unwrap_err());
        assert_eq!(code, "DB_REPLICA_SET_DIFFERS");
        assert!(message.ends_with("it is of the set rs0"), "{message}");
        assert!(hint.contains("`replicaSet`"), "{hint}");
        assert!(recorder.take_commands().iter().all(|command| command.get("isMaster").is_some()));
    }
    // A server that belongs to no set.
    let single = crate::fixture::server();
    let login = login(set, "localhost", &app, &json!({"port": single.port()}));
    let error = engine_for(single).connect(&login, Transport::Tls, deadline()).await.unwrap_err();
    let (code, message, _) = told(error);
    assert_eq!(code, "DB_REPLICA_SET_DIFFERS");
    assert!(message.ends_with("it is of no set"), "{message}");
}

/// The name that a certificate must have is that of the member, not of the first in the list.
#[tokio::test]
async fn each_member_proves_its_own_name() {
    let (set, _turn) = set(false).await;
    let app = create_app_at(set.primary().unwrap(), HOME).await.unwrap();
    set.settle().unwrap();
    let primary = set.primary().unwrap();
    let elsewhere = primary.authority().server_named(&["elsewhere.example.com"]);
    let wrong = DocdbProxy::with_certificate(primary, &elsewhere).unwrap();
    let host = format!("localhost:{},localhost:{}", others(set)[0].port(), wrong.port());
    let (code, _, _) = told(member(set, &login(set, &host, &app, &json!({}))).await.unwrap_err());
    assert_eq!(code, "TLS_HOSTNAME");
    assert!(wrong.take_commands().is_empty());
}

/// Both strategies rotate by a list, whichever member is first.
#[tokio::test]
async fn both_functions_rotate_a_list() {
    let (set, _turn) = set(false).await;
    for by in By::BOTH {
        let scene = Scene::new(set, by, |_, _| ()).await;
        for _ in 0..2 {
            let record = scene.rotate().await;
            assert_eq!(codes(&record), [""; 0], "a healthy set takes one attempt");
            scene.check_labels(by).await;
            assert_eq!(scene.document("AWSCURRENT")["host"], set.seed_list());
            set.step_down().unwrap();
            set.settle().unwrap();
        }
    }
}

/// A master whose own secret does not name the member at which AWSCURRENT logged in is not sent there.
#[tokio::test]
async fn master_secret_names_the_member() {
    let (set, _turn) = set(false).await;
    let scene = Scene::new(set, By::MasterUser, |_, _| ()).await;
    let primary = set.primary().unwrap().port();
    let listed: Vec<_> = others(set).iter().map(|member| format!("localhost:{}", member.port())).collect();
    let mut master: Value =
        serde_json::from_str(&scene.store.value("master", "AWSCURRENT").unwrap()).unwrap();
    master["host"] = listed.join(",").into();
    let put = |master: &Value| {
        let request = json!({"SecretId": "master", "SecretString": master.to_string(),
            "ClientRequestToken": uuid::Uuid::new_v4().to_string()});
        scene.store.call_inside(Operation::PutSecretValue, request).unwrap();
    };
    put(&master);
    let version = scene.begin();
    let failures = scene.failures(&version, 2).await;
    assert!(failures.iter().all(|code| code == "MASTER_MEMBER_MISSING"), "{failures:?}");
    let record = scene.store.rotation(&scene.secret, &version).unwrap();
    let message = record.steps().find_map(|step| step.error.clone()).unwrap().message;
    assert!(message.contains(&format!("localhost:{primary}")), "{message}");
    assert!(scene.opens("AWSCURRENT").await);
    master["host"] = format!("localhost:{primary}").into();
    put(&master);
    assert_eq!(scene.end(&version).await.outcome, Some(RotationOutcome::Succeeded));
    scene.check_labels(By::MasterUser).await;
    // The primary alone is enough while it is the primary; the list always is.
    master["host"] = set.seed_list().into();
    put(&master);
    scene.rotate().await;
    scene.check_labels(By::MasterUser).await;
}

/// A member that is added to AWSCURRENT during a rotation is no difference. Nothing is changed while that
/// member is the primary, as the pending version does not name it.
#[tokio::test]
async fn member_added_during_a_rotation() {
    let (set, _turn) = set(false).await;
    for by in By::BOTH {
        set.settle().unwrap();
        let scene = Scene::new(set, by, |_, _| ()).await;
        let put_host = |host: &str| {
            let mut document = scene.document("AWSCURRENT");
            document["host"] = host.into();
            let request = json!({"SecretId": scene.secret, "SecretString": document.to_string(),
                "ClientRequestToken": uuid::Uuid::new_v4().to_string()});
            scene.store.call_inside(Operation::PutSecretValue, request).unwrap();
        };
        let listed: Vec<_> =
            others(set).iter().map(|member| format!("localhost:{}", member.port())).collect();
        put_host(&listed.join(","));
        let version = scene.begin();
        let failures = scene.failures(&version, 1).await;
        assert!(failures.iter().all(|code| code == "DB_PRIMARY_NOT_LISTED"), "{by:?}: {failures:?}");
        put_host(set.seed_list().as_str());
        let failures = scene.failures(&version, failures.len() + 2).await;
        assert_eq!(failures.last().unwrap(), "PENDING_HOST_DIFFERS", "{by:?}");
        assert!(scene.opens("AWSCURRENT").await);
        set.step_down().unwrap();
        assert_eq!(scene.end(&version).await.outcome, Some(RotationOutcome::Succeeded), "{by:?}");
        scene.check_labels(by).await;
    }
}

/// A pending version that names other members is refused before a connection is opened. Members may have been
/// added since.
#[tokio::test]
async fn pending_lists_current_members_only() {
    let (set, _turn) = set(false).await;
    let app = create_app_at(set.primary().unwrap(), HOME).await.unwrap();
    let current = login(set, "a:1,b,c:3", &app, &json!({"port": 2}));
    let same = login(set, "c:3,A:1,b:2", &app, &json!({}));
    assert!(current.is_at_servers_of(&same) && same.is_at_servers_of(&current));
    for fewer in ["a:1,b:2", "b:2"] {
        let fewer = login(set, fewer, &app, &json!({}));
        assert!(fewer.is_among_servers_of(&current) && !fewer.is_at_servers_of(&current));
        assert!(!current.is_among_servers_of(&fewer));
    }
    for other in ["a:1,b:2,d:3", "a:1,b:2,c:4", "a:1,b:2,c:3,d:4"] {
        assert!(!login(set, other, &app, &json!({})).is_among_servers_of(&current), "{other}");
    }
    let renamed = login(set, "a:1,b:2,c:3", &app, &json!({"replicaSet": "another"}));
    assert!(!renamed.is_among_servers_of(&current));
}
