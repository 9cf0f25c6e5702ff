use postgres_session::{SaltedPasswords, Statement, connect, md5_verifier, quote_literal, scram_verifier};
use rotation_database::{ConnectError, Transport};
use test_servers::{PostgresServer, PostgresVersion, TestLogin};

use crate::fixture::{over_tls, password, soon, to, trusting, username};

/// Servers accept our verifiers as their own and store them to the letter.
#[tokio::test]
async fn stored_verbatim_by_servers() {
    for version in PostgresVersion::EVERY.into_iter().filter(|version| version.is_to_be_tested()) {
        let server = PostgresServer::shared(version).unwrap();
        let app = server.create_role("").await.unwrap();
        for (text, iterations) in [("simple", 4096), ("\u{2168} \u{ad}soft", 1), ("p'a\\ss\u{1f511}", 10_000)]
        {
            let verifier = scram_verifier(&password(text), iterations, &SaltedPasswords::default()).unwrap();
            let sql = format!("ALTER ROLE {} PASSWORD {}", app.username, quote_literal(verifier.expose()));
            server.execute("postgres", &sql).await.unwrap();
            let stored = format!("SELECT rolpassword FROM pg_authid WHERE rolname = '{}'", app.username);
            let rows = server.query("postgres", &stored).await.unwrap();
            assert_eq!(rows[0][0].as_deref(), Some(verifier.expose()));
            let login = TestLogin { password: text.to_owned(), ..app.clone() };
            let mut connection = over_tls(&to(server, &login), server.authority()).await.unwrap();
            connection.row(Statement::new("select", "SELECT 1")).await.unwrap();
        }
    }
}

/// What is kept of a verifier lets its user in once, and nothing is kept after any login.
#[tokio::test]
async fn kept_until_the_next_login() {
    let server = PostgresServer::shared(PostgresVersion::EVERY[0]).unwrap();
    let app = server.create_role("").await.unwrap();
    let tls = trusting(server.authority());
    let salted = SaltedPasswords::default();
    let verifier = scram_verifier(&password("new"), 4096, &salted).unwrap();
    let sql = format!("ALTER ROLE {} PASSWORD {}", app.username, quote_literal(verifier.expose()));
    server.execute("postgres", &sql).await.unwrap();
    for (text, is_kept, is_right) in [("new", true, true), ("new", false, true), ("old", true, false)] {
        let salted = if is_kept { salted.clone() } else { SaltedPasswords::default() };
        if text == "old" {
            scram_verifier(&password("new"), 4096, &salted).unwrap();
        }
        assert_eq!(salted.keeps_one(), is_kept, "{text}");
        let login = to(server, &TestLogin { password: text.to_owned(), ..app.clone() });
        let outcome = connect(&login, Transport::Tls, &tls, "test", &salted, soon(10_000)).await;
        match outcome {
            Ok(_) => assert!(is_right, "{text}"),
            Err(error) => assert!(!is_right && matches!(error, ConnectError::Refused(_)), "{error:?}"),
        }
        assert!(!salted.keeps_one(), "{text}");
    }
}

/// An MD5 verifier is what the server would store.
#[test]
fn md5_verifier_matches_the_server() {
    // SELECT 'md5' || md5('password' || 'foo')
    let verifier = md5_verifier(&username("foo"), &password("password"));
    assert_eq!(verifier.expose(), "md52ded2b65ce11cfe94e88a881982a333e");
    assert_eq!(format!("{verifier:?}"), "Verifier(..)");
}

/// No two verifiers share a salt.
#[test]
fn salts_are_unique() {
    let of =
        || scram_verifier(&password("same"), 1, &SaltedPasswords::default()).unwrap().expose().to_owned();
    assert_ne!(of(), of());
}
