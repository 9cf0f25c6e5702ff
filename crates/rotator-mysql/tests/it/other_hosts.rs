//! A single user with accounts for several hosts: no account that uses the secret keeps the old password.

use rotation_database::{DatabaseError, StatementFault};
use test_servers::MysqlFlavor;

use crate::fixture::{Lab, at};

const NEW: &str = "Pending-password-1";
/// A host that no connection of a test comes from.
const ELSEWHERE: &str = "10.1.2.3";

fn flavors() -> impl Iterator<Item = MysqlFlavor> {
    MysqlFlavor::ALL.into_iter().filter(|flavor| flavor.is_to_be_tested())
}

/// A user that may read the server's table, with an account for another host with this password.
async fn lab(flavor: MysqlFlavor, password: Option<&str>) -> Lab {
    let lab = Lab::new(flavor, "").await;
    let (user, other) = (at(&lab.app.username, "%"), at(&lab.app.username, ELSEWHERE));
    let password = password.unwrap_or(&lab.app.password);
    lab.admin(&[
        &format!("GRANT SELECT ON mysql.user TO {user}"),
        &format!("CREATE USER {other} IDENTIFIED BY '{password}'"),
    ])
    .await;
    lab
}

/// An account for another host with the same password is refused.
#[tokio::test]
async fn same_password_is_refused() {
    for flavor in flavors() {
        let lab = lab(flavor, None).await;
        let error = lab.set_secret(NEW).await.unwrap_err();
        assert_eq!(error.code().name(), "DB_USER_HAS_OTHER_ACCOUNTS", "{flavor}");
        let Some(DatabaseError::Statement { error, .. }) = error.target() else { panic!("{error}") };
        let accounts = at(&lab.app.username, ELSEWHERE);
        assert_eq!(error.fault, StatementFault::OtherAccounts { accounts: accounts.clone() }, "{flavor}");
        assert!(lab.opens(&lab.app.password).await && !lab.opens(NEW).await, "{flavor}");

        // The remediation of the hint.
        lab.admin(&[&format!("DROP USER {accounts}")]).await;
        lab.set_secret(NEW).await.unwrap();
        assert!(lab.opens(NEW).await, "{flavor}");
    }
}

/// An account for another host with another password is no concern.
/// No application logs in by it with the secret.
#[tokio::test]
async fn another_password_is_accepted() {
    for flavor in flavors() {
        let lab = lab(flavor, Some("of-its-own-1")).await;
        let old = lab.app.password.clone();
        assert!(lab.change(&old, NEW).await.unwrap().is_empty(), "{flavor}");
        assert!(lab.opens(NEW).await, "{flavor}");
    }
}

/// MySQL's second passwords count as well.
#[tokio::test]
async fn other_accounts_second_password() {
    let lab = lab(MysqlFlavor::MySql, None).await;
    let other = at(&lab.app.username, ELSEWHERE);
    lab.admin(&[&format!("ALTER USER {other} IDENTIFIED BY 'of-its-own-1' RETAIN CURRENT PASSWORD")]).await;
    let error = lab.set_secret(NEW).await.unwrap_err();
    assert_eq!(error.code().name(), "DB_USER_HAS_OTHER_ACCOUNTS");
}

/// The matched host is noted where other accounts cannot be seen.
/// Such a host makes it likely that there are others, which the user cannot see.
#[tokio::test]
async fn matched_host_is_noted() {
    for flavor in flavors() {
        let lab = Lab::new(flavor, "").await;
        let (user, own) = (at(&lab.app.username, "%"), at(&lab.app.username, "127.0.0.1"));
        lab.admin(&[&format!("RENAME USER {user} TO {own}")]).await;
        let old = lab.app.password.clone();
        let note = format!(
            "the server has matched {own}; accounts of the user for other hosts, which it does not see, \
             keep their password"
        );
        assert_eq!(lab.change(&old, NEW).await.unwrap(), [note], "{flavor}");
    }
}
