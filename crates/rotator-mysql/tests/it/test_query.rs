//! Test queries on real servers.

use std::time::{Duration, Instant};

use rotation_core::Deadline;
use rotation_database::{Session, StatementRule, TestQuery};
use rotation_suites::EngineScene;
use test_servers::MysqlFlavor;

use crate::fixture::{Lab, at, deadline};

const FLAVORS: [MysqlFlavor; 2] = [MysqlFlavor::MySql, MysqlFlavor::MariaDb];

/// Accepts any statement, so that the server is what refuses.
const ANYTHING: StatementRule = StatementRule { text: "anything", admits: |_| true };

/// The server's refusal, or nothing where it runs the statement to its end.
async fn prove(lab: &Lab, text: &str, deadline: Deadline) -> String {
    let statement = TestQuery::parse(text, &ANYTHING).unwrap();
    let mut session = lab.connect(&lab.app).await.unwrap();
    session.probe(None).await.unwrap();
    match session.prove(&statement, deadline).await {
        Ok(()) => String::new(),
        Err(error) => error.source.expect("every failure has a cause").to_string(),
    }
}

/// A user with all privileges on a database with its own name.
async fn lab_with_data(flavor: MysqlFlavor) -> Lab {
    let lab = Lab::new(flavor, "").await;
    let (database, app) = (&lab.app.username, at(&lab.app.username, "%"));
    for statement in [
        format!("CREATE DATABASE {database}"),
        format!("CREATE TABLE {database}.work (n INT)"),
        format!("GRANT ALL ON {database}.* TO {app}"),
    ] {
        lab.admin(&[&statement]).await;
    }
    lab
}

/// A test query runs as the user and cannot write.
#[tokio::test]
async fn test_query_cannot_write() {
    for flavor in FLAVORS {
        let lab = lab_with_data(flavor).await;
        let table = format!("{}.work", lab.app.username);
        let check = async |text: &str, answer: &str| {
            assert_eq!(prove(&lab, text, deadline()).await, answer, "{flavor}: {text}");
        };
        check(&format!("SELECT COUNT(*) FROM {table}"), "").await;
        check("SHOW DATABASES", "").await;
        check("SELECT ';'", "").await;
        for write in [
            format!("INSERT INTO {table} VALUES (1)"),
            format!("UPDATE {table} SET n = 2"),
            format!("CREATE TABLE {table}2 (n INT)"),
            format!("TRUNCATE TABLE {table}"),
            format!("DROP TABLE {table}"),
        ] {
            check(&write, "error 1792").await;
        }
        // The login did not request multiple statements, so the server parses one.
        check(&format!("SELECT 1; INSERT INTO {table} VALUES (1)"), "error 1064").await;
        check("COMMIT; SELECT 1", "error 1064").await;
        check("SELECT * FROM mysql.user", "error 1142").await;
        check(&format!("SELECT * FROM {table}3"), "error 1146").await;
        let rows = lab.server.query(&format!("SELECT COUNT(*) FROM {table}")).await.unwrap();
        assert_eq!(rows[0][0].as_deref(), Some("0"));
    }
}

/// A test query is bounded in time and in what is read.
#[tokio::test]
async fn test_query_is_bounded() {
    const TABLE: &str = "information_schema.collations";
    for flavor in FLAVORS {
        let lab = lab_with_data(flavor).await;
        let began = Instant::now();
        let soon = Deadline::after(Duration::from_secs(2));
        let endless = format!("SELECT COUNT(*) FROM {TABLE} a, {TABLE} b, {TABLE} c, {TABLE} d, {TABLE} e");
        let answer = if flavor == MysqlFlavor::MySql { "error 3024" } else { "error 1969" };
        assert_eq!(prove(&lab, &endless, soon).await, answer, "{flavor}");
        assert!(began.elapsed() < Duration::from_secs(30), "{:?}", began.elapsed());
        let rows = format!("SELECT REPEAT('x', 1000) FROM {TABLE} a, {TABLE} b");
        assert_eq!(prove(&lab, &rows, deadline()).await, "an answer that is too large", "{flavor}");
        let row = "SELECT REPEAT('x', 2000000)";
        assert_eq!(prove(&lab, row, deadline()).await, "a packet that is too large", "{flavor}");
    }
}
