//! MySQL's second passwords: after a rotation only the passwords of the labels log in.

use rotation_core::{Applied, ChangeReport, Password, RotationError};
use rotation_database::{
    Change, Credentials, DatabaseError, SecondPassword, Session, StatementError, StatementFault, Turn,
};
use rotation_suites::EngineScene;
use rotator_mysql::DualPassword;
use test_servers::{MysqlFlavor, TestLogin};

use crate::fixture::{Lab, at, deadline, owner, password, username};

/// A user that may keep two passwords.
async fn privileged() -> Lab {
    let lab = Lab::new(MysqlFlavor::MySql, "").await;
    lab.admin(&[&format!("GRANT APPLICATION_PASSWORD_ADMIN ON *.* TO {}", at(&lab.app.username, "%"))]).await;
    lab
}

async fn revoke(lab: &Lab) {
    lab.admin(&[&format!("REVOKE APPLICATION_PASSWORD_ADMIN ON *.* FROM {}", at(&lab.app.username, "%"))])
        .await;
}

/// With which of these passwords the user logs in.
async fn opening(lab: &Lab, passwords: &[&str]) -> Vec<String> {
    let mut opening = Vec::new();
    for password in passwords {
        if lab.opens(password).await {
            opening.push((*password).to_owned());
        }
    }
    opening
}

/// An administrator sets the primary password, with the previous one as the second.
async fn set(lab: &Lab, user: &str, password: &str) {
    let user = at(user, "%");
    lab.admin(&[&format!("ALTER USER {user} IDENTIFIED BY '{password}' RETAIN CURRENT PASSWORD")]).await;
}

fn fault(error: RotationError) -> StatementFault {
    match error.into_target() {
        Ok(DatabaseError::Statement { error, .. }) => error.fault,
        other => panic!("{other:?}"),
    }
}

/// A rotation without two passwords ends the second.
#[tokio::test]
async fn plain_rotation_ends_the_second() {
    let mut lab = privileged().await;
    let first = lab.app.password.clone();
    lab.set_secret("second-1").await.unwrap();
    assert_eq!(opening(&lab, &[&first, "second-1"]).await, [first.as_str(), "second-1"]);
    lab.app.password = "second-1".to_owned();
    lab.settings.dual_password = DualPassword::Off;
    lab.set_secret("third-1").await.unwrap();
    assert_eq!(opening(&lab, &[&first, "second-1", "third-1"]).await, ["third-1"]);
}

/// An interrupted end of the second password is completed by the next setSecret.
/// The password of AWSCURRENT is the second one then, and logs in until the last statement.
#[tokio::test]
async fn interrupted_end_is_completed() {
    let mut lab = privileged().await;
    let current = lab.app.password.clone();
    lab.set_secret("pending-1").await.unwrap();
    assert!(lab.opens(&current).await);
    lab.settings.dual_password = DualPassword::Off;
    lab.set_secret("pending-1").await.unwrap();
    assert_eq!(opening(&lab, &[&current, "pending-1"]).await, ["pending-1"]);
}

/// A history of passwords does not keep the second password from being ended.
#[tokio::test]
async fn history_does_not_keep_the_second() {
    let mut lab = privileged().await;
    lab.admin(&[&format!("ALTER USER {} PASSWORD HISTORY 5", at(&lab.app.username, "%"))]).await;
    let current = lab.app.password.clone();
    lab.set_secret("pending-1").await.unwrap();
    lab.settings.dual_password = DualPassword::Off;
    lab.set_secret("pending-1").await.unwrap();
    assert_eq!(opening(&lab, &[&current, "pending-1"]).await, ["pending-1"]);
}

/// Any other password of a user whose pending one is already set is ended.
/// AWSCURRENT does not log in, so whatever the second password is, no application was given it.
#[tokio::test]
async fn other_password_of_a_set_pending_ends() {
    for pending_is_primary in [true, false] {
        let lab = privileged().await;
        let [first, last] =
            if pending_is_primary { ["left-1", "pending-1"] } else { ["pending-1", "left-1"] };
        set(&lab, &lab.app.username, first).await;
        set(&lab, &lab.app.username, last).await;
        let current = lab.app.password.clone();
        assert_eq!(opening(&lab, &[&current, "left-1", "pending-1"]).await, ["left-1", "pending-1"]);
        lab.set_secret("pending-1").await.unwrap();
        assert_eq!(opening(&lab, &[&current, "left-1", "pending-1"]).await, ["pending-1"]);
    }
}

