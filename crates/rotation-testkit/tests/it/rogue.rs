use std::{sync::Arc, time::Duration};

use rotation_testkit::{
    Moment, MysqlMischief, Rogue, RogueGreeting, RogueMysql, RoguePostgres, Scripted, ScriptedAnswer,
    TestAuthority, conformance::RogueServer,
};
use rustls::pki_types::{CertificateDer, pem::PemObject};
use tokio::{io::AsyncWriteExt, net::TcpStream};
use tokio_postgres::{Client, Config, Error, NoTls, SimpleQueryMessage, config::SslMode};
use tokio_postgres_rustls::MakeRustlsConnect;

const CANARY: &str = "canary-7f3a";
const PATIENCE: Duration = Duration::from_millis(500);

fn config(rogue: &RoguePostgres) -> Config {
    let mut config = Config::new();
    config.host("localhost").port(rogue.port()).user("app").password(CANARY).dbname("postgres");
    config
}

/// Connects without TLS; `None` where nothing comes of it in time.
async fn connect(rogue: &RoguePostgres) -> Option<Result<Client, Error>> {
    let connecting = async {
        let (client, connection) = config(rogue).connect(NoTls).await?;
        tokio::spawn(connection);
        Ok(client)
    };
    tokio::time::timeout(PATIENCE, connecting).await.ok()
}

fn heard_the_password(rogue: &RoguePostgres) -> bool {
    rogue.received().windows(CANARY.len()).any(|window| window == CANARY.as_bytes())
}

async fn code(rogue: &RoguePostgres) -> String {
    let error = connect(rogue).await.expect("it answers").expect_err("it refuses");
    error.as_db_error().expect("in the protocol").code().code().to_owned()
}

#[tokio::test]
async fn each_way_of_asking_for_a_password_is_asked_and_what_comes_is_recorded() {
    for (behaviour, messages, in_clear) in [
        (Rogue::CleartextPassword, 1, true),
        (Rogue::Md5Password, 1, false),
        (Rogue::ScramIterations(4096), 2, false),
    ] {
        let rogue = RoguePostgres::start(behaviour.clone()).await.unwrap();
        assert_eq!(code(&rogue).await, "28P01", "{behaviour:?}");
        assert_eq!((rogue.connections(), rogue.password_messages()), (1, messages), "{behaviour:?}");
        assert_eq!(heard_the_password(&rogue), in_clear, "{behaviour:?}");
    }
}

#[tokio::test]
async fn a_client_without_a_limit_of_its_own_waits_for_ever() {
    for behaviour in
        [Rogue::Silent, Rogue::DripFeed(Duration::from_millis(20)), Rogue::OversizedMessage(100_000)]
    {
        let rogue = RoguePostgres::start(behaviour.clone()).await.unwrap();
        assert!(connect(&rogue).await.is_none(), "{behaviour:?}");
        assert_eq!((rogue.connections(), rogue.password_messages()), (1, 0), "{behaviour:?}");
    }
}

/// Begins a connection in this way, says the password at a time when nobody answers any more, and leaves.
async fn check_hears(what: &str, server: &impl RogueServer, beginning: &[u8]) {
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

#[tokio::test]
async fn what_is_said_to_a_server_that_answers_no_more_is_remembered() {
    let interval = Duration::from_millis(20);
    let startup = [0, 0, 0, 8, 0, 3, 0, 0];
    for rogue in [Rogue::Silent, Rogue::DripFeed(interval), Rogue::OversizedMessage(50_000_000)] {
        let server = RoguePostgres::start(rogue.clone()).await.unwrap();
        check_hears(&format!("{rogue:?}"), &server, &startup).await;
    }
    let now = Moment::Greeting;
    for mischief in
        [MysqlMischief::Silent(now), MysqlMischief::DripFeed(now, interval), MysqlMischief::Oversized(now)]
    {
        let server = RogueMysql::start(mischief.clone(), RogueGreeting::default()).await.unwrap();
        check_hears(&format!("{mischief:?}"), &server, b"").await;
    }
}

#[tokio::test]
async fn a_login_is_refused_in_the_words_that_were_chosen() {
    let behaviour = Rogue::RefusesLogin("53300".to_owned(), "sorry, too many clients already".to_owned());
    let rogue = RoguePostgres::start(behaviour).await.unwrap();
    let error = connect(&rogue).await.unwrap().err().unwrap();
    let answer = error.as_db_error().unwrap();
    assert_eq!((answer.code().code(), answer.message()), ("53300", "sorry, too many clients already"));
}

fn script() -> Rogue {
    let scripted = |statement: &str, answer| Scripted { statement: statement.to_owned(), answer };
    Rogue::Answers(vec![
        scripted(
            "alter role",
            ScriptedAnswer::Error("42501".to_owned(), "must be a member of rds_password".to_owned()),
        ),
        scripted("show password_encryption", ScriptedAnswer::Rows(vec!["scram-sha-256".to_owned()])),
        scripted("leave", ScriptedAnswer::Close),
        scripted("sleep", ScriptedAnswer::Silence),
    ])
}

#[tokio::test]
async fn statements_are_answered_by_the_script_in_both_query_protocols() {
    let rogue = RoguePostgres::start(script()).await.unwrap();
    let client = connect(&rogue).await.unwrap().unwrap();
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
    assert_eq!(rogue.statements().len(), 7, "{:?}", rogue.statements());
    assert_eq!(rogue.password_messages(), 0);

    assert!(tokio::time::timeout(PATIENCE, client.batch_execute("SELECT sleep")).await.is_err());
    let client = connect(&rogue).await.unwrap().unwrap();
    client.batch_execute("LEAVE").await.unwrap_err();
}

#[tokio::test]
async fn a_rogue_with_a_good_certificate_is_met_inside_tls() {
    let authority = TestAuthority::new();
    let rogue = RoguePostgres::start_with_tls(Rogue::CleartextPassword, &authority.server()).await.unwrap();
    let mut roots = rustls::RootCertStore::empty();
    roots.add(CertificateDer::from_pem_slice(authority.certificate_pem().as_bytes()).unwrap()).unwrap();
    let tls = rustls::ClientConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    let mut config = config(&rogue);
    config.ssl_mode(SslMode::Require);
    let error = config.connect(MakeRustlsConnect::new(tls)).await.err().unwrap();
    assert_eq!(error.code().unwrap().code(), "28P01");
    assert!(heard_the_password(&rogue), "the record is of what TLS carries");
}
