use rotation_database::{SINGLE_USER, Session, StatementFault};
use rotation_suites::EngineScene;
use test_servers::TestLogin;

use crate::fixture::Lab;

/// A clone is created and marked, and is visible to no other session before the commit.
#[tokio::test]
async fn new_clone_is_marked_and_invisible() {
    let lab = Lab::new().await;
    let clone = lab.clone();
    let session = lab.stage(&clone).await.unwrap();
    let count = format!("SELECT count(*) FROM pg_roles WHERE strpos(rolname, '{}') > 0", lab.app.username);
    assert_eq!(lab.query(&count).await[0][0].as_deref(), Some("1"));
    drop(session);
    lab.rotate_to(&clone).await.unwrap();
    lab.connect(&clone).await.unwrap().probe(None).await.unwrap();
    lab.connect(&lab.app).await.unwrap();
    // Back to the original, and nothing is left to correct.
    let refused = lab.server.refused();
    lab.rotate_to(&TestLogin { password: "Original-2".to_owned(), ..lab.app.clone() }).await.unwrap();
    assert!(!refused.iter().any(|statement| statement.contains(&lab.app.username)), "{refused:?}");
}

/// Superusers, the master and users that no longer exist are refused.
#[tokio::test]
async fn superusers_masters_and_missing_users() {
    let lab = Lab::new().await;
    lab.admin(&format!("ALTER ROLE {} SUPERUSER", lab.app.username)).await;
    let error = lab.rotate_to(&lab.clone()).await.unwrap_err();
    assert_eq!(error.fault, StatementFault::NotRotatable { why: "it is a superuser", remedy: SINGLE_USER });
    lab.admin(&format!("ALTER ROLE {} NOSUPERUSER VALID UNTIL '2001-01-01'", lab.app.username)).await;
    assert_eq!(lab.rotate_to(&lab.clone()).await.unwrap_err().fault, StatementFault::Expired);
    lab.admin(&format!("DROP ROLE {}", lab.app.username)).await;
    assert_eq!(lab.rotate_to(&lab.clone()).await.unwrap_err().fault, StatementFault::NoSuchUser);
}

/// A master that lacks a right is refused with the name of that right.
#[tokio::test]
async fn master_without_the_right() {
    let lab = Lab::new().await;
    lab.admin(&format!("ALTER ROLE {} NOSUPERUSER", lab.master.username)).await;
    let error = lab.rotate_to(&lab.clone()).await.unwrap_err();
    assert!(
        matches!(error.fault, StatementFault::PrivilegeMissing { needed } if needed.contains("superuser"))
    );
}
