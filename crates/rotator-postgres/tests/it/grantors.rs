//! Memberships that a role other than the master has granted. From version 16 on each grantor has its own
//! grant. A REVOKE without the grantor reports success, with a warning, and revokes nothing.

use rotation_database::StatementFault;
use rotation_suites::EngineScene;
use test_servers::{PostgresVersion, TestLogin};

use crate::fixture::{Lab, advised, every_version, of_master, quoted};

/// The names in a statement: a group, the original, the clone, and the superuser that has granted the group.
struct Names {
    group: String,
    app: String,
    clone: String,
    grantor: String,
}

/// A group that the superuser has granted to the clone.
async fn granted(lab: &Lab<'_>, options: &str) -> Names {
    let group = quoted(&lab.server.create_role("").await.unwrap().username);
    let (app, clone) = (quoted(&lab.app.username), quoted(&lab.clone().username));
    lab.admin(&format!("GRANT {group} TO {clone}{options}")).await;
    Names { group, app, clone, grantor: quoted(&lab.server.admin().username) }
}

async fn is_member(lab: &Lab<'_>, member: &str, group: &str) -> bool {
    let sql = format!(
        "SELECT count(*) FROM pg_auth_members WHERE member = '{member}'::regrole \
         AND roleid = '{group}'::regrole"
    );
    lab.value(&sql).await != "0"
}

/// Refused with nothing changed. Returns the obstacle, and the advice, which is run before the change is
/// made.
async fn follow(lab: &Lab<'_>, next: &TestLogin) -> (String, String) {
    let version = lab.server.version();
    let before = lab.snapshot().await;
    let error = lab.rotate_to(next).await.unwrap_err();
    assert_eq!(lab.snapshot().await, before, "{version}: nothing may be written");
    let StatementFault::CloneExceeds { what, .. } = &error.fault else { panic!("{version}: {error:?}") };
    let (what, statement) = (what.clone(), advised(of_master(error)));
    lab.admin(&statement).await;
    lab.rotate_to(next).await.unwrap_or_else(|error| panic!("{version}: {statement}: {error:?}"));
    (what, statement)
}

fn with_grantors() -> impl Iterator<Item = PostgresVersion> {
    every_version().filter(|version| *version >= PostgresVersion::V16)
}

/// A membership of the idle clone names its grantor.
#[tokio::test]
async fn idle_membership_names_its_grantor() {
    for version in with_grantors() {
        let lab = Lab::new(version).await;
        lab.rotate_to(&lab.clone()).await.unwrap();
        let Names { group, app, clone, grantor } = granted(&lab, "").await;
        let (what, statement) = follow(&lab, &lab.clone()).await;
        assert_eq!(what, format!("membership in {group}, granted by {grantor}"), "{version}");
        let revoke =
            format!("REVOKE {group} FROM {clone} GRANTED BY {grantor} /* or: GRANT {group} TO {app} ");
        assert!(statement.starts_with(&revoke), "{version}: {statement}");
        assert!(!is_member(&lab, &clone, &group).await, "{version}");
    }
}

/// A revoke without the grantor takes back nothing.
/// What a revoke without its grantor does: the reason for these tests.
#[tokio::test]
async fn revoke_without_the_grantor() {
    for version in with_grantors() {
        let lab = Lab::new(version).await;
        lab.rotate_to(&lab.clone()).await.unwrap();
        let group = quoted(&lab.server.create_role("").await.unwrap().username);
        let (clone, master) = (quoted(&lab.clone().username), quoted(&lab.master.username));
        lab.admin(&format!("GRANT {group} TO {master} WITH ADMIN OPTION")).await;
        lab.value_as(&lab.master, &format!("GRANT {group} TO {clone}; SELECT 1")).await;
        lab.admin(&format!("REVOKE {group} FROM {clone}")).await;
        assert!(is_member(&lab, &clone, &group).await, "{version}: the server has changed");
        // The master revokes its own grant.
        let note = format!("membership in {group} was taken from the clone: the original does not have it");
        assert_eq!(lab.rotate_to(&lab.clone()).await.unwrap(), [note], "{version}");
        assert!(!is_member(&lab, &clone, &group).await, "{version}");
    }
}

