//! A user changes its own password, with or without keeping the old one.

use std::time::Duration;

use rotation_core::Deadline;
use rotation_database::{Change, ConnectError, Engine, Session, StatementFault, Transport, Turn};
use rotation_suites::EngineScene;
use rotator_mysql::{DualPassword, Settings};
use test_servers::{MysqlFlavor, MysqlVersion, TestLogin};

use crate::fixture::{Lab, at, deadline, engine, password};

const NEW: &str = "new'password\\with 'quotes-1A";

async fn may_retain(lab: &Lab) {
    let user = at(&lab.app.username, "%");
    lab.admin(&[&format!("GRANT APPLICATION_PASSWORD_ADMIN ON *.* TO {user}")]).await;
}

/// A plain change ends the old password.
#[tokio::test]
async fn plain_change_ends_the_old_password() {
    for version in MysqlVersion::to_be_tested() {
        let lab = Lab::new(version, "").await;
        let old = lab.app.password.clone();
        assert!(lab.change(&old, NEW).await.unwrap().is_empty());
        assert!(lab.opens(NEW).await, "{version}: the new password does not log in");
        assert!(!lab.opens(&old).await, "{version}: the old password logs in");
        let session = lab.connect(&TestLogin { password: NEW.to_owned(), ..lab.app.clone() }).await;
        session.unwrap().probe(None).await.unwrap();
        assert!(!lab.server.log().contains("new'password"), "{version}: the password is in a log");
        assert!(!lab.server.log().contains("new\\'password"), "{version}: the password is in a log");
    }
}

/// With two passwords, the old one stays until the next change.
#[tokio::test]
async fn old_password_until_the_next_change() {
    let lab = Lab::new(MysqlFlavor::MySql, "").await;
    may_retain(&lab).await;
    let first = lab.app.password.clone();
    lab.change(&first, "second-password").await.unwrap();
    assert!(lab.opens(&first).await && lab.opens("second-password").await);
    lab.change("second-password", "third-password").await.unwrap();
    assert!(lab.opens("second-password").await && lab.opens("third-password").await);
    assert!(!lab.opens(&first).await, "two old passwords were kept");
}

/// A repeated change never evicts the password in use.
#[tokio::test]
async fn repeated_change_never_evicts() {
    let lab = Lab::new(MysqlFlavor::MySql, "").await;
    may_retain(&lab).await;
    let current = lab.app.password.clone();
    // A change that was abandoned after it had taken effect, one of another token, and its repetition.
    for next in ["abandoned-password", "pending-password", "pending-password"] {
        lab.change(&current, next).await.unwrap();
        assert!(lab.opens(&current).await, "the password in use was evicted by {next}");
        assert!(lab.opens(next).await);
    }
    assert!(!lab.opens("abandoned-password").await);
}

/// A history of passwords does not make a repeated change fail.
/// The whole `setSecret` by the protocol: what the engine cannot tell, the caller finds out by logging in.
#[tokio::test]
async fn history_allows_a_repeated_change() {
    let lab = Lab::new(MysqlFlavor::MySql, "PASSWORD HISTORY 5").await;
    may_retain(&lab).await;
    let current = lab.app.password.clone();
    for _ in 0..2 {
        lab.set_secret("pending-password-1A").await.unwrap();
        assert!(lab.opens(&current).await && lab.opens("pending-password-1A").await);
    }
}

/// A password of the history is refused by its number.
#[tokio::test]
async fn history_refusal_by_its_number() {
    let lab = Lab::new(MysqlFlavor::MySql, "PASSWORD HISTORY 5").await;
    let current = lab.app.password.clone();
    lab.change(&current, "second-password").await.unwrap();
    let error = lab.change("second-password", &current).await.unwrap_err();
    assert_eq!(error.fault, StatementFault::PasswordPolicy { rule: "error 3638".to_owned() });
}

/// An account that must name its current password does so.
#[tokio::test]
async fn account_that_must_name_its_password() {
    let lab = Lab::new(MysqlFlavor::MySql, "PASSWORD REQUIRE CURRENT").await;
    let current = lab.app.password.clone();
    lab.change(&current, "second-password").await.unwrap();
    assert!(lab.opens("second-password").await);
}

