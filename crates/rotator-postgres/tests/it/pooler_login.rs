//! A pooler that lets a client in and logs in to the server only for the first statement: the server's
//! refusal reaches the client in the pooler's words, or the pooler remembers it.

use rotation_core::{
    Applied, Authority, Class, Invocation, Invoker, PasswordPolicy, PasswordSettings, Reader,
    RelatedSecretError, RelatedSecrets, RotationError, SecretDocument, SecretId, StoreError, Target,
    Versions,
};
use rotation_database::{
    ConnectError, Database, DatabaseSettings, Engine, Login, NoDatabaseLookup, Session, StatementFault,
    Strategy, Transport,
};
use rotation_suites::EngineScene;
use rotator_postgres::{Postgres, PostgresSession};
use test_servers::{PgBouncer, PoolerList, PoolerVersion, PostgresVersion, TestLogin};

use crate::fixture::{Lab, deadline, document, engine};

/// Each version of the pooler in front of a server.
fn poolers() -> impl Iterator<Item = (PoolerVersion, PostgresVersion)> {
    PoolerVersion::ALL
        .into_iter()
        .zip([PostgresVersion::V14, PostgresVersion::V18])
        .filter(|(_, server)| server.is_to_be_tested())
}

/// A login through the pooler instead of directly at the server.
async fn connect(
    lab: &Lab<'_>,
    pooler: &PgBouncer,
    login: &TestLogin,
) -> Result<PostgresSession, ConnectError> {
    let login = Login { port: pooler.port(), ..lab.login(login) };
    engine(lab.server, lab.objects).connect(&login, Transport::Tls, deadline()).await
}

/// Ends the server's sessions of the user and waits until they are gone.
async fn end_sessions(lab: &Lab<'_>) {
    let ours = format!("FROM pg_stat_activity WHERE usename = '{}'", lab.app.username);
    lab.admin(&format!("SELECT pg_terminate_backend(pid) {ours}")).await;
    while lab.value(&format!("SELECT count(*) {ours}")).await != "0" {
        tokio::time::sleep(std::time::Duration::from_millis(10)).await;
    }
}

/// A rotation without any labels.
struct Asked;

impl Authority for Asked {
    async fn confirm(&self) -> Result<(), RotationError> {
        Ok(())
    }
}

impl RelatedSecrets for Asked {
    async fn previous(&self) -> Result<Option<SecretDocument>, RotationError> {
        Ok(None)
    }

    async fn current_of(&self, _: &SecretId) -> Result<SecretDocument, RelatedSecretError> {
        unreachable!("a single user has no master")
    }

    async fn tags_of(&self, _: &SecretId) -> Result<Vec<(String, String)>, StoreError> {
        Ok(Vec::new())
    }
}

/// setSecret of a single user, through the pooler.
async fn set(
    lab: &Lab<'_>,
    pooler: &PgBouncer,
    current: &TestLogin,
    pending: &TestLogin,
) -> Result<Applied, RotationError> {
    let settings = PasswordSettings::default();
    let policy = PasswordPolicy::new(settings, &Postgres::PROFILE.password_rule).unwrap();
    let postgres = engine(lab.server, lab.objects);
    let invocation = Invocation::new(Invoker::Person, deadline());
    let settings = DatabaseSettings::new(policy);
    let database =
        Database::<_, NoDatabaseLookup>::new(postgres, Strategy::SingleUser, settings, &invocation);
    let at_pooler = |login: &TestLogin| {
        let document = document(lab.server, &lab.database, login);
        document.with_text("port", &pooler.port().to_string())
    };
    let secret = SecretId::new("arn:aws:secretsmanager:us-east-1:123456789012:secret:shop-KpXkZF").unwrap();
    let versions =
        Versions { secret, current: at_pooler(current), pending: at_pooler(pending), related: None };
    Box::pin(database.apply(&versions, &Asked, &Asked)).await
}

