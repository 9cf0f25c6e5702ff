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

#[tokio::test]
async fn a_lock_after_failed_logins_is_noted() {
    let lab = Lab::new(MysqlFlavor::MySql, "FAILED_LOGIN_ATTEMPTS 3 PASSWORD_LOCK_TIME 1").await;
    let old = lab.app.password.clone();
    let note = "the server locks the user after 3 failed logins (FAILED_LOGIN_ATTEMPTS): applications that \
        try AWSCURRENT again until finishSecret may cause that; two passwords (DUAL_PASSWORD) or a master \
        user leave no such gap";
    assert_eq!(planned(&lab).await, [note]);
    assert_eq!(lab.change(&old, NEW).await.unwrap(), [note]);
    locks(&lab, &old).await;
}

/// The facts that doctor reads, so that its own diagnosis locks no user.
#[tokio::test]
async fn the_number_of_refusals_until_a_lock_is_read() {
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

#[tokio::test]
async fn a_user_of_two_passwords_has_no_such_note() {
    let lab = Lab::new(MysqlFlavor::MySql, "FAILED_LOGIN_ATTEMPTS 3 PASSWORD_LOCK_TIME UNBOUNDED").await;
    lab.admin(&[&format!("GRANT APPLICATION_PASSWORD_ADMIN ON *.* TO {}", at(&lab.app.username, "%"))]).await;
    assert_eq!(planned(&lab).await, [""; 0]);
    let unlimited = Lab::new(MysqlFlavor::MySql, "FAILED_LOGIN_ATTEMPTS 3").await;
    assert_eq!(planned(&unlimited).await, [""; 0]);
}

#[tokio::test]
async fn a_lock_of_mariadb_s_is_noted() {
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

#[tokio::test]
async fn a_user_that_mysql_blocks_is_unblocked_as_the_hint_says() {
    check_blocked(&Lab::new(MysqlFlavor::MySql, "FAILED_LOGIN_ATTEMPTS 2 PASSWORD_LOCK_TIME 1").await).await;
}

#[tokio::test]
async fn a_user_that_mariadb_blocks_is_unblocked_as_the_hint_says() {
    let lab = own_server(MysqlFlavor::MariaDb, &[]).await;
    lab.admin(&["SET GLOBAL max_password_errors = 2"]).await;
    check_blocked(&lab).await;
}

#[tokio::test]
async fn a_locked_account_is_unlocked_as_the_hint_says() {
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

/// A new password does not unblock an account of MySQL, so a master unblocks the idle user that gets one.
#[tokio::test]
async fn a_blocked_idle_user_is_let_in_by_its_next_turn() {
    check_idle(&Lab::new(MysqlFlavor::MySql, "FAILED_LOGIN_ATTEMPTS 2 PASSWORD_LOCK_TIME UNBOUNDED").await)
        .await;
}

/// MariaDB resets the failure count of an account for which ALTER USER sets a hash.
#[tokio::test]
async fn a_blocked_idle_user_of_mariadb_is_let_in_by_its_next_turn() {
    let lab = own_server(MysqlFlavor::MariaDb, &[]).await;
    lab.admin(&["SET GLOBAL max_password_errors = 2"]).await;
    check_idle(&lab).await;
}