/// A user without the privilege repeats a step as before.
/// Where the user may not discard it, the step that finds its work done changes nothing.
#[tokio::test]
async fn no_privilege_repeats_as_before() {
    let lab = Lab::new(MysqlFlavor::MySql, "").await;
    assert!(matches!(lab.set_secret("pending-1").await, Ok(Applied::Changed(_))));
    assert!(matches!(lab.set_secret("pending-1").await, Ok(Applied::AlreadySet)));
}

/// A second password that nobody may end is refused, unless `ALLOW_OLD_PASSWORD` accepts it.
#[tokio::test]
async fn second_that_may_not_be_ended() {
    let mut lab = privileged().await;
    let current = lab.app.password.clone();
    lab.set_secret("abandoned-1").await.unwrap();
    revoke(&lab).await;
    let needed = format!("GRANT APPLICATION_PASSWORD_ADMIN ON *.* TO {}", at(&lab.app.username, "%"));
    let refused = StatementFault::OldPasswordActive { needed: Some(needed.clone()) };
    assert_eq!(fault(lab.set_secret("pending-1").await.unwrap_err()), refused);
    let all = [current.as_str(), "abandoned-1", "pending-1"];
    assert_eq!(opening(&lab, &all).await, [current.as_str(), "abandoned-1"]);

    lab.settings.allow_old_password = true;
    let Applied::Changed(ChangeReport { notes, .. }) = lab.set_secret("pending-1").await.unwrap() else {
        panic!()
    };
    assert_eq!(notes, ["a second password of the user still logs in, as ALLOW_OLD_PASSWORD accepts"]);
    assert_eq!(opening(&lab, &all).await, [current.as_str(), "pending-1"]);

    // The statement of the hint is enough.
    lab.settings.allow_old_password = false;
    assert_eq!(fault(lab.set_secret("next-1").await.unwrap_err()), refused);
    lab.admin(&[&needed]).await;
    lab.set_secret("next-1").await.unwrap();
    let all = [current.as_str(), "abandoned-1", "pending-1", "next-1"];
    assert_eq!(opening(&lab, &all).await, [current.as_str(), "next-1"]);
}

/// A second password that is visible is refused in a plan.
/// A user that may read the server's table sees a second password before it changes anything.
#[tokio::test]
async fn visible_second_is_refused_in_a_plan() {
    let lab = Lab::new(MysqlFlavor::MySql, "").await;
    let user = at(&lab.app.username, "%");
    lab.admin(&[&format!("GRANT SELECT ON mysql.user TO {user}")]).await;
    let old = lab.app.password.clone();
    let new = password("pending-1");
    let plan = async |lab: &Lab| {
        let mut session =
            lab.connect(&TestLogin { password: "primary-1".into(), ..lab.app.clone() }).await.unwrap();
        session.plan(&Change::OwnPassword { new: &new }, deadline()).await
    };
    set(&lab, &lab.app.username, "primary-1").await;
    let error = plan(&lab).await.unwrap_err();
    assert!(matches!(error.fault, StatementFault::OldPasswordActive { .. }), "{error}");
    lab.admin(&[&format!("ALTER USER {user} DISCARD OLD PASSWORD")]).await;
    assert!(plan(&lab).await.is_ok());
    assert!(!lab.opens(&old).await);
}

/// A plan names what ends the second password.
#[tokio::test]
async fn plan_names_what_ends_the_second() {
    let mut lab = privileged().await;
    lab.settings.dual_password = DualPassword::Off;
    let new = password("a-planned-Password-1");
    let change = Change::OwnPassword { new: &new };
    let plan = lab.connect(&lab.app).await.unwrap().plan(&change, deadline()).await.unwrap();
    let shown: Vec<_> = plan.statements.iter().map(|statement| statement.text.as_str()).collect();
    assert_eq!(shown[0], "ALTER USER USER() IDENTIFIED BY '...' REPLACE '...' RETAIN CURRENT PASSWORD");
    assert_eq!(shown.last(), Some(&"ALTER USER USER() DISCARD OLD PASSWORD"));
}

