//! Which secret a pair belongs to: the mark on the clone, and pairs without one.

use rotation_core::Password;
use rotation_database::{Change, Session, StatementError, StatementFault, Turn};
use rotation_suites::EngineScene;
use test_servers::TestLogin;

use crate::fixture::{Lab, deadline, owner_named, versions};

const MARK: &str = "rotators: clone for secret 123456789012:shop/checkout";

/// The rotation is refused with this fault, and the system catalog is unchanged.
async fn check(lab: &Lab<'_>, next: &TestLogin, expected: &StatementFault) {
    let before = lab.snapshot().await;
    let error = lab.rotate_to(next).await.unwrap_err();
    assert_eq!(error.fault, *expected, "{}", lab.server.version());
    assert_eq!(lab.snapshot().await, before, "{}: nothing may be written", lab.server.version());
}

async fn comment(lab: &Lab<'_>) -> String {
    let name = lab.clone().username;
    lab.value(&format!("SELECT shobj_description('{name}'::regrole, 'pg_authid')")).await
}

async fn change_own(lab: &Lab<'_>, user: &TestLogin) -> Result<(), StatementError> {
    let mut session = lab.connect(user).await.unwrap();
    let new = Password::parse("a password of its own").unwrap();
    session.stage(&Change::OwnPassword { new: &new }, &Turn::default(), deadline()).await?;
    session.commit().await.map(drop)
}

/// A clone carries the secret in addition to its own comment.
/// The mark is written when the clone is created and stays. A comment that an operator wrote stays with it.
#[tokio::test]
async fn secret_next_to_the_comment() {
    for version in versions() {
        let lab = Lab::new(version).await;
        let clone = lab.clone();
        lab.rotate_to(&clone).await.unwrap();
        assert_eq!(comment(&lab).await, MARK, "{version}");
        lab.admin(&format!("COMMENT ON ROLE {} IS 'it''s the shop''s\n\nsecond'", clone.username)).await;
        lab.rotate_to(&lab.app).await.unwrap();
        assert_eq!(comment(&lab).await, format!("it's the shop's\n\nsecond\n{MARK}"), "{version}");
        // Neither of the two users can write it.
        for user in [&lab.app, &clone] {
            let sql = format!("COMMENT ON ROLE {} IS ''", clone.username);
            let error = lab.server.query_as(user, &lab.database, &sql).await.unwrap_err();
            assert_eq!(error.code.as_deref(), Some("42501"), "{version}");
        }
        assert_eq!(lab.change_to(&clone).await.unwrap().drift, 0, "{version}: nothing is left to correct");
    }
}

/// A second secret of a pair is refused unless it takes over.
/// Two secrets of one user, the second for another database: the first goes on, the second changes nothing.
#[tokio::test]
async fn second_secret_must_take_over() {
    for version in versions() {
        let mut lab = Lab::new(version).await;
        let clone = lab.clone();
        lab.rotate_to(&clone).await.unwrap();
        let shop = lab.database.clone();
        lab.owner = owner_named("postgres");
        lab.database = "postgres".to_owned();
        let other = StatementFault::OtherSecret { secret: "123456789012:shop/checkout".to_owned() };
        check(&lab, &clone, &other).await;
        check(&lab, &lab.app, &other).await;
        lab.connect(&clone).await.unwrap().probe(Some(&lab.pair())).await.unwrap();

        lab.owner.adopt = true;
        lab.rotate_to(&lab.app).await.unwrap();
        assert_eq!(comment(&lab).await, "rotators: clone for secret 123456789012:postgres", "{version}");
        lab.owner = owner_named("shop/checkout");
        lab.database = shop;
        let other = StatementFault::OtherSecret { secret: "123456789012:postgres".to_owned() };
        check(&lab, &clone, &other).await;
    }
}

