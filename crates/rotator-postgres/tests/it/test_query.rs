//! Test queries on real servers.

use std::time::{Duration, Instant};

use rotation_core::Deadline;
use rotation_database::{Session, StatementRule, TestQuery};
use rotation_suites::EngineScene;

use crate::fixture::{Lab, deadline, quoted, versions};

/// Accepts any statement, so that the server is what refuses.
const ANYTHING: StatementRule = StatementRule { text: "anything", admits: |_| true };

/// The server's refusal, or nothing where it runs the statement to its end.
async fn prove(lab: &Lab<'_>, text: &str, deadline: Deadline) -> String {
    let statement = TestQuery::parse(text, &ANYTHING).unwrap();
    let mut session = lab.connect(&lab.app).await.unwrap();
    session.probe(None).await.unwrap();
    match session.prove(&statement, deadline).await {
        Ok(()) => String::new(),
        Err(error) => error.source.map_or(error.fault.to_string(), |cause| cause.to_string()),
    }
}

async fn lab_with_data(version: test_servers::PostgresVersion) -> Lab<'static> {
    let lab = Lab::new(version).await;
    let app = quoted(&lab.app.username);
    lab.admin(&format!(
        "CREATE SCHEMA data AUTHORIZATION {app}; ALTER ROLE {app} SET search_path = data; SET ROLE {app}; \
         CREATE TABLE data.work (n int); CREATE SEQUENCE data.numbers; \
         CREATE FUNCTION data.grow() RETURNS int LANGUAGE sql AS 'INSERT INTO data.work VALUES (1) RETURNING \
         n'; CREATE FUNCTION data.sneak() RETURNS int LANGUAGE plpgsql AS \
            'BEGIN SET TRANSACTION READ WRITE; INSERT INTO data.work VALUES (1); RETURN 1; END'; \
         CREATE PROCEDURE data.leave() LANGUAGE plpgsql AS \
            'BEGIN COMMIT; INSERT INTO data.work VALUES (1); END'"
    ))
    .await;
    lab
}

/// A test query runs as the user and cannot write.
#[tokio::test]
async fn test_query_cannot_write() {
    for version in versions() {
        let lab = lab_with_data(version).await;
        let check = async |text: &str, answer: &str| {
            assert_eq!(prove(&lab, text, deadline()).await, answer, "{version}: {text}");
        };
        check("SELECT count(*) FROM work", "").await;
        check("WITH w AS (SELECT n FROM work) SELECT * FROM w", "").await;
        check("SHOW search_path", "").await;
        let read_only = "SQLSTATE 25006";
        for write in [
            "INSERT INTO work VALUES (1)",
            "WITH w AS (INSERT INTO work VALUES (1) RETURNING n) SELECT * FROM w",
            "EXPLAIN ANALYZE INSERT INTO work VALUES (1)",
            "SELECT * INTO other FROM work",
            "SELECT nextval('numbers')",
            "SELECT grow()",
            "CREATE TABLE other (n int)",
            "ALTER ROLE CURRENT_USER PASSWORD 'x'",
        ] {
            check(write, read_only).await;
        }
        check("SELECT sneak()", "SQLSTATE 25001").await;
        check("CALL leave()", "SQLSTATE 2D000").await;
        check("SELECT 1/0", "SQLSTATE 22012").await;
        check("SELECT * FROM nowhere", "SQLSTATE 42P01").await;
        let several = "several statements";
        check("SELECT 1; COMMIT; INSERT INTO work VALUES (1)", several).await;
        let written = lab
            .value("SELECT (SELECT count(*) FROM data.work) || ' ' || (SELECT last_value FROM data.numbers)");
        assert_eq!(written.await, "0 1");
    }
}

/// A test query is bounded in time and in what is read.
#[tokio::test]
async fn test_query_is_bounded() {
    for version in versions() {
        let lab = lab_with_data(version).await;
        let began = Instant::now();
        let deadline = Deadline::after(Duration::from_secs(2));
        assert_eq!(prove(&lab, "SELECT pg_sleep(60)", deadline).await, "SQLSTATE 57014", "{version}");
        assert!(began.elapsed() < Duration::from_secs(30), "{:?}", began.elapsed());
        let check = async |text: &str, answer: &str| {
            assert_eq!(prove(&lab, text, crate::fixture::deadline()).await, answer, "{version}: {text}");
        };
        check("SELECT n FROM generate_series(1, 10000) n", "").await;
        let rows = "SELECT repeat('x', 1000) FROM generate_series(1, 1000000)";
        check(rows, "more than 1048576 bytes of result").await;
        check("SELECT repeat('x', 2000000)", "a message of the server is too long").await;
    }
}
