//! Kinds of objects, privileges and hashes that only the newest servers have.

use rotation_database::Session;
use rotation_suites::EngineScene;
use test_servers::{MysqlFlavor, MysqlVersion, TestLogin};

use crate::{
    alternating::check_equal,
    fixture::{Lab, at},
    refusals::own_server,
    second_passwords::rotate,
};

const NEW: &str = "Pending-password-1";

async fn grants(lab: &Lab, user: &str) -> String {
    let rows = lab.server.query(&format!("SHOW GRANTS FOR {}", at(user, "%"))).await.unwrap();
    rows.into_iter().flatten().flatten().collect::<Vec<_>>().join("\n")
}

/// The privilege SHOW CREATE ROUTINE on a routine is no hindrance.
/// MariaDB 11.8 shows the privilege on one routine and does not store it: once privileges are reloaded,
/// neither user has it.
#[tokio::test]
async fn show_create_routine_on_a_routine() {
    if !MysqlVersion::MariaDb11.is_to_be_tested() {
        return;
    }
    let lab = Lab::new(MysqlVersion::MariaDb11, "").await;
    let (database, clone) = (format!("{}_db", lab.app.username), lab.clone());
    let app = at(&lab.app.username, "%");
    lab.admin(&[
        &format!("CREATE DATABASE {database}"),
        &format!("CREATE PROCEDURE {database}.p() SELECT 1"),
        &format!("GRANT SHOW CREATE ROUTINE ON {database}.* TO {app}"),
        &format!("GRANT EXECUTE, ALTER ROUTINE, SHOW CREATE ROUTINE ON PROCEDURE {database}.p TO {app}"),
    ])
    .await;
    lab.rotate_to(&clone).await.unwrap();
    check_equal(&lab).await;
    assert!(grants(&lab, &clone.username).await.contains("SHOW CREATE ROUTINE ON PROCEDURE"));
    lab.admin(&["FLUSH PRIVILEGES"]).await;
    let original = TestLogin { password: NEW.to_owned(), ..lab.app.clone() };
    lab.rotate_to(&original).await.unwrap();
    check_equal(&lab).await;
    assert!(grants(&lab, &clone.username).await.contains(&format!("SHOW CREATE ROUTINE ON `{database}`.*")));
    assert_eq!(lab.change_to(&clone).await.unwrap().drift, 0);
}

/// Grants on libraries are cloned and revoked.
/// MySQL 9.2 and later have libraries of routines, with privileges of their own.
#[tokio::test]
async fn grants_on_libraries_are_cloned() {
    if !MysqlFlavor::MySql.is_to_be_tested() {
        return;
    }
    let lab = Lab::new(MysqlFlavor::MySql, "").await;
    let (database, clone) = (format!("{}_db", lab.app.username), lab.clone());
    let app = at(&lab.app.username, "%");
    lab.admin(&[
        &format!("CREATE DATABASE {database}"),
        &format!("CREATE LIBRARY {database}.lib LANGUAGE JAVASCRIPT AS 'export function f() {{ return 1 }}'"),
        &format!("GRANT EXECUTE, ALTER ROUTINE ON LIBRARY {database}.lib TO {app} WITH GRANT OPTION"),
    ])
    .await;
    lab.rotate_to(&clone).await.unwrap();
    check_equal(&lab).await;
    assert!(grants(&lab, &clone.username).await.contains("ON LIBRARY"));
    lab.admin(&[&format!("REVOKE ALTER ROUTINE, GRANT OPTION ON LIBRARY {database}.lib FROM {app}")]).await;
    lab.rotate_to(&clone).await.unwrap();
    check_equal(&lab).await;
    assert!(!grants(&lab, &clone.username).await.contains("ALTER ROUTINE"));
}

/// MySQL 9 stores PBKDF2 hashes where that is configured: two passwords are distinguished all the same.
#[tokio::test]
async fn pbkdf2_passwords_are_distinct() {
    if !MysqlFlavor::MySql.is_to_be_tested() {
        return;
    }
    let lab = own_server(MysqlFlavor::MySql, &[]).await;
    let app = at(&lab.app.username, "%");
    lab.admin(&[
        "SET GLOBAL caching_sha2_password_storage_format = PBKDF2_SHA512",
        &format!("ALTER USER {app} IDENTIFIED BY '{}'", lab.app.password),
        &format!("GRANT APPLICATION_PASSWORD_ADMIN ON *.* TO {app}"),
        &format!(
            "GRANT APPLICATION_PASSWORD_ADMIN ON *.* TO {} WITH GRANT OPTION",
            at(&lab.master.username, "%")
        ),
    ])
    .await;
    let old = lab.app.password.clone();
    lab.change(&old, NEW).await.unwrap();
    assert!(lab.opens(NEW).await && lab.opens(&old).await);
    // The live user logs in with its primary password, so the other one is discarded.
    let live = TestLogin { password: NEW.to_owned(), ..lab.app.clone() };
    let lab = Lab { app: live, ..lab };
    let notes = rotate(&lab, &lab.clone(), Some(NEW)).await.unwrap();
    assert!(
        notes.iter().any(|note| note.contains("the second password of") && note.ends_with("was discarded")),
        "{notes:?}"
    );
    assert!(lab.opens(NEW).await && !lab.opens(&old).await);
    lab.connect(&lab.clone()).await.unwrap().probe(None).await.unwrap();
}