/// Dual passwords are kept by the right, also through a role, and never where they are off.
#[tokio::test]
async fn dual_passwords_by_right_or_role() {
    let mut lab = Lab::new(MysqlFlavor::MySql, "").await;
    let (user, role) = (at(&lab.app.username, "%"), format!("'{}_role'", lab.app.username));
    lab.settings.dual_password = DualPassword::Require;
    let first = lab.app.password.clone();
    let error = lab.change(&first, "second-password").await.unwrap_err();
    let StatementFault::PrivilegeMissing { needed } = error.fault else { panic!("{error}") };
    assert!(needed.starts_with("GRANT APPLICATION_PASSWORD_ADMIN"), "{needed}");
    lab.admin(&[
        &format!("CREATE ROLE {role}"),
        &format!("GRANT APPLICATION_PASSWORD_ADMIN ON *.* TO {role}"),
        &format!("GRANT {role} TO {user}"),
        &format!("ALTER USER {user} DEFAULT ROLE ALL"),
    ])
    .await;
    lab.change(&first, "second-password").await.unwrap();
    assert!(lab.opens(&first).await);
    lab.settings.dual_password = DualPassword::Off;
    lab.change("second-password", "third-password").await.unwrap();
    assert!(!lab.opens("second-password").await);
}

/// MariaDB has no two passwords, and reports that.
#[tokio::test]
async fn mariadb_has_no_two_passwords() {
    let mut lab = Lab::new(MysqlFlavor::MariaDb, "").await;
    lab.settings = Settings { dual_password: DualPassword::Require, ..Settings::default() };
    let current = lab.app.password.clone();
    let error = lab.change(&current, "second-password").await.unwrap_err();
    assert!(matches!(error.fault, StatementFault::PrivilegeMissing { .. }), "{error}");
    assert!(lab.opens(&current).await);
}

/// The login's error where the account is in this state.
async fn refusal(version: impl Into<MysqlVersion>, state: &str) -> String {
    let lab = Lab::new(version, "").await;
    lab.admin(&[&format!("ALTER USER {} {state}", at(&lab.app.username, "%"))]).await;
    match lab.connect(&lab.app).await {
        Ok(_) => "opens".to_owned(),
        Err(error) => format!("{error:?}").split(['(', ' ']).next().unwrap_or_default().to_owned(),
    }
}

/// Locked, expired and protected accounts have their own faults.
#[tokio::test]
async fn locked_expired_and_protected_accounts() {
    for version in MysqlVersion::to_be_tested() {
        assert_eq!(refusal(version, "ACCOUNT LOCK").await, "Locked", "{version}");
        assert_eq!(refusal(version, "REQUIRE SSL").await, "opens", "{version}");
        assert_eq!(refusal(version, "REQUIRE X509").await, "Refused", "{version}");
    }
    assert_eq!(refusal(MysqlFlavor::MySql, "PASSWORD EXPIRE").await, "Expired");
}

/// An unknown user and a wrong password are refused after one try.
#[tokio::test]
async fn unknown_user_or_wrong_password_once() {
    for version in MysqlVersion::to_be_tested() {
        let lab = Lab::new(version, "").await;
        assert!(!lab.opens("wrong-password").await);
        assert_eq!(lab.server.failed_logins_of(&lab.app.username), 1, "{version}");
        assert!(lab.opens(&lab.app.password).await);
        assert_eq!(lab.server.failed_logins_of(&lab.app.username), 1, "{version}");
        assert_eq!(lab.server.logins_of(&lab.app.username), 1, "{version}");
    }
}

/// Without TLS, the server's key encrypts a password only where the secret chooses plaintext.
#[tokio::test]
async fn server_key_only_where_plaintext() {
    use rotation_database::TlsMode;
    let lab = Lab::new(MysqlFlavor::MySql, "").await;
    let mut login = lab.login(&lab.app);
    let engine = engine(lab.server, Settings::default());
    let outcome = engine.connect(&login, Transport::Plaintext, deadline()).await;
    assert!(matches!(outcome, Err(ConnectError::AuthenticationMethod(_))), "{outcome:?}");
    login.tls = TlsMode::Off;
    engine.connect(&login, Transport::Plaintext, deadline()).await.unwrap().probe(None).await.unwrap();
}

/// The session that changes a user has it alone until it ends.
#[tokio::test]
async fn exclusive_until_the_session_ends() {
    for version in MysqlVersion::to_be_tested() {
        let lab = Lab::new(version, "").await;
        let new = password(NEW);
        let change = Change::OwnPassword { new: &new };
        let mut first = lab.connect(&lab.app).await.unwrap();
        first.stage(&change, &Turn::default(), deadline()).await.unwrap();
        let mut second = lab.connect(&lab.app).await.unwrap();
        let soon = Deadline::after(Duration::from_secs(2));
        let refusal = second.stage(&change, &Turn::default(), soon).await.unwrap_err();
        assert_eq!((refusal.fault, refusal.statement), (StatementFault::Busy, Some("get lock")), "{version}");
        drop(first);
        second.stage(&change, &Turn::default(), deadline()).await.unwrap();
        second.commit().await.unwrap();
        assert!(lab.opens(NEW).await, "{version}");
    }
}
