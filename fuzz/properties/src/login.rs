//! What a server sends during a login.

use std::time::Duration;

use database_net::TlsSettings;
use rotation_core::{Deadline, SecretDocument};
use rotation_database::{ConnectError, Engine, Login, Session, Transport};
use rotator_docdb::DocumentDb;
use rotator_mysql::{MySql, Settings};
use rotator_postgres::{CloneObjects, Postgres};
use rotator_redshift::{Options, Redshift};
use serde_json::json;

use crate::{
    canary::assert_quiet,
    server::{Protocol, SERVER_WORDS, meet},
};

/// Only the client may know it.
const PASSWORD: &str = "Never-sent-in-the-clear-1";

/// Far more time than the work for any answer takes.
const TIME: Duration = Duration::from_secs(20);

/// The first byte selects the engine that logs in; the rest is what the server sends. In it, `%S` stands for
/// the proof that the server knows the password.
///
/// # Panics
/// Where a property does not hold.
pub fn login(bytes: &[u8]) {
    let Some((engine, script)) = bytes.split_first() else { return };
    let proves = contains(script, b"%S");
    match engine % 4 {
        0 => {
            let engine = Postgres::new(TlsSettings::default(), CloneObjects::default());
            let (is_in, heard) = log_in(&engine, Protocol::Postgres, script);
            let was_asked = contains(&heard, b"SCRAM-SHA-256");
            assert!(!is_in || !was_asked || proves, "no peer proved that it knows the password");
        }
        1 => {
            let engine = Redshift::new(TlsSettings::default(), Options::default());
            let (is_in, heard) = log_in(&engine, Protocol::Postgres, script);
            let was_asked = contains(&heard, b"SCRAM-SHA-256");
            assert!(!is_in || !was_asked || proves, "no peer proved that it knows the password");
        }
        2 => {
            let engine = MySql::new(TlsSettings::default(), Settings::default());
            log_in(&engine, Protocol::MySql, script);
        }
        _ => {
            let engine = DocumentDb::new(TlsSettings::default());
            let (is_in, _) = log_in(&engine, Protocol::DocumentDb, script);
            assert!(!is_in || proves, "no peer proved that it knows the password");
        }
    }
}

/// One login in plaintext and, where it succeeds, a few requests. Returns whether it did, and what the server
/// received.
fn log_in<E: Engine>(engine: &E, protocol: Protocol, script: &[u8]) -> (bool, Vec<u8>) {
    let (is_in, heard) = meet(protocol, script, PASSWORD, async |port| {
        let deadline = Deadline::after(TIME);
        let login = credentials::<E>(port);
        match engine.connect(&login, Transport::Plaintext, deadline).await {
            Ok(mut session) => {
                for outcome in [session.probe(None).await, session.facts(None).await.map(drop)] {
                    if let Err(error) = outcome {
                        assert_quiet(&error, PASSWORD);
                        assert_quiet(&error, SERVER_WORDS);
                    }
                }
                true
            }
            Err(error) => {
                assert_quiet(&error, PASSWORD);
                assert_quiet(&error, SERVER_WORDS);
                assert!(!matches!(error, ConnectError::TimedOut), "the login did not end in time");
                false
            }
        }
    });
    assert!(!contains(&heard, PASSWORD.as_bytes()), "the password was sent in cleartext");
    (is_in, heard)
}

fn credentials<E: Engine>(port: u16) -> Login {
    let document = json!({
        "engine": E::PROFILE.engines[0], "host": "127.0.0.1", "port": port,
        "username": "app", "password": PASSWORD, "ssl": false,
    });
    let document = SecretDocument::parse(&document.to_string()).expect("it is an object");
    Login::from_document(&document, &E::PROFILE).expect("it is whole")
}

fn contains(bytes: &[u8], part: &[u8]) -> bool {
    bytes.windows(part.len()).any(|window| window == part)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(proof: &str, expected: bool) {
        let greeting =
            r#"{"ok":1,"ismaster":true,"maxWireVersion":21,"saslSupportedMechs":["SCRAM-SHA-256"]}"#;
        let payload = |text: &str, done| {
            format!(r#"{{"conversationId":1,"done":{done},"payload":{{"$b":"{text}"}},"ok":1}}"#)
        };
        let first = payload("r=%Nserver,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096", false);
        let last = payload(&format!("v={proof}"), true);
        let engine = DocumentDb::new(TlsSettings::default());
        let script = format!("%0{greeting}%0{first}%0{last}");
        let (is_in, _) = log_in(&engine, Protocol::DocumentDb, script.as_bytes());
        assert_eq!(is_in, expected, "DocumentDB, {proof}");

        let script = format!(
            "%0R\0\0\0\x0aSCRAM-SHA-256\0\0%0R\0\0\0\x0br=%Nserver,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096\
             %0R\0\0\0\x0cv={proof}%1R\0\0\0\0%1ZI"
        );
        let engine = Postgres::new(TlsSettings::default(), CloneObjects::default());
        let (is_in, _) = log_in(&engine, Protocol::Postgres, script.as_bytes());
        assert_eq!(is_in, expected, "PostgreSQL, {proof}");
    }

    /// A server that proves the password is accepted, and no other is.
    /// Otherwise the target would only test refused logins.
    #[test]
    fn only_a_proving_server_is_let_in() {
        check("%S", true);
        check("AAAA", false);
    }
}
