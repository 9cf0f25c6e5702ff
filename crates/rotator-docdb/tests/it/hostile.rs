//! The function itself against hostile servers: its time, its memory, and its output, seen from outside.

use std::time::Duration;

use base64::{Engine as _, engine::general_purpose::STANDARD};
use rotation_suites::{Hostile, SecretTls, Trial, every_log};
use serde_json::{Value, json};
use test_servers::{DocdbProxy, MaliciousBytes, ProxyAction, TestLogin};

use crate::fixture::{HOME, create_app_as, fresh, server};

const FUNCTION: Hostile = Hostile { program: env!("CARGO_BIN_EXE_docdb_single_user"), engine: "mongo" };

fn document(port: u16, username: &str) -> Value {
    let mut document = FUNCTION.document(port, SecretTls::On);
    document["username"] = json!(username);
    document
}

async fn check(answer: Vec<u8>, each: Duration, code: &str) {
    let server = MaliciousBytes::start(answer, each).await.unwrap();
    FUNCTION.check(&code, &server, &[code]).await;
    assert!(!server.received().is_empty(), "{code}: nobody asked");
}

/// The head of a reply of that length.
fn head(length: i32) -> Vec<u8> {
    [length, 1, 1, 1].iter().flat_map(|number| number.to_le_bytes()).collect()
}

/// Hostile servers of DocumentDB get neither time nor memory nor the password.
#[tokio::test]
async fn documentdb_costs_and_learns_nothing() {
    check([head(1 << 30), vec![0; 50_000_000]].concat(), Duration::ZERO, "DB_PROTOCOL").await;
    check([head(1 << 20), vec![0; 1000]].concat(), Duration::from_millis(50), "NET_DB_TIMED_OUT").await;
}

/// A DocumentDB that offers no TLS learns nothing that TLS was to protect.
/// This protocol has no message for "no TLS", so only a secret with `"ssl": false` goes without it.
#[tokio::test]
async fn documentdb_without_tls_learns_nothing() {
    let other_language = b"HTTP/1.1 400 Bad Request\r\n\r\n".to_vec();
    for answer in [head(36), other_language.clone()] {
        for tls in [SecretTls::On, SecretTls::Silent] {
            let server = MaliciousBytes::start(answer.clone(), Duration::ZERO).await.unwrap();
            let function = FUNCTION.function();
            FUNCTION.check_with(&tls, &server, tls, function, &["TLS_NO_RESPONSE"]).await;
            assert_eq!(server.received().first(), Some(&22), "a handshake of TLS, and nothing before it");
            assert!(!names_the_user(&server.received()), "{tls:?}");
        }
    }
    // Where nothing is to be protected, the name is sent.
    let server = MaliciousBytes::start(other_language, Duration::ZERO).await.unwrap();
    FUNCTION.check(&"in the clear", &server, &["DB_PROTOCOL"]).await;
    assert!(names_the_user(&server.received()), "{:?}", server.received());
}

/// Whether the name of the user `app` is there: at the end of a BSON string, alone or after the database, or
/// in a SCRAM message.
fn names_the_user(bytes: &[u8]) -> bool {
    [&b"\x04\0\0\0app\0"[..], b".app\0", b"n=app,"]
        .iter()
        .any(|name| bytes.windows(name.len()).any(|part| part == *name))
}

fn bomb(reply: &Value) -> Option<Value> {
    let first = STANDARD.decode(reply["payload"]["$binary"].as_str()?).ok()?;
    let first = String::from_utf8(first).ok()?;
    let (rest, _) = first.rsplit_once(",i=")?;
    let mut reply = reply.clone();
    reply["payload"]["$binary"] = json!(STANDARD.encode(format!("{rest},i=1000000000")));
    Some(reply)
}

/// A SCRAM challenge of DocumentDB with too many iterations is refused at once.
#[tokio::test]
async fn scram_bomb_of_documentdb_is_refused() {
    let app = TestLogin { password: Hostile::CANARY.to_owned(), ..fresh("app") };
    create_app_as(server(), HOME, &app).await.unwrap();
    let recorder = DocdbProxy::start(server()).unwrap();
    recorder.set_script(|command, reply| match (command.get("saslStart"), reply) {
        (Some(_), Some(reply)) => bomb(reply).map_or(ProxyAction::Cut, ProxyAction::Answer),
        _ => ProxyAction::Pass,
    });
    let function = FUNCTION.function().env("TLS_CA_BUNDLE", server().authority().certificate_pem());
    let trial = Trial::run(function, &document(recorder.port(), &app.username)).await.unwrap();
    trial.assert_bounded(&"a bomb", &["DB_PROTOCOL"]);
    assert!(trial.said.contains("iterations"), "{}", trial.said);
}

/// No level and no format of the log shows a password or a token.
#[tokio::test]
async fn no_log_shows_password_or_token() {
    let app = TestLogin { password: Hostile::CANARY.to_owned(), ..fresh("app") };
    create_app_as(server(), HOME, &app).await.unwrap();
    let quoting = json!({"ok": 0, "code": 2, "errmsg": Hostile::quoting()});
    for (level, format) in every_log() {
        for refused in ["saslStart", "updateUser"] {
            let (recorder, answer) = (DocdbProxy::start(server()).unwrap(), quoting.clone());
            recorder.set_script(move |command, reply| match (command.get(refused), reply) {
                (Some(_), None) => ProxyAction::Answer(answer.clone()),
                _ => ProxyAction::Pass,
            });
            let function = FUNCTION
                .function()
                .env("TLS_CA_BUNDLE", server().authority().certificate_pem())
                .log_level(level)
                .log_format(format);
            let trial = Trial::run(function, &document(recorder.port(), &app.username)).await.unwrap();
            trial.assert_silent(&(level, format, refused));
        }
    }
}