/// A session reports what it can see of a second password.
/// The facts that doctor's verdict is based on.
#[tokio::test]
async fn session_reports_a_second_password() {
    let lab = Lab::new(MysqlFlavor::MySql, "").await;
    let (user, name) = (at(&lab.app.username, "%"), lab.app.username.clone());
    let facts = async |lab: &Lab, password: &str| {
        let login = TestLogin { password: password.to_owned(), ..lab.app.clone() };
        lab.connect(&login).await.unwrap().facts(None).await.unwrap().second_password
    };
    let needed = format!("GRANT APPLICATION_PASSWORD_ADMIN ON *.* TO {user}");
    let old = lab.app.password.clone();
    assert_eq!(facts(&lab, &old).await, Some(SecondPassword::Unseen { needed: needed.clone() }));
    lab.admin(&[&format!("GRANT SELECT ON mysql.* TO {user}")]).await;
    assert_eq!(facts(&lab, &old).await, None);
    set(&lab, &name, "primary-1").await;
    assert_eq!(
        facts(&lab, "primary-1").await,
        Some(SecondPassword::Present { needed: Some(needed.clone()) })
    );
    lab.admin(&[&needed]).await;
    assert_eq!(facts(&lab, "primary-1").await, Some(SecondPassword::Present { needed: None }));
    lab.admin(&[&format!("REVOKE SELECT ON mysql.* FROM {user}")]).await;
    assert_eq!(facts(&lab, "primary-1").await, None);
}

/// The master reconciles this user and gives it its password, while the other one is live with `live`.
pub(crate) async fn rotate(
    lab: &Lab,
    next: &TestLogin,
    live: Option<&str>,
) -> Result<Vec<String>, StatementError> {
    let pair = lab.pair();
    let next = Credentials { username: username(&next.username), password: password(&next.password) };
    let mut session = lab.connect(&lab.master).await.unwrap();
    if let Some(live) = live {
        session.live_logs_in_by(&Password::parse(live).unwrap());
    }
    let live = pair.other(&next.username);
    let change = Change::OtherUser { pair: &pair, live, next: &next, owner: &owner(), method: None };
    session.stage(&change, &Turn::default(), deadline()).await?;
    session.commit().await.map(|committed| committed.notes)
}

/// Whether the clone logs in with this password.
async fn clone_opens(lab: &Lab, password: &str) -> bool {
    lab.connect(&TestLogin { password: password.to_owned(), ..lab.clone() }).await.is_ok()
}

/// A master ends the second password of the next user.
#[tokio::test]
async fn master_ends_the_next_users_second() {
    let lab = Lab::new(MysqlFlavor::MySql, "").await;
    let (clone, current) = (lab.clone(), lab.app.password.clone());
    rotate(&lab, &clone, Some(&current)).await.unwrap();
    set(&lab, &clone.username, "manual-1").await;
    assert!(clone_opens(&lab, &clone.password).await && clone_opens(&lab, "manual-1").await);
    let next = TestLogin { password: "next-1".into(), ..clone.clone() };
    let notes = rotate(&lab, &next, Some(&current)).await.unwrap();
    assert_eq!(notes, [format!("the second password of {} was discarded", at(&clone.username, "%"))]);
    assert!(clone_opens(&lab, "next-1").await && lab.opens(&current).await);
    assert!(!clone_opens(&lab, &clone.password).await && !clone_opens(&lab, "manual-1").await);
}