/// A password that the pooler alone accepts does not count as set already.
/// The password is set. An application that still uses the old one makes the pooler fail at the server, and
/// the pooler remembers that: it lets the new password in and has no server for it. That does not prove that
/// the password is set.
#[tokio::test]
async fn password_only_the_pooler_accepts() {
    for (pooler_version, version) in poolers() {
        let lab = Lab::new(version).await;
        let pooler = PgBouncer::start_version(pooler_version, lab.server, &PoolerList::Query).unwrap();
        let mut application = connect(&lab, &pooler, &lab.app).await.unwrap();
        application.probe(None).await.unwrap();
        let new = TestLogin { password: "the new password".to_owned(), ..lab.app.clone() };
        lab.admin(&format!("ALTER ROLE {} PASSWORD '{}'", lab.app.username, new.password)).await;
        end_sessions(&lab).await;
        application.probe(None).await.unwrap_err();
        // The pooler accepts the new password, and refuses the first statement.
        let mut session = connect(&lab, &pooler, &new).await.unwrap();
        assert_eq!(session.probe(None).await.unwrap_err().fault, StatementFault::Proxy, "{version}");
        let error = set(&lab, &pooler, &lab.app, &new).await.unwrap_err();
        assert_eq!((error.code().name(), error.class()), ("DB_PROXY_ANSWER", Class::Retryable), "{version}");
        assert!(
            !error.remediation(Reader::Operator).contains("changed the password"),
            "{}",
            error.remediation(Reader::Operator)
        );
        // Once the pooler tries again, the server's own answer counts.
        pooler.console("SET server_login_retry = 0").await.unwrap();
        let applied = loop {
            match set(&lab, &pooler, &lab.app, &new).await {
                Ok(applied) => break applied,
                Err(error) => assert_eq!(error.code().name(), "DB_PROXY_ANSWER", "{version}: {error}"),
            }
            tokio::time::sleep(std::time::Duration::from_millis(50)).await;
        };
        assert_eq!(applied, Applied::AlreadySet, "{version}");
    }
}

/// A user unknown to the pooler is not reported as a changed password.
/// The pooler does not know the user, which proves nothing about the server.
#[tokio::test]
async fn user_unknown_to_the_pooler() {
    for (pooler_version, version) in poolers() {
        let lab = Lab::new(version).await;
        let other = lab.server.create_role("").await.unwrap();
        let pooler =
            PgBouncer::start_version(pooler_version, lab.server, &PoolerList::File(vec![other])).unwrap();
        let new = TestLogin { password: "the new password".to_owned(), ..lab.app.clone() };
        let error = set(&lab, &pooler, &lab.app, &new).await.unwrap_err();
        assert_eq!((error.code().name(), error.class()), ("DB_PROXY_ANSWER", Class::Retryable), "{version}");
        assert!(
            !error.remediation(Reader::Operator).contains("changed the password"),
            "{}",
            error.remediation(Reader::Operator)
        );
        lab.connect(&lab.app).await.unwrap().probe(None).await.unwrap();
    }
}

/// A login of the pooler that the server refuses keeps its code.
/// The server's answer to the pooler's login has the same code as without a pooler. A refusal of the password
/// that the pooler keeps proves nothing about the client's password.
#[tokio::test]
async fn poolers_own_refused_login() {
    for (pooler_version, version) in poolers() {
        for (bar, code) in [
            ("ALTER ROLE {user} NOLOGIN", "DB_LOCKED"),
            ("ALTER ROLE {user} CONNECTION LIMIT 0", "DB_TOO_MANY_CONNECTIONS"),
            ("REVOKE CONNECT ON DATABASE {database} FROM PUBLIC", "DB_DATABASE_CLOSED"),
            ("ALTER ROLE {user} PASSWORD 'of another'", "DB_PROXY_ANSWER"),
            ("ALTER ROLE {user} SET session_preload_libraries = 'not_there'", "DB_SESSION_REFUSED"),
        ] {
            let lab = Lab::new(version).await;
            let list = PoolerList::File(vec![lab.app.clone()]);
            let pooler = PgBouncer::start_version(pooler_version, lab.server, &list).unwrap();
            connect(&lab, &pooler, &lab.app).await.unwrap().probe(None).await.unwrap();
            let sql = bar.replace("{user}", &lab.app.username).replace("{database}", &lab.database);
            lab.admin(&sql).await;
            end_sessions(&lab).await;
            let mut session = connect(&lab, &pooler, &lab.app).await.unwrap();
            let error = session.probe(None).await.unwrap_err();
            // The old version waits without a message, and reports the wait at the end.
            let code = if pooler_version == PoolerVersion::Old { "DB_PROXY_ANSWER" } else { code };
            assert_eq!(
                error.code().name(),
                code,
                "{pooler_version:?}, {version}: {sql}: {error:?}\n{}",
                pooler.log()
            );
        }
    }
}
