//! What a plan shows of privileges.

use rotation_suites::EngineScene;

use crate::fixture::Lab;

/// What the master lacks is detected before it changes anything.
#[tokio::test]
async fn lacking_master_is_seen_before_changes() {
    let lab = Lab::new().await;
    let clone = lab.clone();
    assert_eq!(lab.plan(&clone).await.unwrap().lacking, [""; 0]);
    lab.rotate_to(&clone).await.unwrap();
    lab.admin(&format!("ALTER ROLE {} NOSUPERUSER", lab.master.username)).await;
    assert_eq!(
        lab.plan(&clone).await.unwrap().lacking,
        [format!("ALTER USER \"{}\" CREATEUSER", lab.master.username)]
    );
}
