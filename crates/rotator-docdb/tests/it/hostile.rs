//! The function itself against hostile servers: its time, its memory, and what it says, seen from outside.

use std::{
    io::{Read, Write},
    net::TcpListener,
    time::Duration,
};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use rotation_testkit::{DocdbWitness, LambdaFunction, TestLogin, WitnessAction, conformance::Trial};
use serde_json::{Value, json};

use crate::laboratory::{HOME, create_app_as, fresh, server};

const PROGRAM: &str = env!("CARGO_BIN_EXE_docdb_single_user");
const CANARY: &str = "canary-of-the-current-password-5d";
/// What Lambda gives the function.
const TIMEOUT: Duration = Duration::from_secs(10);
const MOST_KIB: u64 = 64 * 1024;

fn document(port: u16, username: &str, tls: bool) -> Value {
    json!({
        "engine": "mongo", "host": "localhost", "port": port,
        "username": username, "password": CANARY, "ssl": tls,
    })
}

fn assert_bounded(trial: &Trial, code: &str) {
    assert_eq!(trial.code(), code, "{:?}", trial.error);
    assert!(trial.longest < TIMEOUT, "{code}: {:?}", trial.longest);
    let peak = trial.peak_rss_kib.expect("it answered");
    assert!(peak < MOST_KIB, "{code}: {peak} KiB");
}

/// Answers the first message with these bytes, each time that much later, and reads what else comes.
async fn check(answer: Vec<u8>, each: Duration, code: &str) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let rogue = std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        let mut received = vec![0; 65_536];
        let length = stream.read(&mut received).unwrap();
        received.truncate(length);
        for byte in answer.chunks(if each.is_zero() { 65_536 } else { 1 }) {
            // Refused by its head, the rest is not waited for.
            if stream.write_all(byte).is_err() {
                break;
            }
            std::thread::sleep(each);
        }
        let _ = stream.read_to_end(&mut received);
        received
    });
    let function = LambdaFunction::builder(PROGRAM).timeout(TIMEOUT);
    let trial = Trial::run(function, &document(port, "app", false)).await.unwrap();
    assert_bounded(&trial, code);
    let received = rogue.join().unwrap();
    assert!(!received.is_empty(), "it was never met");
    let sent = received.windows(CANARY.len()).any(|window| window == CANARY.as_bytes());
    assert!(!sent, "the password was sent");
}

/// The head of a reply of that length.
fn head(length: i32) -> Vec<u8> {
    [length, 1, 1, 1].iter().flat_map(|number| number.to_le_bytes()).collect()
}

#[tokio::test]
async fn hostile_servers_of_documentdb_take_neither_time_nor_memory_nor_the_password() {
    check([head(1 << 30), vec![0; 50_000_000]].concat(), Duration::ZERO, "DB_PROTOCOL").await;
    check([head(1 << 20), vec![0; 1000]].concat(), Duration::from_millis(50), "NET_DB_TIMED_OUT").await;
}

fn bomb(reply: &Value) -> Option<Value> {
    let first = STANDARD.decode(reply["payload"]["$binary"].as_str()?).ok()?;
    let first = String::from_utf8(first).ok()?;
    let (rest, _) = first.rsplit_once(",i=")?;
    let mut reply = reply.clone();
    reply["payload"]["$binary"] = json!(STANDARD.encode(format!("{rest},i=1000000000")));
    Some(reply)
}

#[tokio::test]
async fn a_scram_bomb_of_documentdb_is_refused_at_once() {
    let app = TestLogin { password: CANARY.to_owned(), ..fresh("app") };
    create_app_as(HOME, &app).await.unwrap();
    let witness = DocdbWitness::start(server()).unwrap();
    witness.set_script(|command, reply| match (command.get("saslStart"), reply) {
        (Some(_), Some(reply)) => bomb(reply).map_or(WitnessAction::Cut, WitnessAction::Answer),
        _ => WitnessAction::Pass,
    });
    let function = LambdaFunction::builder(PROGRAM)
        .timeout(TIMEOUT)
        .env("TLS_CA_BUNDLE", server().authority().certificate_pem());
    let trial = Trial::run(function, &document(witness.port(), &app.username, true)).await.unwrap();
    assert_bounded(&trial, "DB_PROTOCOL");
    assert!(trial.said.contains("iterations"), "{}", trial.said);
}

#[tokio::test]
async fn no_level_and_no_format_of_the_log_shows_a_password_or_a_token() {
    let app = TestLogin { password: CANARY.to_owned(), ..fresh("app") };
    create_app_as(HOME, &app).await.unwrap();
    let quoting = json!({"ok": 0, "code": 2, "errmsg": format!("the password was '{CANARY}'")});
    for level in ["TRACE", "DEBUG", "INFO", "WARN", "ERROR", "FATAL"] {
        for format in ["JSON", "Text"] {
            for refused in ["saslStart", "updateUser"] {
                let (witness, answer) = (DocdbWitness::start(server()).unwrap(), quoting.clone());
                witness.set_script(move |command, reply| match (command.get(refused), reply) {
                    (Some(_), None) => WitnessAction::Answer(answer.clone()),
                    _ => WitnessAction::Pass,
                });
                let function = LambdaFunction::builder(PROGRAM)
                    .env("TLS_CA_BUNDLE", server().authority().certificate_pem())
                    .log_level(level)
                    .log_format(format);
                let document = document(witness.port(), &app.username, true);
                let trial = Trial::run(function, &document).await.unwrap();
                assert!(trial.said.contains(trial.code()), "{level} {format}: nothing of {}", trial.code());
                assert!(trial.error.is_some(), "{refused} was refused, and nobody noticed");
                assert_eq!(trial.leaked_in(&trial.said), None, "{level} {format} {refused}");
            }
        }
    }
}
