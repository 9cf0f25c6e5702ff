//! The way to the server: certificates, servers that are down, and answers of something else.

use std::sync::Arc;

use serde_json::json;
use test_servers::{TestAuthority, TestCertificate, TlsFront, ValkeyProduct, ValkeyServer};

use crate::fixture::{Plan, shared};

fn set(code: &str) -> (String, &'static str) {
    (code.to_owned(), "setSecret")
}

/// Each fault of a certificate ends the login before a password is sent, with a code of its own.
#[tokio::test]
async fn certificate_faults_have_codes() {
    let server = shared(ValkeyProduct::Valkey9);
    let authority = Arc::new(TestAuthority::new());
    let cases: [(TestCertificate, &str); 5] = [
        (authority.expired(), "TLS_EXPIRED"),
        (authority.not_yet_valid(), "TLS_NOT_YET_VALID"),
        (TestAuthority::self_signed(), "TLS_SELF_SIGNED"),
        (authority.server_named(&["other.example.com"]), "TLS_HOSTNAME"),
        (TestAuthority::unknown(), "TLS_UNKNOWN_CA"),
    ];
    for (certificate, code) in cases {
        let front = TlsFront::start(server.plain_port(), &certificate).unwrap();
        let there = json!({"port": front.port()});
        let mut plan = Plan::at(server).document(there.clone()).master(there);
        plan.authority = authority.certificate_pem().to_owned();
        let scene = plan.own().await;
        assert_eq!(scene.refused(server).await, set(code));
    }
}

/// A server that is down is no refused password.
#[tokio::test]
async fn server_that_is_down() {
    for product in ValkeyProduct::ALL {
        let server = ValkeyServer::builder(product).start().unwrap();
        let scene = Plan::at(&server).own().await;
        server.stop().unwrap();
        let record = scene.rotate().await;
        let code = &record.last_error().unwrap().error_type;
        // The TLS front is still there, and closes the connection.
        let expected = ["NET_DB_UNREACHABLE", "TLS_NO_RESPONSE"];
        assert!(expected.contains(&code.as_str()), "{product}: {code}");
    }
}

/// A name that does not resolve.
#[tokio::test]
async fn name_that_does_not_resolve() {
    let server = shared(ValkeyProduct::Valkey9);
    let there = json!({"host": "no-such-host.invalid"});
    let scene = Plan::at(server).document(there.clone()).master(there).own().await;
    assert_eq!(scene.refused(server).await, set("NET_DB_DNS"));
}

/// A server without a connection left has a code of its own, where it reports that.
#[tokio::test]
async fn server_without_connections() {
    let server = ValkeyServer::builder(ValkeyProduct::Redis7).setting("maxclients", "2").start().unwrap();
    let scene = Plan::at(&server).own().await;
    let held: Vec<_> =
        (0..2).map(|_| std::net::TcpStream::connect(("127.0.0.1", server.plain_port())).unwrap()).collect();
    let record = scene.rotate().await;
    let code = &record.last_error().unwrap().error_type;
    // Over TLS the server closes the connection without a word.
    assert!(["DB_TOO_MANY_CONNECTIONS", "TLS_NO_RESPONSE"].contains(&code.as_str()), "{code}");
    drop(held);
}
