use std::time::{Duration, Instant};

use postgres_session::Statement;
use rotation_database::{StatementError, StatementFault};
use test_servers::{
    MaliciousPostgres, PostgresMischief, PostgresServer, PostgresVersion, Scripted, ScriptedAnswer,
};

use crate::fixture::{over_tls, plain, to, to_port};

async fn answer(kind: &'static str, answer: ScriptedAnswer) -> StatementError {
    let scripted = Scripted { statement: "statement".to_owned(), answer };
    let malicious = MaliciousPostgres::start(PostgresMischief::Answers(vec![scripted])).await.unwrap();
    let mut connection = plain(&to_port(malicious.port())).await.unwrap();
    connection.run(&[Statement::new(kind, "a statement")]).await.unwrap_err()
}

async fn check(kind: &'static str, code: &str, message: &str, expected: StatementFault) {
    let error = answer(kind, ScriptedAnswer::Error(code.to_owned(), message.to_owned())).await;
    assert_eq!(error.fault, expected, "{kind} {code}");
    assert_eq!(error.statement, Some(kind));
    assert!(!format!("{error:?}").contains("canary"), "a server's message came through: {error:?}");
}

/// Each fault of a statement has its own error.
#[tokio::test]
async fn statement_faults_are_distinct() {
    use StatementFault as Fault;
    let set = Statement::SET_PASSWORD;
    let other = |code: &str| Fault::Other { code: code.to_owned() };
    let policy = |code: &str| Fault::PasswordPolicy { rule: format!("SQLSTATE {code}") };
    let restricted = "must be a member of rds_password to alter passwords";
    check(set, "42501", restricted, Fault::PasswordsRestricted).await;
    let missing = Fault::PrivilegeMissing { needed: "unknown".to_owned() };
    check(set, "42501", "permission denied, canary", missing).await;
    check(set, "22023", "password canary is too short", policy("22023")).await;
    check(set, "28P01", "", policy("28P01")).await;
    check("alter role", "22023", "", other("22023")).await;
    check(set, "42704", "", Fault::NoSuchUser).await;
    check(Statement::BEGIN, "0A000", "", Fault::ReadOnly).await;
    check("grant role", "0A000", "", other("0A000")).await;
    check(set, "25006", "", Fault::ReadOnly).await;
    check(set, "55P03", "", Fault::Busy).await;
    check(set, "40001", "", Fault::Busy).await;
    check(set, "40P01", "", Fault::Busy).await;
    check(Statement::CREATE_ROLE, "42710", "", Fault::Busy).await;
    check("grant role", "42710", "", other("42710")).await;
    check(set, "57014", "", Fault::TimedOut).await;
    check(set, "57P01", "", Fault::ConnectionLost).await;
    // The server ended the session: a lock is not the cause.
    check(set, "25P03", "", Fault::ConnectionLost).await;
    check(set, "25P04", "", Fault::ConnectionLost).await;
    // A pooler has no server at the first request; at a later one, the statement may have taken effect.
    check(Statement::PROBE, "08P01", "", Fault::Proxy).await;
    check(set, "08P01", "", Fault::ConnectionLost).await;
    check(set, "XX000", "", other("XX000")).await;
    assert_eq!(answer(set, ScriptedAnswer::Close).await.fault, Fault::ConnectionLost);
}

/// Statements are sent together, and the first error counts.
#[tokio::test]
async fn pipelined_first_error_counts() {
    let server = PostgresServer::shared(PostgresVersion::V18).unwrap();
    let app = server.create_role("").await.unwrap();
    let mut connection = over_tls(&to(server, &app), server.authority()).await.unwrap();
    let select = |what: &str| Statement::new("select", format!("SELECT {what}"));
    let many: Vec<_> = (0..50).map(|number| select(&number.to_string())).collect();
    let rows = connection.run(&many).await.unwrap();
    assert!(rows.iter().enumerate().all(|(number, rows)| rows[0][0] == Some(number.to_string())));

    let batch = [
        Statement::new("begin", "BEGIN"),
        Statement::new("first", "SELECT 1/0"),
        Statement::new("second", "SELECT nothing"),
    ];
    let error = connection.run(&batch).await.unwrap_err();
    assert_eq!(
        (error.statement, error.fault),
        (Some("first"), StatementFault::Other { code: "22012".to_owned() })
    );
    assert_eq!(connection.run(&[]).await.unwrap(), [] as [Vec<postgres_session::Row>; 0]);
}

