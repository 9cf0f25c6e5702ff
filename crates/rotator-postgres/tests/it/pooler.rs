//! Logins and rotations through a real `PgBouncer`: what the pooler itself answers is no answer of the
//! server.

use std::{sync::Arc, time::Duration};

use local_aws::{
    LambdaFunction, LocalSecretsManager,
    secrets_manager::{RotationSettings, Settings},
};
use rotation_database::{Cause, ConnectError, Engine, Login, Session, StatementFault, Transport};
use rotation_suites::EngineScene;
use rotator_postgres::PostgresSession;
use serde_json::json;
use test_servers::{PgBouncer, PoolerList, PostgresServer, PostgresVersion, TestLogin};

use crate::fixture::{Lab, deadline, engine, versions};

/// A login through the pooler instead of directly at the server.
async fn connect(
    lab: &Lab<'_>,
    pooler: &PgBouncer,
    login: &TestLogin,
) -> Result<PostgresSession, ConnectError> {
    let login = Login { port: pooler.port(), ..lab.login(login) };
    engine(lab.server, lab.objects).connect(&login, Transport::Tls, deadline()).await
}

/// The same with its first request, as the core makes it.
async fn use_it(lab: &Lab<'_>, pooler: &PgBouncer, login: &TestLogin) -> Result<(), StatementFault> {
    let mut session = connect(lab, pooler, login).await.unwrap();
    session.probe(None).await.map_err(|error| error.fault)
}

#[track_caller]
fn assert_proxy(outcome: Result<PostgresSession, ConnectError>) {
    let error = outcome.unwrap_err();
    assert!(!error.is_refusal(), "{error:?}");
    assert!(
        matches!(&error, ConnectError::Proxy(cause) if *cause == Cause::new("SQLSTATE 08P01")),
        "{error:?}"
    );
}

/// A refusal of the pooler is not one of the server.
/// A wrong password, an unknown user, and a startup parameter that the pooler does not know.
#[tokio::test]
async fn refusal_is_not_the_servers() {
    for version in versions() {
        let lab = Lab::new(version).await;
        let pooler = PgBouncer::start(lab.server, &PoolerList::Query).unwrap();
        use_it(&lab, &pooler, &lab.app).await.unwrap();
        let wrong = TestLogin { password: "wrong".to_owned(), ..lab.app.clone() };
        assert_proxy(connect(&lab, &pooler, &wrong).await);
        let unknown = TestLogin { username: "nobody_of_this_name".to_owned(), ..lab.app.clone() };
        assert_proxy(connect(&lab, &pooler, &unknown).await);
    }
}

/// A login that only the pooler knows is no login.
/// The pooler's list holds a password that the server does not have: the client receives the server's own
/// refusal, passed on.
#[tokio::test]
async fn login_unknown_to_the_server() {
    for version in versions() {
        let lab = Lab::new(version).await;
        let stale = TestLogin { password: "of the list".to_owned(), ..lab.app.clone() };
        let pooler = PgBouncer::start(lab.server, &PoolerList::File(vec![stale.clone()])).unwrap();
        let error = connect(&lab, &pooler, &stale).await.unwrap_err();
        assert!(
            matches!(&error, ConnectError::Refused(cause) if cause.to_string() == "SQLSTATE 28P01"),
            "{error:?}"
        );
        // The pooler does not accept the right password.
        assert_proxy(connect(&lab, &pooler, &lab.app).await);
    }
}

