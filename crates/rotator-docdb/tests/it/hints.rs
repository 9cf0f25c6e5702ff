//! What a hint contains about MongoDB's own answers.

use std::{net::TcpListener, time::Duration};

use database_net::TlsSettings;
use rotation_core::{CredentialSource, Deadline, Reader, RotationError};
use rotation_database::{ConnectError, DatabaseError, Engine, StatementFault, Transport};
use rotation_suites::EngineScene;
use rotator_docdb::DocumentDb;
use serde_json::json;
use test_servers::{DocdbProduct, TestLogin};

use crate::fixture::{HOME, Lab, create_app, create_app_at, engine, engine_for, login_at, shared, versions};

const LIMIT: Duration = Duration::from_secs(10);

/// A missing user is not taken for a changed password.
/// MongoDB answers a missing user like a wrong password: the hint names both, whichever credentials were
/// tried.
#[tokio::test]
async fn missing_user_or_wrong_password() {
    for version in versions() {
        let server = shared(DocdbProduct::MongoDb(version));
        let app = create_app_at(server, HOME).await.unwrap();
        server.command(HOME, json!({"dropUser": app.username})).await.unwrap();
        let login = login_at(server.port(), &app);
        let outcome = engine_for(server).connect(&login, Transport::Tls, Deadline::after(LIMIT)).await;
        let error = outcome.map(drop).unwrap_err();
        assert!(matches!(error, ConnectError::Refused(_)), "{error:?}");
        let remedies = DocumentDb::PROFILE.remedies;
        let credential = CredentialSource::Current;
        for error in [
            DatabaseError::Login { credential, error, remedies },
            DatabaseError::NoCredentialAccepted { remedies },
        ] {
            let hint = RotationError::from(error).remediation(Reader::Operator);
            for part in ["create the user", "`authdb` of the secret", "set"] {
                assert!(hint.to_lowercase().contains(part), "{hint}");
            }
        }
    }
}

/// A server that accepts TLS alone closes a connection in plaintext without a message: the error names `ssl`.
#[tokio::test]
async fn plaintext_to_a_tls_server_names_ssl() {
    for version in versions() {
        let server = shared(DocdbProduct::MongoDb(version));
        let login = login_at(server.port(), &create_app_at(server, HOME).await.unwrap());
        // Whether the certificate is trusted does not matter: it is the handshake that counts.
        for engine in [engine_for(server), DocumentDb::new(TlsSettings::default())] {
            let outcome = engine.connect(&login, Transport::Plaintext, Deadline::after(LIMIT)).await;
            let error = outcome.map(drop).unwrap_err();
            assert!(matches!(error, ConnectError::TlsRequired(_)), "{version}: {error:?}");
            assert_eq!(error.code(), "DB_ACCESS_RULE");
            let (credential, remedies) = (CredentialSource::Current, DocumentDb::PROFILE.remedies);
            let hint = RotationError::from(DatabaseError::Login { credential, error, remedies })
                .remediation(Reader::Operator);
            assert!(hint.contains("`ssl` to true") && !hint.contains("security group"), "{hint}");
        }
        engine_for(server).connect(&login, Transport::Tls, Deadline::after(LIMIT)).await.unwrap();
    }
    // A server that closes every connection, and speaks no TLS, is unreachable.
    let app = create_app(HOME).await.unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    std::thread::spawn(move || listener.incoming().take(2).for_each(drop));
    let login = login_at(port, &app);
    let outcome = engine().connect(&login, Transport::Plaintext, Deadline::after(LIMIT)).await;
    let error = outcome.map(drop).unwrap_err();
    assert!(matches!(error, ConnectError::Unreachable(_)), "{error:?}");
}

/// A server that closes a connection in plaintext and is silent on the next one, where TLS is probed: the
/// time that this takes does not hide what has happened.
#[tokio::test]
async fn silent_tls_probe_hides_no_failure() {
    let app = create_app(HOME).await.unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    std::thread::spawn(move || {
        drop(listener.accept());
        // The listener accepts no others, and the system keeps them waiting.
        std::thread::sleep(LIMIT);
    });
    let limit = Deadline::after(Duration::from_secs(1));
    let outcome = engine().connect(&login_at(port, &app), Transport::Plaintext, limit).await;
    let error = outcome.map(drop).unwrap_err();
    assert!(matches!(error, ConnectError::Unreachable(_)), "{error:?}");
}

/// A password with a character that `SASLprep` prohibits is refused with the password's own code, for either
/// strategy.
#[tokio::test]
async fn password_prohibited_by_saslprep() {
    const ODD: &str = "a-private-use-\u{e000}-character";
    for version in versions() {
        let lab = Lab::on(version).await;
        let own = lab.change_own(ODD).await.unwrap_err();
        let odd = TestLogin { password: ODD.to_owned(), ..lab.clone() };
        let other = lab.rotate_to(&odd).await.unwrap_err();
        for error in [own, other] {
            let policy = StatementFault::PasswordPolicy { rule: "code 50692".to_owned() };
            assert_eq!(error.fault, policy, "{version}");
        }
        assert!(lab.opens(&lab.app).await);
    }
}
