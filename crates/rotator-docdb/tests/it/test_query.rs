//! Test queries: commands that read.

use rotation_database::{Engine, Session, TestQuery};
use rotator_docdb::DocumentDb;
use serde_json::{Value, json};

use crate::fixture::{HOME, Lab, connect, deadline, login_at, server};

/// The server's refusal, or nothing where it runs the command.
async fn prove(lab: &Lab, command: &Value) -> String {
    let rule = &DocumentDb::PROFILE.test_query;
    let statement = TestQuery::parse(&command.to_string(), rule).expect("a command that reads");
    // Not through the recorder, which reads no message that is longer than the client reads.
    let mut session = connect(&login_at(server().port(), &lab.app)).await.unwrap();
    session.probe(None).await.unwrap();
    match session.prove(&statement, deadline()).await {
        Ok(()) => String::new(),
        Err(error) => error.source.expect("every failure has a cause").to_string(),
    }
}

/// A test command runs as the user, and only if it is on the list of those that read.
#[tokio::test]
async fn test_command_runs_as_the_user() {
    let lab = Lab::new().await;
    let database = &lab.app.username;
    let documents: Vec<_> = (0..300).map(|n| json!({"n": n})).collect();
    let insert = json!({"insert": "orders", "documents": documents});
    server().commands_as(&lab.app, HOME, database, vec![insert]).await.unwrap();
    let check = async |command: Value, answer: &str| {
        assert_eq!(prove(&lab, &command).await, answer, "{command}");
    };
    check(json!({"ping": 1}), "").await;
    check(json!({"connectionStatus": 1}), "").await;
    check(json!({"find": "orders", "filter": {"n": {"$gt": 1}}, "$db": database}), "").await;
    check(json!({"count": "orders", "$db": database}), "").await;
    check(json!({"distinct": "orders", "key": "n", "$db": database}), "").await;
    let pipeline = json!([{"$match": {"n": {"$gt": 1}}}]);
    check(json!({"aggregate": "orders", "pipeline": pipeline, "$db": database}), "").await;
    // The user may read in its own database alone.
    check(json!({"find": "orders", "filter": {}}), "code 13").await;
    check(json!({"find": "orders", "filter": {"$nonsense": 1}, "$db": database}), "code 2").await;

    let large: Vec<_> = (0..3).map(|n| json!({"n": n, "text": "x".repeat(600_000)})).collect();
    for document in large {
        let insert = json!({"insert": "large", "documents": [document]});
        server().commands_as(&lab.app, HOME, database, vec![insert]).await.unwrap();
    }
    let too_long = "a message of the server is too long";
    check(json!({"find": "large", "filter": {}, "$db": database}), too_long).await;
    let left = server().commands_as(&lab.app, HOME, database, vec![json!({"count": "orders"})]);
    assert_eq!(left.await.unwrap()["n"], json!(300));
}
