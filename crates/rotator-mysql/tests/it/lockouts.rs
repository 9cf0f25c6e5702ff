//! Servers that lock an account after failed logins, and the gap of a single user that keeps one password.

use rotation_core::{Reader, RotationError};
use rotation_database::{Change, ConnectError, Session};
use rotation_suites::EngineScene;
use test_servers::{MysqlFlavor, TestLogin};

use crate::{
    fixture::{Lab, at, deadline, password},
    refusals::own_server,
};

const NEW: &str = "Pending-password-1";

async fn planned(lab: &Lab) -> Vec<String> {
    let new = password(NEW);
    let change = Change::OwnPassword { new: &new };
    lab.connect(&lab.app).await.unwrap().plan(&change, deadline()).await.unwrap().notes
}

/// The note's statement about applications that go on with the old password is true.
async fn locks(lab: &Lab, old: &str) {
    for _ in 0..3 {
        let _ = lab.connect(&TestLogin { password: old.to_owned(), ..lab.app.clone() }).await;
    }
    let error = lab.connect(&TestLogin { password: NEW.to_owned(), ..lab.app.clone() }).await.unwrap_err();
    assert!(matches!(error, ConnectError::Locked(_)), "{error:?}");
}

/// A lock after failed logins is noted.
#[tokio::test]
async fn lock_after_failed_logins_is_noted() {
    let lab = Lab::new(MysqlFlavor::MySql, "FAILED_LOGIN_ATTEMPTS 3 PASSWORD_LOCK_TIME 1").await;
    let old = lab.app.password.clone();
    let note = "the server locks the user after 3 failed logins (FAILED_LOGIN_ATTEMPTS): applications that \
        try AWSCURRENT again until finishSecret may cause that; two passwords (DUAL_PASSWORD) or a master \
        user leave no such gap";
    assert_eq!(planned(&lab).await, [note]);
    assert_eq!(lab.change(&old, NEW).await.unwrap(), [note]);
    locks(&lab, &old).await;
}

/// The number of refusals until a lock is read.
/// The facts that doctor reads, so that its own diagnosis locks no user.
#[tokio::test]
async fn refusals_until_a_lock() {
    let until_locked =
        async |lab: &Lab| lab.connect(&lab.app).await.unwrap().refusals_until_locked().await.unwrap();
    let lab = Lab::new(MysqlFlavor::MySql, "FAILED_LOGIN_ATTEMPTS 1 PASSWORD_LOCK_TIME UNBOUNDED").await;
    assert_eq!(until_locked(&lab).await, Some(1));
    assert_eq!(until_locked(&Lab::new(MysqlFlavor::MySql, "").await).await, None);
    let lab = own_server(MysqlFlavor::MariaDb, &[]).await;
    assert_eq!(until_locked(&lab).await, None);
    lab.admin(&["SET GLOBAL max_password_errors = 1"]).await;
    assert_eq!(until_locked(&lab).await, Some(1));
}

/// A user with two passwords has no such note.
#[tokio::test]
async fn two_passwords_need_no_note() {
    let lab = Lab::new(MysqlFlavor::MySql, "FAILED_LOGIN_ATTEMPTS 3 PASSWORD_LOCK_TIME UNBOUNDED").await;
    lab.admin(&[&format!("GRANT APPLICATION_PASSWORD_ADMIN ON *.* TO {}", at(&lab.app.username, "%"))]).await;
    assert_eq!(planned(&lab).await, [""; 0]);
    let unlimited = Lab::new(MysqlFlavor::MySql, "FAILED_LOGIN_ATTEMPTS 3").await;
    assert_eq!(planned(&unlimited).await, [""; 0]);
}

/// A lock of MariaDB's is noted.
#[tokio::test]
async fn mariadb_lock_is_noted() {
    let lab = own_server(MysqlFlavor::MariaDb, &[]).await;
    assert_eq!(planned(&lab).await, [""; 0]);
    lab.admin(&["SET GLOBAL max_password_errors = 3"]).await;
    let old = lab.app.password.clone();
    let note = "the server locks the user after 3 failed logins (max_password_errors): applications that try \
        AWSCURRENT again until finishSecret may cause that; a master user leaves no such gap";
    assert_eq!(planned(&lab).await, [note]);
    assert_eq!(lab.change(&old, NEW).await.unwrap(), [note]);
    locks(&lab, &old).await;
}

