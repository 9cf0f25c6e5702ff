//! The function itself against hostile servers: its time, its memory, and what it says, seen from outside.

use std::time::Duration;

use rotation_testkit::{
    LambdaFunction, Moment, MysqlAnswer, MysqlMischief, MysqlScript, RogueGreeting, RogueMysql,
    conformance::Trial,
};
use serde_json::{Value, json};

const PROGRAM: &str = env!("CARGO_BIN_EXE_mysql_single_user");
const CANARY: &str = "canary-of-the-current-password-5d";
/// What Lambda gives the function.
const TIMEOUT: Duration = Duration::from_secs(10);
const MOST_KIB: u64 = 64 * 1024;

fn document(rogue: &RogueMysql) -> Value {
    json!({
        "engine": "mysql", "host": "localhost", "port": rogue.port(),
        "username": "app", "password": CANARY, "ssl": false,
    })
}

/// Lets everybody in and answers the first statement, whatever it is, in this way.
fn answers(answer: MysqlAnswer) -> MysqlMischief {
    MysqlMischief::Answers(vec![MysqlScript { statement: String::new(), answers: vec![answer] }])
}

async fn check(mischief: MysqlMischief, codes: &[&str]) {
    let server = RogueMysql::start(mischief.clone(), RogueGreeting::default()).await.unwrap();
    let function = LambdaFunction::builder(PROGRAM).timeout(TIMEOUT);
    let trial = Trial::run(function, &document(&server)).await.unwrap();
    assert!(codes.contains(&trial.code()), "{mischief:?}: {:?}", trial.error);
    assert!(trial.longest < TIMEOUT, "{mischief:?}: {:?}", trial.longest);
    let peak = trial.peak_rss_kib.expect("it answered");
    assert!(peak < MOST_KIB, "{mischief:?}: {peak} KiB");
    assert!(server.connections() > 0, "{mischief:?}: it was never met");
    let received = server.received();
    let sent = received.windows(CANARY.len()).any(|window| window == CANARY.as_bytes());
    assert!(!sent, "{mischief:?}: the password was sent");
}

#[tokio::test]
async fn hostile_servers_of_mysql_take_neither_time_nor_memory_nor_the_password() {
    let lost = &["DB_CONNECTION_LOST"][..];
    check(MysqlMischief::Oversized(Moment::Greeting), &["DB_PROTOCOL"]).await;
    check(MysqlMischief::Oversized(Moment::Login), &["DB_PROTOCOL"]).await;
    check(MysqlMischief::Oversized(Moment::Statement), lost).await;
    check(answers(MysqlAnswer::Nulls(250)), lost).await;
    check(answers(MysqlAnswer::LocalFile("/proc/self/environ".to_owned())), lost).await;
    let drip = |moment| MysqlMischief::DripFeed(moment, Duration::from_millis(50));
    check(drip(Moment::Login), &["NET_DB_TIMED_OUT"]).await;
    check(drip(Moment::Statement), &["DB_TIMED_OUT", "DB_CONNECTION_LOST"]).await;
    check(MysqlMischief::CleartextPassword, &["DB_AUTH_METHOD"]).await;
}

#[tokio::test]
async fn no_level_and_no_format_of_the_log_shows_a_password_or_a_token() {
    for level in ["TRACE", "DEBUG", "INFO", "WARN", "ERROR", "FATAL"] {
        for format in ["JSON", "Text"] {
            for mischief in [MysqlMischief::RefusesLogin(1045), answers(MysqlAnswer::Error(1064))] {
                let server = RogueMysql::start(mischief.clone(), RogueGreeting::default()).await.unwrap();
                let function = LambdaFunction::builder(PROGRAM).log_level(level).log_format(format);
                let trial = Trial::run(function, &document(&server)).await.unwrap();
                assert!(trial.said.contains(trial.code()), "{level} {format}: nothing of {}", trial.code());
                assert!(trial.error.is_some(), "{mischief:?} was taken for a good server");
                assert_eq!(trial.leaked_in(&trial.said), None, "{level} {format} {mischief:?}");
            }
        }
    }
}
