//! Which secret a pair belongs to: the group that marks the clone, and equal rights where there is none.

use rotation_database::{Session, StatementFault};
use rotation_suites::EngineScene;
use test_servers::TestLogin;

use crate::fixture::{Lab, owner, owner_named, quoted};

/// The groups that the user is in.
async fn groups(lab: &Lab, username: &str) -> Vec<String> {
    let rows = lab
        .query(&format!(
            "SELECT g.rolname FROM pg_auth_members m JOIN pg_roles g ON g.oid = m.roleid \
             JOIN pg_roles u ON u.oid = m.member WHERE u.rolname = '{username}' ORDER BY 1"
        ))
        .await;
    rows.into_iter().map(|row| row[0].clone().unwrap()).collect()
}

/// Both users and their passwords, memberships and rights: a refusal must leave them as they are.
async fn snapshot(lab: &Lab) -> Vec<String> {
    let mut all = Vec::new();
    for name in [&lab.app.username, &lab.clone().username] {
        all.extend(groups(lab, name).await);
        all.extend(lab.rights(name).await);
        let stored = format!("SELECT rolpassword FROM pg_authid WHERE rolname = '{name}'");
        all.extend(lab.query(&stored).await.into_iter().flatten().flatten());
    }
    all
}

async fn refused(lab: &Lab, next: &TestLogin) -> StatementFault {
    let before = snapshot(lab).await;
    let fault = lab.rotate_to(next).await.unwrap_err().fault;
    assert_eq!(snapshot(lab).await, before, "nothing may be written");
    fault
}

/// A table that the user may read.
async fn readable(lab: &Lab, table: &str, username: &str) {
    let user = quoted(username);
    lab.admin(&format!("CREATE TABLE IF NOT EXISTS {table} (n int); GRANT SELECT ON {table} TO {user}"))
        .await;
}

/// The clone alone is in the group, which names the secret and holds no privilege.
#[tokio::test]
async fn clone_alone_is_in_its_group() {
    let lab = Lab::new().await;
    readable(&lab, "public.t", &lab.app.username).await;
    lab.rotate_to(&lab.clone()).await.unwrap();
    let marks = groups(&lab, &lab.clone().username).await;
    let [mark] = &marks[..] else { panic!("one group: {marks:?}") };
    assert!(mark.starts_with("clone:shop/checkout:"), "{mark}");
    assert_eq!(groups(&lab, &lab.app.username).await, [""; 0]);
    lab.rotate_to(&lab.app.clone()).await.unwrap();
    assert_eq!(groups(&lab, &lab.clone().username).await, marks);
}

/// The second secret of a user is refused on both turns, and takes the pair over where the operator names it.
#[tokio::test]
async fn second_secret_of_a_user_is_refused() {
    let mut lab = Lab::new().await;
    readable(&lab, "public.t", &lab.app.username).await;
    lab.rotate_to(&lab.clone()).await.unwrap();
    let mark = groups(&lab, &lab.clone().username).await.remove(0);
    lab.owner = owner_named("shop/second");
    for next in [lab.clone(), lab.app.clone()] {
        assert_eq!(refused(&lab, &next).await, StatementFault::OtherSecret { secret: mark.clone() });
    }
    lab.owner.adopt = true;
    let notes = lab.rotate_to(&lab.clone()).await.unwrap();
    assert!(notes.iter().any(|note| note.contains("ADOPT_CLONES")), "{notes:?}");
    let taken = groups(&lab, &lab.clone().username).await;
    assert!(taken.len() == 1 && taken[0].starts_with("clone:shop/second:"), "{taken:?}");
    lab.owner = owner();
    assert!(matches!(refused(&lab, &lab.clone()).await, StatementFault::OtherSecret { .. }));
}