/// A master ends the live user's other password.
/// Whichever of the two AWSCURRENT is, it is the one that stays.
#[tokio::test]
async fn master_ends_the_live_users_other() {
    for plugin in ["caching_sha2_password", "sha256_password"] {
        for current_is_primary in [true, false] {
            let lab = Lab::new(MysqlFlavor::MySql, "").await;
            let user = at(&lab.app.username, "%");
            lab.admin(&[&format!("ALTER USER {user} IDENTIFIED WITH {plugin} BY 'one-1'")]).await;
            set(&lab, &lab.app.username, "two-1").await;
            let [current, other] = if current_is_primary { ["two-1", "one-1"] } else { ["one-1", "two-1"] };
            rotate(&lab, &lab.clone(), Some(current)).await.unwrap();
            assert_eq!(opening(&lab, &["one-1", "two-1"]).await, [current], "{plugin}: {other} stays");
            assert!(clone_opens(&lab, &lab.clone().password).await, "{plugin}");
        }
    }
}

/// A live password that no version names is left unchanged.
#[tokio::test]
async fn unnamed_live_password_is_left_alone() {
    let mut lab = Lab::new(MysqlFlavor::MySql, "").await;
    let first = lab.app.password.clone();
    set(&lab, &lab.app.username, "two-1").await;
    let error = rotate(&lab, &lab.clone(), None).await.unwrap_err();
    assert!(matches!(error.fault, StatementFault::OldPasswordActive { needed: Some(_) }), "{error}");
    let clones = format!("SELECT 1 FROM mysql.user WHERE User = '{}'", lab.clone().username);
    assert!(lab.server.query(&clones).await.unwrap().is_empty());
    lab.settings.allow_old_password = true;
    let notes = rotate(&lab, &lab.clone(), None).await.unwrap();
    let left = format!(
        "a second password of {} still logs in, as ALLOW_OLD_PASSWORD accepts",
        at(&lab.app.username, "%")
    );
    assert_eq!(notes, [left]);
    assert_eq!(opening(&lab, &[&first, "two-1"]).await, [first.as_str(), "two-1"]);
}

/// A password history of the live user is named with the statement that ends it.
/// A password history prevents AWSCURRENT from becoming the primary one: nothing changes for the live user.
#[tokio::test]
async fn live_users_history_is_named() {
    let lab = Lab::new(MysqlFlavor::MySql, "PASSWORD HISTORY 5").await;
    let current = lab.app.password.clone();
    set(&lab, &lab.app.username, "two-1").await;
    let error = rotate(&lab, &lab.clone(), Some(&current)).await.unwrap_err();
    let StatementFault::OldPasswordActive { needed: Some(needed) } = error.fault else { panic!("{error}") };
    assert_eq!(opening(&lab, &[&current, "two-1"]).await, [current.as_str(), "two-1"]);
    assert!(!clone_opens(&lab, &lab.clone().password).await);
    lab.admin(&[&needed]).await;
    rotate(&lab, &lab.clone(), Some(&current)).await.unwrap();
    assert_eq!(opening(&lab, &[&current, "two-1"]).await, [current.as_str()]);
    assert!(clone_opens(&lab, &lab.clone().password).await);
}

/// A master's plan ends what the change ends.
#[tokio::test]
async fn masters_plan_ends_what_the_change_ends() {
    let lab = Lab::new(MysqlFlavor::MySql, "").await;
    let current = lab.app.password.clone();
    set(&lab, &lab.app.username, "two-1").await;
    let (pair, clone) = (lab.pair(), lab.clone());
    let next = Credentials { username: username(&clone.username), password: password(&clone.password) };
    let mut session = lab.connect(&lab.master).await.unwrap();
    session.live_logs_in_by(&password("two-1"));
    let live = pair.other(&next.username);
    let change = Change::OtherUser { pair: &pair, live, next: &next, owner: &owner(), method: None };
    let plan = session.plan(&change, deadline()).await.unwrap();
    let shown: Vec<_> =
        plan.statements.iter().rev().take(2).map(|statement| statement.text.as_str()).collect();
    // The clone that is created has its password already.
    assert_eq!(shown[0], format!("ALTER USER {} ACCOUNT UNLOCK", at(&clone.username, "%")));
    assert_eq!(shown[1], format!("ALTER USER {} DISCARD OLD PASSWORD", at(&lab.app.username, "%")));
    assert!(lab.opens(&current).await && lab.opens("two-1").await);
}
