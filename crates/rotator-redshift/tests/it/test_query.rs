//! Test queries on PostgreSQL behind the guard. The guard accepts the documented grammar alone, and
//! queries of the catalog alone. So these tests cover the transaction around an operator's statement, but not
//! Redshift's own answers.

use std::time::Duration;

use rotation_core::Deadline;
use rotation_database::{Session, StatementRule, TestQuery};
use rotation_suites::EngineScene;

use crate::fixture::{Lab, deadline};

/// Accepts any statement, so that the server is what refuses.
const ANYTHING: StatementRule = StatementRule { text: "anything", admits: |_| true };

async fn prove(lab: &Lab, text: &str, deadline: Deadline) -> String {
    let statement = TestQuery::parse(text, &ANYTHING).unwrap();
    let mut session = lab.connect(&lab.master).await.unwrap();
    session.probe(None).await.unwrap();
    match session.prove(&statement, deadline).await {
        Ok(()) => String::new(),
        Err(error) => error.source.map_or(error.fault.to_string(), |cause| cause.to_string()),
    }
}

/// A test query runs in a read-only transaction of the documented grammar.
#[tokio::test]
async fn test_query_in_documented_grammar() {
    let lab = Lab::new().await;
    let check = async |text: &str, answer: &str| {
        assert_eq!(prove(&lab, text, deadline()).await, answer, "{text}");
    };
    check("SELECT u.usename FROM pg_user u", "").await;
    let group = format!("{}_by_a_test", lab.app.username);
    check(&format!("CREATE GROUP {group}"), "SQLSTATE 25006").await;
    let several = "several statements";
    check(&format!("COMMIT; CREATE GROUP {group}"), several).await;
    let made = lab.query(&format!("SELECT 1 FROM pg_roles WHERE rolname = '{group}'")).await;
    assert!(made.is_empty());
    let soon = Deadline::after(Duration::from_secs(2));
    assert_eq!(prove(&lab, "SELECT pg_sleep(60)", soon).await, "SQLSTATE 57014");
}
