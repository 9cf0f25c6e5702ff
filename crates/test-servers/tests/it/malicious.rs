use std::{sync::Arc, time::Duration};

use rustls::pki_types::{CertificateDer, pem::PemObject};
use test_servers::{
    MaliciousMysql, MaliciousPostgres, MaliciousServer, Moment, MysqlGreeting, MysqlMischief,
    PostgresMischief, Scripted, ScriptedAnswer, TestAuthority,
};
use tokio::{io::AsyncWriteExt, net::TcpStream};
use tokio_postgres::{Client, Config, Error, NoTls, SimpleQueryMessage, config::SslMode};
use tokio_postgres_rustls::MakeRustlsConnect;

const CANARY: &str = "canary-7f3a";
const PATIENCE: Duration = Duration::from_millis(500);

fn config(server: &MaliciousPostgres) -> Config {
    let mut config = Config::new();
    config.host("localhost").port(server.port()).user("app").password(CANARY).dbname("postgres");
    config
}

/// Connects without TLS; `None` where that does not succeed in time.
async fn connect(server: &MaliciousPostgres) -> Option<Result<Client, Error>> {
    let connecting = async {
        let (client, connection) = config(server).connect(NoTls).await?;
        tokio::spawn(connection);
        Ok(client)
    };
    tokio::time::timeout(PATIENCE, connecting).await.ok()
}

fn heard_the_password(server: &MaliciousPostgres) -> bool {
    server.received().windows(CANARY.len()).any(|window| window == CANARY.as_bytes())
}

async fn code(server: &MaliciousPostgres) -> String {
    let error = connect(server).await.expect("it answers").expect_err("it refuses");
    error.as_db_error().expect("in the protocol").code().code().to_owned()
}

/// Each way to ask for a password is used, and what the client sends is recorded.
#[tokio::test]
async fn every_password_request_is_recorded() {
    for (behaviour, messages, in_clear) in [
        (PostgresMischief::CleartextPassword, 1, true),
        (PostgresMischief::Md5Password, 1, false),
        (PostgresMischief::ScramIterations(4096), 2, false),
    ] {
        let server = MaliciousPostgres::start(behaviour.clone()).await.unwrap();
        assert_eq!(code(&server).await, "28P01", "{behaviour:?}");
        assert_eq!((server.connections(), server.password_messages()), (1, messages), "{behaviour:?}");
        assert_eq!(heard_the_password(&server), in_clear, "{behaviour:?}");
    }
}

/// A client without a limit of its own waits for ever.
#[tokio::test]
async fn unlimited_client_waits_for_ever() {
    for behaviour in [
        PostgresMischief::Silent,
        PostgresMischief::DripFeed(Duration::from_millis(20)),
        PostgresMischief::OversizedMessage(100_000),
    ] {
        let server = MaliciousPostgres::start(behaviour.clone()).await.unwrap();
        assert!(connect(&server).await.is_none(), "{behaviour:?}");
        assert_eq!((server.connections(), server.password_messages()), (1, 0), "{behaviour:?}");
    }
}

