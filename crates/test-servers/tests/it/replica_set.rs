//! Replica sets: the launcher's guarantees about its members.

use serde_json::json;
use test_servers::{DocdbServer, MongoReplicaSet, MongoVersion};

/// Starts a set, or reports why this machine has no such version.
fn start(version: MongoVersion, with_arbiter: bool) -> Option<MongoReplicaSet> {
    if let Some(reason) = version.left_out() {
        // Only the distribution's mirror decides about that.
        println!("not checked: {reason}");
        return None;
    }
    Some(MongoReplicaSet::start(version, with_arbiter).unwrap())
}

/// A member that is killed is replaced by another one, comes back and has what was written meanwhile.
async fn check(version: MongoVersion, with_arbiter: bool) {
    let Some(set) = start(version, with_arbiter) else { return };
    set.settle().unwrap();
    let data = if with_arbiter { 2 } else { 3 };
    assert_eq!(set.secondaries().unwrap().len(), data - 1);

    let old = set.primary().unwrap();
    old.stop("KILL").unwrap();
    let new = set.primary().unwrap();
    assert_ne!(new.port(), old.port());
    let insert = json!({"insert": "written", "documents": [{"_id": 1}], "writeConcern": {"w": 1}});
    new.command("test", insert).await.unwrap();
    old.start_again().unwrap();
    set.settle().unwrap();

    // A frozen primary loses its place and comes back as a secondary.
    let old = set.primary().unwrap();
    old.freeze().unwrap();
    let new = set.primary().unwrap();
    assert_ne!(new.port(), old.port());
    old.thaw().unwrap();
    set.settle().unwrap();
    assert!(set.members().iter().all(|member: &DocdbServer| !member.log().is_empty()));
}

/// Three members replace a primary that is gone.
/// The launcher's own guarantee, for three members that hold data.
#[tokio::test]
async fn three_members_replace_a_primary() {
    check(MongoVersion::V6_0, false).await;
}

/// With an arbiter, the one secondary is elected with its vote.
#[tokio::test]
async fn arbiter_elects_the_other_member() {
    check(MongoVersion::V6_0, true).await;
}

/// Older versions replace a primary too.
/// The older versions in use behave alike.
#[tokio::test]
async fn older_versions_replace_a_primary() {
    for version in [MongoVersion::V4_4, MongoVersion::V5_0] {
        check(version, false).await;
        check(version, true).await;
    }
}