/// A user with the name of a clone is not one by chance: not with other rights, and not where neither has
/// any.
#[tokio::test]
async fn unequal_or_no_rights_make_no_clone() {
    let mut lab = Lab::new().await;
    let clone = lab.server.behind().create_role_named(&lab.clone().username, "").await.unwrap();
    let unknown = StatementFault::CloneNotRecognized;
    assert_eq!(refused(&lab, &lab.clone()).await, unknown, "nothing to be equal by");
    readable(&lab, "public.t", &lab.app.username).await;
    readable(&lab, "public.u", &clone.username).await;
    for next in [lab.clone(), lab.app.clone()] {
        assert_eq!(refused(&lab, &next).await, unknown);
    }
    readable(&lab, "public.u", &lab.app.username).await;
    assert_eq!(refused(&lab, &lab.clone()).await, unknown, "some of the original's rights");
    assert!(lab.server.knows(&clone).await.unwrap());
    // With exactly equal rights it counts as the clone that another function made.
    readable(&lab, "public.t", &clone.username).await;
    let notes = lab.rotate_to(&lab.clone()).await.unwrap();
    assert!(notes.iter().any(|note| note.contains("equal rights")), "{notes:?}");
    // The mark stays: from now on rights may differ.
    readable(&lab, "public.more", &lab.app.username).await;
    lab.owner.adopt = false;
    lab.rotate_to(&lab.clone()).await.unwrap();
}

/// The operator names one secret that adopts a clone, whatever its rights are.
#[tokio::test]
async fn clone_is_taken_in_for_one_secret() {
    let mut lab = Lab::new().await;
    lab.server.behind().create_role_named(&lab.clone().username, "").await.unwrap();
    readable(&lab, "public.t", &lab.app.username).await;
    assert_eq!(refused(&lab, &lab.clone()).await, StatementFault::CloneNotRecognized);
    lab.owner.adopt = true;
    lab.rotate_to(&lab.clone()).await.unwrap();
    lab.owner.adopt = false;
    lab.rotate_to(&lab.app.clone()).await.unwrap();
}

/// The former version's group names no secret: the pair is finished, gets its mark, and may not differ
/// in anything else.
#[tokio::test]
async fn former_pair_gets_its_mark() {
    let lab = Lab::new().await;
    let (app, clone) = (quoted(&lab.app.username), quoted(&lab.clone().username));
    lab.server.behind().create_role_named(&lab.clone().username, "").await.unwrap();
    let group = quoted(&format!("{}:clone", lab.app.username));
    lab.admin(&format!("CREATE GROUP {group}; ALTER GROUP {group} ADD USER {clone}")).await;
    readable(&lab, "public.t", &lab.app.username).await;
    assert_eq!(refused(&lab, &lab.app.clone()).await, StatementFault::CloneNotRecognized);
    lab.rotate_to(&lab.clone()).await.unwrap();
    let marks = groups(&lab, &lab.clone().username).await;
    assert!(marks.iter().any(|mark| mark.starts_with("clone:shop/checkout:")), "{marks:?}");
    lab.admin(&format!("GRANT INSERT ON public.t TO {app}")).await;
    lab.rotate_to(&lab.app.clone()).await.unwrap();
}

/// A user that is the clone of another secret's pair may not be rotated as a single user; doctor reports it
/// in advance.
#[tokio::test]
async fn single_user_of_another_pair() {
    let mut lab = Lab::new().await;
    lab.rotate_to(&lab.clone()).await.unwrap();
    lab.change("Own-new-password-1").await.unwrap();
    lab.app = lab.clone();
    let secret = groups(&lab, &lab.app.username).await.remove(0);
    let fault = StatementFault::OtherSecret { secret };
    assert_eq!(lab.change("Own-new-password-2").await.unwrap_err().fault, fault);
    assert!(lab.server.knows(&lab.app).await.unwrap());
    let facts = lab.connect(&lab.app).await.unwrap().facts(None).await.unwrap();
    assert_eq!(facts.hindrance, Some(fault));
}