/// The statement of a hint, as an administrator copies it.
fn statement(error: &RotationError) -> String {
    let hint = error.remediation(Reader::Operator);
    let statement = hint.strip_prefix("As an administrator of the database: ");
    statement.unwrap_or_else(|| panic!("{hint}")).to_owned()
}

/// Makes failed logins until the user is blocked.
async fn block(lab: &Lab, login: &TestLogin) {
    for _ in 0..2 {
        let _ = lab.connect(&TestLogin { password: "wrong".to_owned(), ..login.clone() }).await;
    }
}

/// The statement of the remediation unblocks the user on this very server, and the rotation then works.
async fn check_blocked(lab: &Lab) {
    block(lab, &lab.app).await;
    let error = lab.set_secret(NEW).await.unwrap_err();
    assert_eq!(error.code().name(), "DB_LOCKED");
    let statement = statement(&error);
    assert!(statement.starts_with(&format!("ALTER USER {} ", at(&lab.app.username, "%"))), "{statement}");
    lab.admin(&[&statement]).await;
    lab.set_secret(NEW).await.unwrap();
    assert!(lab.opens(NEW).await);
}

/// A user that MySQL blocks is unblocked as the hint states.
#[tokio::test]
async fn mysql_unblocks_by_the_hint() {
    check_blocked(&Lab::new(MysqlFlavor::MySql, "FAILED_LOGIN_ATTEMPTS 2 PASSWORD_LOCK_TIME 1").await).await;
}

/// A user that MariaDB blocks is unblocked as the hint states.
#[tokio::test]
async fn mariadb_unblocks_by_the_hint() {
    let lab = own_server(MysqlFlavor::MariaDb, &[]).await;
    lab.admin(&["SET GLOBAL max_password_errors = 2"]).await;
    check_blocked(&lab).await;
}

/// A locked account is unlocked as the hint states.
#[tokio::test]
async fn locked_account_unlocks_by_the_hint() {
    for flavor in MysqlFlavor::ALL.into_iter().filter(|flavor| flavor.is_to_be_tested()) {
        let lab = Lab::new(flavor, "ACCOUNT LOCK").await;
        let error = lab.set_secret(NEW).await.unwrap_err();
        assert_eq!(error.code().name(), "DB_LOCKED", "{flavor}");
        lab.admin(&[&statement(&error)]).await;
        lab.set_secret(NEW).await.unwrap();
    }
}

/// The idle user is unblocked at its turn, whichever user of the pair it is.
async fn check_idle(lab: &Lab) {
    let clone = lab.clone();
    lab.rotate_to(&clone).await.unwrap();
    for next in [clone, TestLogin { password: NEW.to_owned(), ..lab.app.clone() }] {
        block(lab, &next).await;
        let error = lab.connect(&next).await.unwrap_err();
        assert!(matches!(error, ConnectError::Locked(_)), "{error:?}");
        lab.rotate_to(&next).await.unwrap();
        lab.connect(&next).await.unwrap().probe(None).await.unwrap();
    }
}

/// A blocked idle user is let in by its next turn.
/// A new password does not unblock an account of MySQL, so a master unblocks the idle user that gets one.
#[tokio::test]
async fn idle_mysql_user_is_unblocked() {
    check_idle(&Lab::new(MysqlFlavor::MySql, "FAILED_LOGIN_ATTEMPTS 2 PASSWORD_LOCK_TIME UNBOUNDED").await)
        .await;
}

/// A blocked idle user of MariaDB is let in by its next turn.
/// MariaDB resets the failure count of an account for which ALTER USER sets a hash.
#[tokio::test]
async fn idle_mariadb_user_is_unblocked() {
    let lab = own_server(MysqlFlavor::MariaDb, &[]).await;
    lab.admin(&["SET GLOBAL max_password_errors = 2"]).await;
    check_idle(&lab).await;
}