/// A real server stops a statement at its time limit.
#[tokio::test]
async fn statement_stops_at_its_limit() {
    let server = PostgresServer::shared(PostgresVersion::V18).unwrap();
    let app = server.create_role("").await.unwrap();
    let mut connection = over_tls(&to(server, &app), server.authority()).await.unwrap();
    let limited = [
        Statement::new("set", "SET statement_timeout TO 50"),
        Statement::new("sleep", "SELECT pg_sleep(20)"),
    ];
    let error = connection.run(&limited).await.unwrap_err();
    assert_eq!((error.statement, error.fault), (Some("sleep"), StatementFault::TimedOut));
}

/// A session that the server ends is lost, and a dropped one is gone from the server.
#[tokio::test]
async fn ended_and_dropped_sessions() {
    let server = PostgresServer::shared(PostgresVersion::V14).unwrap();
    let app = server.create_role("").await.unwrap();
    let mut connection = over_tls(&to(server, &app), server.authority()).await.unwrap();
    let count = format!("SELECT count(*) FROM pg_stat_activity WHERE usename = '{}'", app.username);
    let sessions = || async { server.query("postgres", &count).await.unwrap()[0][0].clone().unwrap() };
    assert_eq!(sessions().await, "1");
    let end =
        format!("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = '{}'", app.username);
    server.execute("postgres", &end).await.unwrap();
    let error = connection.run(&[Statement::new("select", "SELECT 1")]).await.unwrap_err();
    assert_eq!(error.fault, StatementFault::ConnectionLost, "{error:?}");
    let again = connection.run(&[Statement::new("select", "SELECT 1")]).await.unwrap_err();
    assert_eq!(again.fault, StatementFault::ConnectionLost);

    let mut connection = over_tls(&to(server, &app), server.authority()).await.unwrap();
    connection.run(&[Statement::new("begin", "BEGIN"), Statement::new("select", "SELECT 1")]).await.unwrap();
    drop(connection);
    let limit = Instant::now() + Duration::from_mins(1);
    while sessions().await != "0" {
        assert!(Instant::now() < limit, "the session is still there");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

/// A dropped session sends its farewell, and its server logs no complaint.
#[tokio::test]
async fn dropped_session_terminates_cleanly() {
    let server = PostgresServer::shared(PostgresVersion::V18).unwrap();
    let app = server.create_role("").await.unwrap();
    let ended = |server: &PostgresServer| {
        let log = server.log();
        let of_app = log.lines().filter(|line| line.contains(&app.username));
        let (ends, rest): (Vec<&str>, Vec<&str>) = of_app.partition(|line| line.contains("disconnection:"));
        let complaints =
            rest.into_iter().filter(|line| line.contains("could not receive") || line.contains("EOF"));
        (ends.len(), complaints.map(str::to_owned).collect::<Vec<_>>())
    };
    let begin = Statement::new(Statement::BEGIN, "BEGIN");
    over_tls(&to(server, &app), server.authority())
        .await
        .unwrap()
        .run(std::slice::from_ref(&begin))
        .await
        .unwrap();
    drop(over_tls(&to(server, &app), server.authority()).await.unwrap());
    let give_up = Instant::now() + Duration::from_mins(1);
    while ended(server).0 < 2 && Instant::now() < give_up {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    assert_eq!(ended(server), (2, Vec::new()));
}
