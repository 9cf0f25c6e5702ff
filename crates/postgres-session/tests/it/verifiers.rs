use postgres_session::{SaltedPasswords, Statement, md5_verifier, quote_literal, scram_verifier};
use test_servers::{PostgresServer, PostgresVersion, TestLogin};

use crate::fixture::{over_tls, password, to, username};

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
