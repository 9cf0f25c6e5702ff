//! What protects the connection, and its faults.

use std::sync::Arc;

use rotation_database::{ConnectError, Engine, Login, TlsFault, Transport};
use rotator_mysql::{MySql, Settings};
use test_servers::{MysqlFlavor, MysqlServer, ServerTls, TestAuthority};

use crate::fixture::{deadline, document, engine};

/// The result of a login over each transport where the server speaks TLS like this.
async fn meet(tls: impl FnOnce(&TestAuthority) -> ServerTls) -> (ConnectError, bool) {
    let authority = Arc::new(TestAuthority::new());
    let tls = tls(&authority);
    let server = MysqlServer::builder(MysqlFlavor::MariaDb).authority(authority).tls(tls).start().unwrap();
    let app = server.create_user("").await.unwrap();
    let login = Login::from_document(&document(&server, &app), &MySql::PROFILE).unwrap();
    let engine = engine(&server, Settings::default());
    let refused = engine.connect(&login, Transport::Tls, deadline()).await.unwrap_err();
    let seen = server.logins_of(&app.username) + server.failed_logins_of(&app.username);
    (refused, seen > 0)
}

#[track_caller]
fn check((error, sent): (ConnectError, bool), expected: TlsFault) {
    assert!(matches!(error, ConnectError::TlsInvalid { fault, .. } if fault == expected), "{error:?}");
    assert!(!sent, "the user's name was sent nevertheless");
}

/// Each fault of a certificate has its name, and the user's name is not sent.
#[tokio::test]
async fn certificate_faults_hide_the_user() {
    if !MysqlFlavor::MariaDb.is_to_be_tested() {
        return;
    }
    check(meet(|authority| ServerTls::Certificate(authority.expired())).await, TlsFault::Expired);
    check(meet(|_| ServerTls::Certificate(TestAuthority::self_signed())).await, TlsFault::SelfSigned);
    check(meet(|_| ServerTls::Certificate(TestAuthority::unknown())).await, TlsFault::UnknownAuthority);
    let other = |authority: &TestAuthority| authority.server_named(&["elsewhere.example.com"]);
    check(meet(|authority| ServerTls::Certificate(other(authority))).await, TlsFault::WrongHost);
}

/// A server without TLS is reported as such.
#[tokio::test]
async fn server_without_tls() {
    if !MysqlFlavor::MariaDb.is_to_be_tested() {
        return;
    }
    let (error, sent) = meet(|_| ServerTls::Off).await;
    assert!(matches!(error, ConnectError::TlsUnavailable), "{error:?}");
    assert!(!sent, "the user's name was sent nevertheless");
}
