//! Accounts of the clone for hosts for which the original has no account: none is dropped.

use rotation_database::StatementFault;
use rotation_suites::EngineScene;
use test_servers::{MysqlFlavor, MysqlVersion, TestLogin};

use crate::{
    alternating::opens,
    fixture::{Lab, at},
};

fn with(login: &TestLogin, password: &str) -> TestLogin {
    TestLogin { password: password.to_owned(), ..login.clone() }
}

/// Whether the clone's account for a host is locked; nothing where there is none.
async fn is_locked(lab: &Lab, host: &str) -> Option<bool> {
    let user = lab.clone().username;
    let sql = match lab.server.flavor() {
        MysqlFlavor::MySql => {
            format!("SELECT account_locked = 'Y' FROM mysql.user WHERE User = '{user}' AND Host = '{host}'")
        }
        MysqlFlavor::MariaDb => format!(
            "SELECT IFNULL(JSON_VALUE(Priv, '$.account_locked'), 0) = 1 FROM mysql.global_priv \
             WHERE User = '{user}' AND Host = '{host}'"
        ),
    };
    let rows = lab.server.query(&sql).await.unwrap();
    rows.first().map(|row| row[0].as_deref() == Some("1"))
}

/// A pair at the hosts `%` and another one, which the original then loses. The clone is idle.
async fn with_surplus(version: MysqlVersion, host: &str) -> Lab {
    let lab = Lab::new(version, "").await;
    let (app, other) = (at(&lab.app.username, "%"), at(&lab.app.username, host));
    lab.admin(&[
        &format!("CREATE USER {other} IDENTIFIED BY '{}'", lab.app.password),
        &format!("GRANT SELECT ON *.* TO {app}"),
    ])
    .await;
    lab.rotate_to(&lab.clone()).await.unwrap();
    lab.rotate_to(&lab.app).await.unwrap();
    lab.admin(&[&format!("DROP USER {other}")]).await;
    lab
}

/// Every client that matches the surplus account also matches the original's `%`: both admit it alike.
#[tokio::test]
async fn entry_within_another_is_kept_equal() {
    for version in MysqlVersion::to_be_tested() {
        // The host from which the tests themselves log in.
        let lab = with_surplus(version, "127.0.0.%").await;
        let next = with(&lab.clone(), "second-password-1A");
        let notes = lab.rotate_to(&next).await.unwrap();
        let surplus = at(&next.username, "127.0.0.%");
        let expected = format!(
            "{surplus} lets in clients of {} and was kept equal to it; the original has no account for that \
             host. Once nothing needs it: DROP USER {surplus}",
            at(&lab.app.username, "%")
        );
        assert_eq!(notes, [expected], "{version}");
        assert_eq!(is_locked(&lab, "127.0.0.%").await, Some(false), "{version}");
        assert!(opens(&lab, &next).await && !opens(&lab, &lab.clone()).await, "{version}");
        lab.server.query_as(&next, &["SELECT COUNT(*) FROM mysql.user"]).await.unwrap();
        // While the clone is live the account is only reported.
        let notes = lab.rotate_to(&with(&lab.app, "third-password-1A")).await.unwrap();
        assert!(
            notes.len() == 1 && notes[0].contains("in use and was left as it is"),
            "{version}: {notes:?}"
        );
        assert!(opens(&lab, &next).await, "{version}");
    }
}

/// No client that the original admits matches the surplus account: it is locked, and what it defines goes on
/// working.
#[tokio::test]
async fn separate_entry_is_locked_with_its_views() {
    for version in MysqlVersion::to_be_tested() {
        let lab = Lab::new(version, "").await;
        let (app, database) = (&lab.app.username, format!("`{}`", lab.app.username));
        lab.admin(&[
            &format!("RENAME USER {} TO {}", at(app, "%"), at(app, "127.0.0.1")),
            &format!("CREATE USER {} IDENTIFIED BY '{}'", at(app, "10.%"), lab.app.password),
            &format!("CREATE DATABASE {database}"),
            &format!("CREATE TABLE {database}.t (a INT)"),
            &format!("GRANT ALL ON {database}.* TO {}", at(app, "127.0.0.1")),
            &format!("GRANT ALL ON {database}.* TO {}", at(app, "10.%")),
        ])
        .await;
        lab.rotate_to(&lab.clone()).await.unwrap();
        lab.rotate_to(&lab.app).await.unwrap();
        let surplus = at(&lab.clone().username, "10.%");
        lab.admin(&[
            &format!("DROP USER {}", at(app, "10.%")),
            &format!("CREATE DEFINER = {surplus} VIEW {database}.v AS SELECT a FROM {database}.t"),
            &format!("CREATE DEFINER = {surplus} PROCEDURE {database}.p() SELECT 1"),
        ])
        .await;
        let next = with(&lab.clone(), "second-password-1A");
        let notes = lab.rotate_to(&next).await.unwrap();
        let expected = format!(
            "{surplus} lets in clients that the original does not, and was locked; the original has no \
             account for that host. Once nothing needs it: DROP USER {surplus} /* first give another definer \
             to what it defines: view {database}.`v`, procedure {database}.`p` */"
        );
        assert_eq!(notes, [expected], "{version}");
        assert_eq!(is_locked(&lab, "10.%").await, Some(true), "{version}");
        lab.server.query(&format!("SELECT * FROM {database}.v")).await.unwrap();
        assert!(opens(&lab, &next).await, "{version}");
        // Nothing is left to do, and the note stays.
        assert_eq!(lab.change_to(&with(&next, "third-password-1A")).await.unwrap().drift, 0, "{version}");
        assert_eq!(is_locked(&lab, "10.%").await, Some(true), "{version}: a rotation opens it again");
    }
}

/// Neither a lock nor a password is right for an account that may or may not admit the original's clients.
#[tokio::test]
async fn uncertain_entry_is_refused() {
    for version in MysqlVersion::to_be_tested() {
        let lab = Lab::new(version, "").await;
        let (app, clone) = (&lab.app.username, lab.clone());
        lab.admin(&[&format!("RENAME USER {} TO {}", at(app, "%"), at(app, "127.0.0.%"))]).await;
        lab.rotate_to(&clone).await.unwrap();
        lab.rotate_to(&lab.app).await.unwrap();
        let unclear = at(&clone.username, "localhost");
        lab.admin(&[&format!("CREATE USER {unclear} IDENTIFIED BY 'x-1A-x-1A'")]).await;
        let fault = lab.rotate_to(&with(&clone, "second-password-1A")).await.unwrap_err().fault;
        let StatementFault::CloneExceeds { what, needed } = fault else { panic!("{version}: {fault:?}") };
        assert!(what.contains(&unclear), "{version}: {what}");
        assert_eq!(needed, format!("DROP USER {unclear}"), "{version}");
        assert!(opens(&lab, &clone).await, "{version}: nothing may be written");
        lab.admin(&[&needed]).await;
        lab.rotate_to(&with(&clone, "second-password-1A")).await.unwrap();
    }
}