/// A membership that both have is noted with its grantor.
/// The original has the same, so nothing blocks the change: the outcome names the statement that revokes it.
#[tokio::test]
async fn shared_membership_is_noted() {
    for version in with_grantors() {
        let lab = Lab::new(version).await;
        lab.rotate_to(&lab.clone()).await.unwrap();
        let Names { group, app, clone, grantor } = granted(&lab, "").await;
        lab.admin(&format!(
            "GRANT {group} TO {app}; GRANT {app} TO {clone} WITH ADMIN TRUE, INHERIT TRUE, SET TRUE"
        ))
        .await;
        let notes = lab.rotate_to(&lab.clone()).await.unwrap();
        let revokes = [
            format!("REVOKE {group} FROM {clone} GRANTED BY {grantor}"),
            format!("REVOKE ADMIN OPTION FOR {app} FROM {clone} GRANTED BY {grantor}"),
        ];
        assert_eq!(notes.len(), 2, "{version}: {notes:?}");
        for revoke in revokes {
            let said = format!(" until an administrator runs {revoke}");
            assert!(notes.iter().any(|note| note.contains(&said)), "{version}: {notes:?}");
            lab.admin(&revoke).await;
        }
        assert_eq!(lab.rotate_to(&lab.clone()).await.unwrap(), [] as [&str; 0], "{version}");
    }
}

/// A membership of the live clone names its grantor.
/// The master may not give the original what the superuser gave the live clone.
#[tokio::test]
async fn live_membership_names_its_grantor() {
    for version in with_grantors() {
        let lab = Lab::new(version).await;
        lab.rotate_to(&lab.clone()).await.unwrap();
        let Names { group, app, clone, grantor } = granted(&lab, "").await;
        let (what, statement) = follow(&lab, &lab.app).await;
        assert_eq!(what, format!("membership in {group}, granted by {grantor}"), "{version}");
        let revoke = format!("/* or: REVOKE {group} FROM {clone} GRANTED BY {grantor} */");
        assert!(statement.starts_with(&format!("GRANT {group} TO {app} ")), "{version}: {statement}");
        assert!(statement.ends_with(&revoke), "{version}: {statement}");
        // The live clone keeps it.
        assert!(is_member(&lab, &clone, &group).await, "{version}");
    }
}

/// A membership that the clone passed on is given first.
/// The server revokes it only together with what the clone has granted to others. The advice takes nothing
/// from them.
#[tokio::test]
async fn passed_on_membership_is_given_first() {
    for version in with_grantors() {
        let lab = Lab::new(version).await;
        lab.rotate_to(&lab.clone()).await.unwrap();
        let Names { group, app, clone, grantor } = granted(&lab, " WITH ADMIN OPTION").await;
        let other = quoted(&lab.server.create_role("").await.unwrap().username);
        let by_clone = format!("RESET ROLE; SET ROLE NONE; GRANT {group} TO {other}; SELECT 1");
        lab.value_as(&lab.clone(), &by_clone).await;
        let (_, statement) = follow(&lab, &lab.clone()).await;
        let revoke = format!("REVOKE {group} FROM {clone} GRANTED BY {grantor} CASCADE");
        assert!(statement.starts_with(&format!("GRANT {group} TO {app} ")), "{version}: {statement}");
        assert!(statement.ends_with(&format!("/* or: {revoke} */")), "{version}: {statement}");
        assert!(is_member(&lab, &other, &group).await, "{version}");
        // The outcome also names how to end it.
        let notes = lab.rotate_to(&lab.clone()).await.unwrap();
        assert!(notes.iter().any(|note| note.contains(&revoke)), "{version}: {notes:?}");
        lab.admin(&revoke).await;
        assert_eq!(lab.rotate_to(&lab.clone()).await.unwrap(), [] as [&str; 0], "{version}");
    }
}

/// A membership without a grantor of its own is revoked.
/// Before version 16 there is one membership, whoever granted it.
#[tokio::test]
async fn membership_without_its_own_grantor() {
    for version in every_version().filter(|version| *version < PostgresVersion::V16) {
        let lab = Lab::new(version).await;
        lab.rotate_to(&lab.clone()).await.unwrap();
        let Names { group, clone, .. } = granted(&lab, "").await;
        let note = format!("membership in {group} was taken from the clone: the original does not have it");
        assert_eq!(lab.rotate_to(&lab.clone()).await.unwrap(), [note], "{version}");
        assert!(!is_member(&lab, &clone, &group).await, "{version}");
    }
}