/// A user of a pair is no single user.
/// A single user's secret would lock out the secret of the pair.
#[tokio::test]
async fn pair_user_is_no_single_user() {
    for version in versions() {
        let lab = Lab::new(version).await;
        let clone = lab.clone();
        let new = Password::parse("a password of its own").unwrap();
        let own = || Change::OwnPassword { new: &new };
        lab.rotate_to(&clone).await.unwrap();
        for user in [&lab.app, &clone] {
            let before = lab.snapshot().await;
            let error = change_own(&lab, user).await.unwrap_err();
            let other = StatementFault::OtherSecret { secret: "123456789012:shop/checkout".to_owned() };
            assert_eq!(error.fault, other, "{version}");
            assert_eq!(lab.snapshot().await, before, "{version}");
            let facts = lab.connect(user).await.unwrap().facts(None).await.unwrap();
            assert_eq!(facts.hindrance, Some(other), "{version}");
        }
        // The secret of the pair itself may change to the other strategy, and another secret by the
        // operator's setting.
        let mut other = owner_named("other");
        for (owner, allowed) in [(other.clone(), false), (owner_named("shop/checkout"), true)] {
            let mut session = lab.connect(&lab.app).await.unwrap();
            session.act_for(&owner);
            let outcome = session.plan(&own(), deadline()).await;
            assert_eq!(outcome.is_ok(), allowed, "{version} {owner:?}");
        }
        other.adopt = true;
        let mut session = lab.connect(&lab.app).await.unwrap();
        session.act_for(&other);
        session.plan(&own(), deadline()).await.unwrap();
        // Once the mark is removed, it may.
        lab.admin(&format!("COMMENT ON ROLE {} IS NULL", clone.username)).await;
        change_own(&lab, &lab.app).await.unwrap();
    }
}

/// What the users grant each other proves nothing.
/// Until version 15 a role may grant itself: `GRANT tools TO tools_clone` by `tools` makes no role its clone.
#[tokio::test]
async fn mutual_grants_prove_nothing() {
    for version in versions() {
        let mut lab = Lab::new(version).await;
        let (app, clone) = (lab.app.username.clone(), lab.clone());
        let old = TestLogin { password: "old".to_owned(), ..clone.clone() };
        let sql = format!("CREATE ROLE {} LOGIN", clone.username);
        lab.server.query_as(&lab.master, &lab.database, &sql).await.unwrap();
        lab.admin(&format!("ALTER ROLE {} PASSWORD 'old'", clone.username)).await;
        if version.major() < 15 {
            let itself = format!("GRANT {app} TO {}", clone.username);
            lab.server.query_as(&lab.app, &lab.database, &itself).await.unwrap();
            check(&lab, &clone, &StatementFault::CloneNotRecognized).await;
            check(&lab, &lab.app, &StatementFault::CloneNotRecognized).await;
            // Nor through a third role.
            let friend = lab.server.create_role("").await.unwrap();
            lab.admin(&format!("REVOKE {app} FROM {}", clone.username)).await;
            let pass = format!("GRANT {app} TO {} WITH ADMIN OPTION", friend.username);
            lab.server.query_as(&lab.app, &lab.database, &pass).await.unwrap();
            lab.server.query_as(&friend, &lab.database, &itself).await.unwrap();
            check(&lab, &clone, &StatementFault::CloneNotRecognized).await;
            lab.admin(&format!(
                "REVOKE {app} FROM {}; REVOKE {app} FROM {}",
                friend.username, clone.username
            ))
            .await;
        }
        check(&lab, &clone, &StatementFault::CloneNotRecognized).await;
        lab.connect(&old).await.unwrap();
        // A membership that an administrator granted does, where the clone may do nothing else.
        lab.admin(&format!("GRANT {app} TO {}; ALTER ROLE {0} CREATEDB", clone.username)).await;
        check(&lab, &clone, &StatementFault::CloneNotRecognized).await;
        lab.admin(&format!("ALTER ROLE {} NOCREATEDB", clone.username)).await;
        lab.rotate_to(&clone).await.unwrap();
        // And so does the operator's setting.
        lab.admin(&format!("COMMENT ON ROLE {} IS NULL; REVOKE {app} FROM {0} CASCADE", clone.username))
            .await;
        check(&lab, &clone, &StatementFault::CloneNotRecognized).await;
        lab.owner.adopt = true;
        lab.rotate_to(&clone).await.unwrap();
    }
}

/// A group of the clone's name stays a group.
/// An idle group with the clone's name is no user, and gets neither LOGIN nor a password.
#[tokio::test]
async fn group_named_like_the_clone() {
    for version in versions() {
        let lab = Lab::new(version).await;
        let (app, clone) = (&lab.app.username, lab.clone());
        lab.admin(&format!("CREATE ROLE {}; GRANT {app} TO {0}", clone.username)).await;
        check(&lab, &clone, &StatementFault::CloneNotRecognized).await;
        // A clone that this secret's rotations made, and that an operator locked, is unlocked at its turn.
        lab.admin(&format!("DROP ROLE {}", clone.username)).await;
        lab.rotate_to(&clone).await.unwrap();
        lab.admin(&format!("ALTER ROLE {} NOLOGIN", clone.username)).await;
        lab.rotate_to(&clone).await.unwrap();
        lab.connect(&clone).await.unwrap();
    }
}
