use postgres_session::Statement;
use rotation_database::{ConnectError, Host, Login};
use test_servers::{PostgresServer, PostgresVersion, TestLogin};

use crate::fixture::{over_tls, to, to_port};

async fn outcome(server: &PostgresServer, login: &Login) -> ConnectError {
    over_tls(login, server.authority()).await.unwrap_err()
}

/// Each refusal of a real server has its own error.
#[tokio::test]
async fn refusals_of_a_real_server() {
    for version in PostgresVersion::EVERY.into_iter().filter(|version| version.is_to_be_tested()) {
        let server = PostgresServer::shared(version).unwrap();
        let app = server.create_role("").await.unwrap();
        let name = &app.username;
        let wrong = TestLogin { password: "wrong".to_owned(), ..app.clone() };
        let error = outcome(server, &to(server, &wrong)).await;
        assert!(
            matches!(&error, ConnectError::Refused(cause) if cause.to_string() == "SQLSTATE 28P01"),
            "{error:?}"
        );
        // One attempt, although `localhost` may have two addresses.
        assert_eq!(server.failed_logins_of(name), 1);
        let unknown = TestLogin { username: "nobody_here".to_owned(), ..app.clone() };
        assert!(matches!(outcome(server, &to(server, &unknown)).await, ConnectError::Refused(_)));

        let nowhere = Login { database: Some("no such place".to_owned()), ..to(server, &app) };
        assert!(matches!(outcome(server, &nowhere).await, ConnectError::NoDatabase(_)));
        let database = server.create_database().await.unwrap();
        server
            .execute("postgres", &format!("REVOKE CONNECT ON DATABASE {database} FROM PUBLIC"))
            .await
            .unwrap();
        let closed = Login { database: Some(database), ..to(server, &app) };
        assert!(matches!(outcome(server, &closed).await, ConnectError::DatabaseClosed(_)));

        server.execute("postgres", &format!("ALTER ROLE {name} CONNECTION LIMIT 0")).await.unwrap();
        assert!(matches!(outcome(server, &to(server, &app)).await, ConnectError::TooManyConnections(_)));
        server.execute("postgres", &format!("ALTER ROLE {name} CONNECTION LIMIT -1 NOLOGIN")).await.unwrap();
        assert!(matches!(outcome(server, &to(server, &app)).await, ConnectError::Locked(_)));
        // The server does not reveal to an outsider that a password has expired.
        server
            .execute("postgres", &format!("ALTER ROLE {name} LOGIN VALID UNTIL '2001-01-01'"))
            .await
            .unwrap();
        assert!(matches!(outcome(server, &to(server, &app)).await, ConnectError::Refused(_)));
    }
}

/// Access rules that reject or trust are distinguished from wrong passwords.
#[tokio::test]
async fn access_rules_that_reject_or_trust() {
    let builder = PostgresServer::builder(PostgresVersion::V18);
    let builder = builder.access("host all barred all reject").access("host all trusted,ghost all trust");
    let server = builder.access("host all outsider all password").start().unwrap();
    for name in ["barred", "trusted", "outsider"] {
        server.create_role_named(name, "").await.unwrap();
    }
    let login = |name: &str| TestLogin { username: name.to_owned(), password: "any".to_owned() };
    assert!(matches!(outcome(&server, &to(&server, &login("barred"))).await, ConnectError::AccessRule(_)));
    assert!(matches!(outcome(&server, &to(&server, &login("ghost"))).await, ConnectError::NoSuchUser(_)));
    // A real server that requests the password in cleartext, over TLS.
    let error = outcome(&server, &to(&server, &login("outsider"))).await;
    assert!(matches!(error, ConnectError::AuthenticationMethod(_)), "{error:?}");
    let mut connection = over_tls(&to(&server, &login("trusted")), server.authority()).await.unwrap();
    connection.row(Statement::new("select", "SELECT 1")).await.unwrap();
}

/// A server that does not answer is distinguished from one that does not exist.
#[tokio::test]
async fn silent_or_nonexistent() {
    let authority = test_servers::TestAuthority::new();
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    drop(listener);
    let error = over_tls(&to_port(port), &authority).await.unwrap_err();
    assert!(matches!(error, ConnectError::Unreachable(_)), "{error:?}");
    let nowhere = Login { host: Host::parse("no-such-host.invalid").unwrap(), ..to_port(port) };
    let error = over_tls(&nowhere, &authority).await.unwrap_err();
    assert!(matches!(error, ConnectError::Dns(_)), "{error:?}");
}

/// A server that is shutting down is reported as such.
#[tokio::test]
async fn shutdown_is_reported() {
    let server = PostgresServer::builder(PostgresVersion::V18).start().unwrap();
    let app = server.create_role("").await.unwrap();
    let mut session = over_tls(&to(&server, &app), server.authority()).await.unwrap();
    session.row(Statement::new("select", "SELECT 1")).await.unwrap();
    // PostgreSQL's "smart" shutdown: it waits for existing sessions, and lets no new ones in.
    let pid = std::fs::read_to_string(server.socket_folder().join("data/postmaster.pid")).unwrap();
    let pid = pid.lines().next().unwrap();
    assert!(std::process::Command::new("kill").args(["-TERM", pid]).status().unwrap().success());
    let give_up = std::time::Instant::now() + std::time::Duration::from_secs(20);
    loop {
        match over_tls(&to(&server, &app), server.authority()).await {
            Err(ConnectError::NotReady(_)) => break,
            // The signal has not arrived yet.
            Ok(_) if std::time::Instant::now() < give_up => {}
            other => panic!("{other:?}"),
        }
    }
    session.row(Statement::new("select", "SELECT 1")).await.unwrap();
}
