//! Servers that lock an account after failed logins, and the gap of a single user that keeps one password.

use rotation_core::database::{Change, ConnectError, Session};
use rotation_testkit::{MysqlFlavor, TestLogin};

use crate::{
    laboratory::{Lab, at, deadline, password},
    refusals::own_server,
};

const NEW: &str = "Pending-password-1";

async fn planned(lab: &Lab) -> Vec<String> {
    let new = password(NEW);
    let change = Change::OwnPassword { new: &new };
    lab.connect(&lab.app).await.unwrap().plan(&change, deadline()).await.unwrap().notes
}

/// What the note says of applications that go on with the old password is so.
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
    let note = "the server locks the user after 3 failed logins (FAILED_LOGIN_ATTEMPTS): applications that try \
        AWSCURRENT again until finishSecret may cause that; two passwords (DUAL_PASSWORD) or a master user leave no \
        such gap";
    assert_eq!(planned(&lab).await, [note]);
    assert_eq!(lab.change(&old, NEW).await.unwrap(), [note]);
    locks(&lab, &old).await;
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
    let note = "the server locks the user after 3 failed logins (max_password_errors): applications that try AWSCURRENT \
        again until finishSecret may cause that; a master user leaves no such gap";
    assert_eq!(planned(&lab).await, [note]);
    assert_eq!(lab.change(&old, NEW).await.unwrap(), [note]);
    locks(&lab, &old).await;
}
