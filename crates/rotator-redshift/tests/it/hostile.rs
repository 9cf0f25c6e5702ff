//! The function itself against hostile servers.

use std::time::Duration;

use rotation_suites::{Hostile, SecretTls, Trial, every_log};
use test_servers::{MaliciousPostgres, PostgresMischief, Scripted, ScriptedAnswer};

const FUNCTION: Hostile = Hostile { program: env!("CARGO_BIN_EXE_redshift_single_user"), engine: "redshift" };

/// Redshift's own way to ask for a password, which the client answers with a hash of a hash.
const DIGEST: u32 = 13;

/// The challenge of that: an algorithm, of which only 0 exists, a salt and a nonce, with these lengths before
/// them.
fn challenge(algorithm: u32, salt: (u32, &[u8]), nonce: (u32, &[u8])) -> PostgresMischief {
    let field = |(length, bytes): (u32, &[u8])| [&length.to_be_bytes(), bytes].concat();
    PostgresMischief::Asks(DIGEST, [algorithm.to_be_bytes().to_vec(), field(salt), field(nonce)].concat())
}

fn well_formed() -> PostgresMischief {
    challenge(0, (4, b"salt"), (6, b"server"))
}

async fn check(malicious: PostgresMischief, codes: &[&str]) {
    let server = MaliciousPostgres::start(malicious.clone()).await.unwrap();
    FUNCTION.check(&malicious, &server, codes).await;
}

/// Hostile servers of Redshift get neither time nor memory nor the password.
#[tokio::test]
async fn redshift_costs_and_learns_nothing() {
    check(PostgresMischief::OversizedMessage(50_000_000), &["DB_PROTOCOL"]).await;
    check(PostgresMischief::ScramIterations(1_000_000_000), &["DB_PROTOCOL"]).await;
    check(PostgresMischief::DripFeed(Duration::from_millis(50)), &["NET_DB_TIMED_OUT", "DB_PROTOCOL"]).await;
    check(PostgresMischief::Silent, &["NET_DB_TIMED_OUT"]).await;
    check(PostgresMischief::CleartextPassword, &["DB_AUTH_METHOD"]).await;
    check(PostgresMischief::Md5Password, &["DB_NO_CREDENTIAL_ACCEPTED"]).await;
}

/// An absurd challenge of Redshift's own is refused, and a good one is answered by a hash.
#[tokio::test]
async fn absurd_redshift_challenge_is_refused() {
    check(well_formed(), &["DB_NO_CREDENTIAL_ACCEPTED"]).await;
    check(challenge(0, (60_000, &vec![7; 60_000]), (6, b"server")), &["DB_NO_CREDENTIAL_ACCEPTED"]).await;
    check(challenge(1, (4, b"salt"), (6, b"server")), &["DB_AUTH_METHOD"]).await;
    check(challenge(0, (u32::MAX, b"salt"), (6, b"server")), &["DB_PROTOCOL"]).await;
    check(challenge(0, (1 << 30, b"salt"), (6, b"server")), &["DB_PROTOCOL"]).await;
    check(challenge(0, (4, b"salt"), (u32::MAX, b"server")), &["DB_PROTOCOL"]).await;
    check(challenge(0, (4, b"salt"), (0, b"")), &["DB_PROTOCOL"]).await;
    check(PostgresMischief::Asks(DIGEST, Vec::new()), &["DB_PROTOCOL"]).await;
}

/// A Redshift that takes TLS away learns nothing that TLS was to protect.
/// A server, or an attacker in front of it, claims that there is no TLS: the secret decides what happens.
#[tokio::test]
async fn stripped_tls_of_redshift_learns_nothing() {
    for malicious in [PostgresMischief::CleartextPassword, PostgresMischief::Md5Password, well_formed()] {
        for (tls, require) in [(SecretTls::On, "false"), (SecretTls::Silent, "true")] {
            let server = MaliciousPostgres::start(malicious.clone()).await.unwrap();
            let function = FUNCTION.function().env("REQUIRE_TLS", require);
            FUNCTION.check_with(&(tls, &malicious), &server, tls, function, &["TLS_UNAVAILABLE"]).await;
            let heard = String::from_utf8_lossy(&server.received()).into_owned();
            assert!(!heard.contains("app"), "{tls:?}, {malicious:?}: {heard}");
        }
    }
}

/// No level and no format of the log shows a password or a token.
#[tokio::test]
async fn no_log_shows_password_or_token() {
    let refused = || PostgresMischief::RefusesLogin("28P01".to_owned(), Hostile::quoting());
    let answer = ScriptedAnswer::Error("XX000".to_owned(), Hostile::quoting());
    let refuses_the_change =
        PostgresMischief::Answers(vec![Scripted { statement: "alter".to_owned(), answer }]);
    for (level, format) in every_log() {
        for malicious in [refused(), refuses_the_change.clone(), well_formed()] {
            let server = MaliciousPostgres::start(malicious.clone()).await.unwrap();
            let function = FUNCTION.function().log_level(level).log_format(format);
            let document = FUNCTION.document(server.port(), SecretTls::Off);
            let trial = Trial::run(function, &document).await.unwrap();
            trial.assert_silent(&(level, format, malicious));
        }
    }
}
