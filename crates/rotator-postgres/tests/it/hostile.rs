//! The function itself against hostile servers: its time, its memory, and what it says, seen from outside.

use std::time::Duration;

use rotation_testkit::{LambdaFunction, Rogue, RoguePostgres, Scripted, ScriptedAnswer, conformance::Trial};
use serde_json::{Value, json};

const PROGRAM: &str = env!("CARGO_BIN_EXE_postgres_single_user");
const CANARY: &str = "canary-of-the-current-password-5d";
/// What Lambda gives the function.
const TIMEOUT: Duration = Duration::from_secs(10);
const MOST_KIB: u64 = 64 * 1024;

fn document(rogue: &RoguePostgres) -> Value {
    json!({
        "engine": "postgres", "host": "localhost", "port": rogue.port(), "dbname": "postgres",
        "username": "app", "password": CANARY, "ssl": false,
    })
}

fn quoting() -> String {
    format!("the password was '{CANARY}'")
}

/// Lets everybody in, and refuses the change in words that quote the password.
fn refuses_the_change() -> Rogue {
    let answer = ScriptedAnswer::Error("XX000".to_owned(), quoting());
    Rogue::Answers(vec![Scripted { statement: "alter".to_owned(), answer }])
}

async fn check(rogue: Rogue, codes: &[&str]) {
    let server = RoguePostgres::start(rogue.clone()).await.unwrap();
    let function = LambdaFunction::builder(PROGRAM).timeout(TIMEOUT);
    let trial = Trial::run(function, &document(&server)).await.unwrap();
    assert!(codes.contains(&trial.code()), "{rogue:?}: {:?}", trial.error);
    assert!(trial.longest < TIMEOUT, "{rogue:?}: {:?}", trial.longest);
    let peak = trial.peak_rss_kib.expect("it answered");
    assert!(peak < MOST_KIB, "{rogue:?}: {peak} KiB");
    assert!(server.connections() > 0, "{rogue:?}: it was never met");
    let received = server.received();
    let sent = received.windows(CANARY.len()).any(|window| window == CANARY.as_bytes());
    assert!(!sent, "{rogue:?}: the password was sent");
}

#[tokio::test]
async fn hostile_servers_of_postgresql_take_neither_time_nor_memory_nor_the_password() {
    check(Rogue::OversizedMessage(50_000_000), &["DB_PROTOCOL"]).await;
    check(Rogue::ScramIterations(1_000_000_000), &["DB_PROTOCOL"]).await;
    // A message that is too long is seen through after its head.
    check(Rogue::DripFeed(Duration::from_millis(50)), &["NET_DB_TIMED_OUT", "DB_PROTOCOL"]).await;
    check(Rogue::Silent, &["NET_DB_TIMED_OUT"]).await;
    check(Rogue::CleartextPassword, &["DB_AUTH_METHOD"]).await;
}

#[tokio::test]
async fn no_level_and_no_format_of_the_log_shows_a_password_or_a_token() {
    let refused = || Rogue::RefusesLogin("28P01".to_owned(), quoting());
    for level in ["TRACE", "DEBUG", "INFO", "WARN", "ERROR", "FATAL"] {
        for format in ["JSON", "Text"] {
            for rogue in [refused(), refuses_the_change(), Rogue::CleartextPassword] {
                let server = RoguePostgres::start(rogue.clone()).await.unwrap();
                let function = LambdaFunction::builder(PROGRAM).log_level(level).log_format(format);
                let trial = Trial::run(function, &document(&server)).await.unwrap();
                assert!(trial.error.is_some(), "{rogue:?} was taken for a good server");
                let code = trial.error.as_ref().map(|error| error.error_type.clone()).unwrap();
                assert!(trial.said.contains(&code), "{level} {format}: nothing was said of {code}");
                assert_eq!(trial.leaked_in(&trial.said), None, "{level} {format} {rogue:?}");
                assert_eq!(trial.leaked_in(&quoting()), Some("the current password"), "the search is blind");
            }
        }
    }
}
