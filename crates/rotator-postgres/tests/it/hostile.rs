//! The function itself against hostile servers.

use std::time::Duration;

use rotation_suites::{Hostile, SecretTls, Trial, every_log};
use test_servers::{MaliciousPostgres, PostgresMischief, Scripted, ScriptedAnswer};

const FUNCTION: Hostile = Hostile { program: env!("CARGO_BIN_EXE_postgres_single_user"), engine: "postgres" };

/// Lets every user in, and refuses the change with a message that quotes the password.
fn refuses_the_change() -> PostgresMischief {
    let answer = ScriptedAnswer::Error("XX000".to_owned(), Hostile::quoting());
    PostgresMischief::Answers(vec![Scripted { statement: "alter".to_owned(), answer }])
}

async fn check(malicious: PostgresMischief, codes: &[&str]) {
    let server = MaliciousPostgres::start(malicious.clone()).await.unwrap();
    FUNCTION.check(&malicious, &server, codes).await;
}

/// Hostile servers of PostgreSQL get neither time nor memory nor the password.
#[tokio::test]
async fn postgresql_costs_and_learns_nothing() {
    check(PostgresMischief::OversizedMessage(50_000_000), &["DB_PROTOCOL"]).await;
    check(PostgresMischief::ScramIterations(1_000_000_000), &["DB_PROTOCOL"]).await;
    // A message that is too long is detected by its head.
    check(PostgresMischief::DripFeed(Duration::from_millis(50)), &["NET_DB_TIMED_OUT", "DB_PROTOCOL"]).await;
    check(PostgresMischief::Silent, &["NET_DB_TIMED_OUT"]).await;
    check(PostgresMischief::CleartextPassword, &["DB_AUTH_METHOD"]).await;
}

/// A PostgreSQL that takes TLS away learns nothing that TLS was to protect.
/// A server, or an attacker in front of it, claims that there is no TLS: the secret decides what happens.
#[tokio::test]
async fn stripped_tls_of_postgresql_learns_nothing() {
    for malicious in [
        PostgresMischief::CleartextPassword,
        PostgresMischief::Md5Password,
        PostgresMischief::ScramIterations(4096),
    ] {
        for (tls, require) in [(SecretTls::On, "false"), (SecretTls::Silent, "true")] {
            let server = MaliciousPostgres::start(malicious.clone()).await.unwrap();
            let function = FUNCTION.function().env("REQUIRE_TLS", require);
            FUNCTION.check_with(&(tls, &malicious), &server, tls, function, &["TLS_UNAVAILABLE"]).await;
            assert_eq!(server.password_messages(), 0, "{tls:?}, {malicious:?}");
            // It receives the request for TLS and nothing else.
            let heard = String::from_utf8_lossy(&server.received()).into_owned();
            assert!(!heard.contains("app"), "{tls:?}, {malicious:?}: {heard}");
        }
    }
    // A secret without `ssl` goes on without TLS, and then the password is proved, not sent.
    let answers = [
        (PostgresMischief::CleartextPassword, "DB_AUTH_METHOD"),
        (PostgresMischief::Md5Password, "DB_NO_CREDENTIAL_ACCEPTED"),
        (PostgresMischief::ScramIterations(4096), "DB_NO_CREDENTIAL_ACCEPTED"),
    ];
    for (malicious, code) in answers {
        let server = MaliciousPostgres::start(malicious.clone()).await.unwrap();
        FUNCTION.check_with(&malicious, &server, SecretTls::Silent, FUNCTION.function(), &[code]).await;
    }
}

/// No level and no format of the log shows a password or a token.
#[tokio::test]
async fn no_log_shows_password_or_token() {
    let refused = || PostgresMischief::RefusesLogin("28P01".to_owned(), Hostile::quoting());
    for (level, format) in every_log() {
        for malicious in [refused(), refuses_the_change(), PostgresMischief::CleartextPassword] {
            let server = MaliciousPostgres::start(malicious.clone()).await.unwrap();
            let function = FUNCTION.function().log_level(level).log_format(format);
            let document = FUNCTION.document(server.port(), SecretTls::Off);
            let trial = Trial::run(function, &document).await.unwrap();
            trial.assert_silent(&(level, format, malicious));
        }
    }
}