/// A failed login that the pooler remembers is no answer.
/// The pooler remembers its own failed login for a while: a new client with the right password is let in, but
/// gets no server.
#[tokio::test]
async fn remembered_failure_is_no_answer() {
    for version in versions() {
        let lab = Lab::new(version).await;
        let pooler = PgBouncer::start(lab.server, &PoolerList::Query).unwrap();
        let mut first = connect(&lab, &pooler, &lab.app).await.unwrap();
        first.probe(None).await.unwrap();
        let name = &lab.app.username;
        let new = TestLogin { password: "the new password".to_owned(), ..lab.app.clone() };
        lab.admin(&format!("ALTER ROLE {name} PASSWORD '{}'", new.password)).await;
        let ours = format!("FROM pg_stat_activity WHERE usename = '{name}'");
        lab.admin(&format!("SELECT pg_terminate_backend(pid) {ours}")).await;
        while lab.value(&format!("SELECT count(*) {ours}")).await != "0" {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        // The pooler logs in again with what the first client has proved, which is the old password.
        first.probe(None).await.unwrap_err();
        assert_eq!(use_it(&lab, &pooler, &new).await, Err(StatementFault::Proxy), "{version}");
        lab.connect(&new).await.unwrap().probe(None).await.unwrap();
    }
}

/// A pooler that keeps the old password moves nothing.
/// setSecret changes the server through the pooler, whose list keeps the old password: testSecret gets no
/// answer of the server, so no label moves.
#[tokio::test]
async fn old_password_list_moves_nothing() {
    let server = PostgresServer::shared(PostgresVersion::V18).unwrap();
    let lab = Lab::on(server).await;
    let pooler = PgBouncer::start(server, &PoolerList::File(vec![lab.app.clone()])).unwrap();
    let rotation = RotationSettings { attempts: 1, ..RotationSettings::default() };
    let store = LocalSecretsManager::start(Settings { rotation, ..Settings::default() }).await.unwrap();
    let function = LambdaFunction::builder(env!("CARGO_BIN_EXE_postgres_single_user"))
        .env("SECRETS_MANAGER_ENDPOINT", store.endpoint())
        .env("TLS_CA_BUNDLE", server.authority().certificate_pem())
        .build()
        .unwrap();
    let arn = function.arn().to_owned();
    store.register(&arn, Arc::new(function));
    let document = json!({
        "engine": "postgres", "host": "localhost", "port": pooler.port(), "dbname": lab.database,
        "username": lab.app.username, "password": lab.app.password, "ssl": true,
    });
    let secret = store.create_secret("pooled", &document.to_string()).unwrap();
    let version = store.rotate(&secret, &arn).unwrap();
    let record = store.wait_for_rotation(&secret, &version, Duration::from_mins(1)).await.unwrap();
    let error = record.last_error().expect("testSecret must fail");
    assert_eq!(error.error_type, "DB_PROXY_ANSWER", "{error}\n{}", pooler.log());
    let stages = store.stages(&secret).unwrap();
    assert_eq!(stages[&version], ["AWSPENDING"], "{stages:?}");
    assert_eq!(store.value(&secret, "AWSCURRENT").unwrap(), document.to_string());

    // The server has the new password, and a pooler that asks the server finds it.
    let pending: serde_json::Value =
        serde_json::from_str(&store.version_value(&secret, &version).unwrap()).unwrap();
    let new = TestLogin { password: pending["password"].as_str().unwrap().to_owned(), ..lab.app.clone() };
    lab.connect(&new).await.unwrap();
    assert!(lab.connect(&lab.app).await.unwrap_err().is_refusal());
    let asking = PgBouncer::start(server, &PoolerList::Query).unwrap();
    use_it(&lab, &asking, &new).await.unwrap();
    assert_proxy(connect(&lab, &pooler, &new).await);
}

/// A pooled session of the clone is proved like any other.
/// A pair through a pooler: the proof detects that the pooler keeps a session that has left its role.
#[tokio::test]
async fn pooled_session_of_the_clone() {
    for version in versions() {
        let lab = Lab::new(version).await;
        let pooler = PgBouncer::start(lab.server, &PoolerList::Query).unwrap();
        let clone = lab.clone();
        lab.rotate_to(&clone).await.unwrap();
        let prove = async || {
            let mut session = connect(&lab, &pooler, &clone).await.unwrap();
            session.probe(Some(&lab.pair())).await.map_err(|error| error.fault)
        };
        prove().await.unwrap();
        // The pooler's session keeps the role although the membership is gone; a new one would not have it.
        let by = if version.major() >= 16 {
            format!(" GRANTED BY {}", lab.master.username)
        } else {
            String::new()
        };
        lab.admin(&format!("REVOKE {} FROM {}{by}", lab.app.username, clone.username)).await;
        let fault = prove().await.unwrap_err();
        assert!(matches!(fault, StatementFault::SessionDiffers { .. }), "{version}: {fault:?}");
    }
}
