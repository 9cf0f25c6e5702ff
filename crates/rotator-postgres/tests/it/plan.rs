//! What a plan hides, and what its session may do.

use rotation_suites::EngineScene;
use test_servers::PostgresVersion;

use crate::fixture::{Lab, versions};

/// A plan hides the values of settings that are not the server's own.
#[tokio::test]
async fn custom_setting_values_are_hidden() {
    let lab = Lab::new(PostgresVersion::V14).await;
    lab.admin(&format!("ALTER ROLE {} SET app.signing_key = 'canary-value'", lab.app.username)).await;
    let plan = lab.plan(&lab.clone()).await.unwrap();
    let text = format!("{plan:?}");
    assert!(text.contains("app.signing_key") && !text.contains("canary-value"), "{text}");
    assert!(!text.contains("SCRAM-SHA-256$") && !text.contains(&lab.clone().password), "{text}");
}

/// A session that plans cannot write.
#[tokio::test]
async fn planning_session_cannot_write() {
    for version in versions() {
        let lab = Lab::new(version).await;
        lab.rotate_to(&lab.clone()).await.unwrap();
        let begin = lab.server.log().len();
        lab.plan(&lab.clone()).await.unwrap();
        let log = lab.server.log();
        let ours = format!("|{}|{}|LOG:  statement: ", lab.master.username, lab.database);
        let received: Vec<_> =
            log[begin..].lines().filter_map(|line| Some(line.split_once(&ours)?.1)).collect();
        assert_eq!(received[2], "SET TRANSACTION READ ONLY", "{received:?}");
        assert!(received[3..].iter().all(|sql| sql.starts_with("SELECT")), "{received:?}");
    }
}