/// Begins a connection in this way, sends the password when nothing answers any more, and leaves.
async fn check_hears(what: &str, server: &impl MaliciousServer, beginning: &[u8]) {
    let mut client = TcpStream::connect(("127.0.0.1", server.port())).await.unwrap();
    client.write_all(beginning).await.unwrap();
    tokio::time::sleep(Duration::from_millis(100)).await;
    client.write_all(CANARY.as_bytes()).await.unwrap();
    drop(client);
    let heard = async {
        while !server.received().ends_with(CANARY.as_bytes()) {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    let outcome = tokio::time::timeout(Duration::from_secs(10), heard).await;
    assert!(outcome.is_ok(), "{what}: {:?}", server.received());
}

/// What a client sends to a server that no longer answers is recorded.
#[tokio::test]
async fn messages_after_silence_are_kept() {
    let interval = Duration::from_millis(20);
    let startup = [0, 0, 0, 8, 0, 3, 0, 0];
    for mischief in [
        PostgresMischief::Silent,
        PostgresMischief::DripFeed(interval),
        PostgresMischief::OversizedMessage(50_000_000),
    ] {
        let server = MaliciousPostgres::start(mischief.clone()).await.unwrap();
        check_hears(&format!("{mischief:?}"), &server, &startup).await;
    }
    let now = Moment::Greeting;
    for mischief in
        [MysqlMischief::Silent(now), MysqlMischief::DripFeed(now, interval), MysqlMischief::Oversized(now)]
    {
        let server = MaliciousMysql::start(mischief.clone(), MysqlGreeting::default()).await.unwrap();
        check_hears(&format!("{mischief:?}"), &server, b"").await;
    }
}

/// A login is refused in the words that were chosen.
#[tokio::test]
async fn refusal_in_the_chosen_words() {
    let behaviour =
        PostgresMischief::RefusesLogin("53300".to_owned(), "sorry, too many clients already".to_owned());
    let server = MaliciousPostgres::start(behaviour).await.unwrap();
    let error = connect(&server).await.unwrap().err().unwrap();
    let answer = error.as_db_error().unwrap();
    assert_eq!((answer.code().code(), answer.message()), ("53300", "sorry, too many clients already"));
}

fn script() -> PostgresMischief {
    let scripted = |statement: &str, answer| Scripted { statement: statement.to_owned(), answer };
    PostgresMischief::Answers(vec![
        scripted(
            "alter role",
            ScriptedAnswer::Error("42501".to_owned(), "must be a member of rds_password".to_owned()),
        ),
        scripted("show password_encryption", ScriptedAnswer::Rows(vec!["scram-sha-256".to_owned()])),
        scripted("leave", ScriptedAnswer::Close),
        scripted("sleep", ScriptedAnswer::Silence),
    ])
}

/// Statements are answered by the script, in both query protocols.
#[tokio::test]
async fn script_answers_both_query_protocols() {
    let server = MaliciousPostgres::start(script()).await.unwrap();
    let client = connect(&server).await.unwrap().unwrap();
    let shown = client.simple_query("SHOW password_encryption").await.unwrap();
    let row = shown.iter().find_map(|message| match message {
        SimpleQueryMessage::Row(row) => row.get(0),
        _ => None,
    });
    assert_eq!(row, Some("scram-sha-256"));
    let row = client.query_one("SHOW password_encryption", &[]).await.unwrap();
    assert_eq!(row.get::<_, &str>(0), "scram-sha-256");

    client.batch_execute("BEGIN").await.unwrap();
    for extended in [false, true] {
        let sql = "ALTER ROLE \"app\" PASSWORD 'SCRAM-SHA-256$'";
        let error = if extended {
            client.execute(sql, &[]).await.unwrap_err()
        } else {
            client.batch_execute(sql).await.unwrap_err()
        };
        let answer = error.as_db_error().unwrap();
        assert_eq!((answer.code().code(), answer.message()), ("42501", "must be a member of rds_password"));
    }
    client.batch_execute("ROLLBACK").await.unwrap();
    assert_eq!(client.execute("SELECT 1 WHERE false", &[]).await.unwrap(), 0);
    assert_eq!(server.statements().len(), 7, "{:?}", server.statements());
    assert_eq!(server.password_messages(), 0);

    assert!(tokio::time::timeout(PATIENCE, client.batch_execute("SELECT sleep")).await.is_err());
    let client = connect(&server).await.unwrap().unwrap();
    client.batch_execute("LEAVE").await.unwrap_err();
}

/// A malicious server with a good certificate is reached inside TLS.
#[tokio::test]
async fn good_certificate_reaches_tls() {
    let authority = TestAuthority::new();
    let server = MaliciousPostgres::start_with_tls(PostgresMischief::CleartextPassword, &authority.server())
        .await
        .unwrap();
    let mut roots = rustls::RootCertStore::empty();
    roots.add(CertificateDer::from_pem_slice(authority.certificate_pem().as_bytes()).unwrap()).unwrap();
    let tls = rustls::ClientConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    let mut config = config(&server);
    config.ssl_mode(SslMode::Require);
    let error = config.connect(MakeRustlsConnect::new(tls)).await.err().unwrap();
    assert_eq!(error.code().unwrap().code(), "28P01");
    assert!(heard_the_password(&server), "the record must contain the content of TLS");
}
