//! How a clone is created: with its final password, locked until it has its privileges.

use rotation_database::{ConnectError, StatementFault};
use rotation_suites::EngineScene;
use rotator_mysql::Settings;
use test_servers::{MysqlFlavor, MysqlServer, MysqlVersion, TestLogin};

use crate::{
    alternating::{check_equal, opens},
    fixture::{Lab, at, create_master},
};

/// Two digits and two special characters, which no constant of the function has.
const STRICT: &str = "Strict-4711_$enough";

/// A strict password policy lets a clone be created.
/// A policy that requires two digits and two special characters needs nothing but a password that meets it.
#[tokio::test]
async fn strict_policy_lets_a_clone_be_created() {
    for version in MysqlVersion::to_be_tested() {
        let server: &'static MysqlServer =
            Box::leak(Box::new(MysqlServer::builder(version).start().unwrap()));
        let (app, master) = (server.create_user("").await.unwrap(), create_master(server).await);
        let lab = Lab { server, app, master, settings: Settings::default() };
        let policy: &[&str] = match version.flavor() {
            MysqlFlavor::MySql => &[
                "INSTALL COMPONENT 'file://component_validate_password'",
                "SET GLOBAL validate_password.number_count = 2",
                "SET GLOBAL validate_password.special_char_count = 2",
            ],
            MysqlFlavor::MariaDb => &[
                "INSTALL SONAME 'simple_password_check'",
                "SET GLOBAL simple_password_check_digits = 2",
                "SET GLOBAL simple_password_check_other_characters = 2",
            ],
        };
        for sql in policy {
            lab.admin(&[sql]).await;
        }
        let clone = TestLogin { password: STRICT.to_owned(), ..lab.clone() };
        // One that does not meet it changes nothing, not even the mark of the live user.
        let weak = TestLogin { password: "Strict-only-1".to_owned(), ..clone.clone() };
        let policy = StatementFault::PasswordPolicy { rule: "error 1819".to_owned() };
        assert_eq!(lab.rotate_to(&weak).await.unwrap_err().fault, policy, "{version}");
        let count = format!("SELECT COUNT(*) FROM mysql.user WHERE User = '{}'", clone.username);
        assert_eq!(server.query(&count).await.unwrap()[0][0].as_deref(), Some("0"), "{version}");
        lab.rotate_to(&clone).await.unwrap_or_else(|error| panic!("{version}: {error}"));
        check_equal(&lab).await;
        assert!(opens(&lab, &clone).await, "{version}");
    }
}

/// An attempt that ended before the clone had its privileges leaves a locked clone, and the next attempt
/// resumes with it.
#[tokio::test]
async fn clone_without_rights_is_locked() {
    for version in MysqlVersion::to_be_tested() {
        let lab = Lab::new(version, "").await;
        let (app, master, clone) = (at(&lab.app.username, "%"), at(&lab.master.username, "%"), lab.clone());
        lab.admin(&[&format!("GRANT SELECT, SHUTDOWN ON *.* TO {app}")]).await;
        lab.rotate_to(&clone).await.unwrap_err();
        let error = lab.connect(&clone).await.unwrap_err();
        assert!(matches!(error, ConnectError::Locked(_)), "{version}: {error:?}");
        lab.admin(&[&format!("GRANT SHUTDOWN ON *.* TO {master} WITH GRANT OPTION")]).await;
        lab.rotate_to(&clone).await.unwrap();
        check_equal(&lab).await;
        assert!(opens(&lab, &clone).await, "{version}");
    }
}

/// On MariaDB the mark is a statement of its own: an account that does not have it yet is resumed, and no
/// other is.
#[tokio::test]
async fn clone_interrupted_before_its_mark() {
    if !MysqlFlavor::MariaDb.is_to_be_tested() {
        return;
    }
    let lab = Lab::new(MysqlFlavor::MariaDb, "").await;
    let (clone, account) = (lab.clone(), at(&lab.clone().username, "%"));
    lab.admin(&[&format!("GRANT SELECT ON *.* TO {}", at(&lab.app.username, "%"))]).await;
    lab.rotate_to(&clone).await.unwrap();
    let again = [
        format!("DROP USER {account}"),
        format!("CREATE USER {account} IDENTIFIED BY '{}' ACCOUNT LOCK", clone.password),
    ];
    for sql in &again {
        lab.admin(&[sql]).await;
    }
    lab.rotate_to(&clone).await.unwrap();
    check_equal(&lab).await;
    assert!(opens(&lab, &clone).await);
    let unlocked = format!("CREATE USER {account} IDENTIFIED BY '{}'", clone.password);
    for sql in [&again[0], &unlocked] {
        lab.admin(&[sql]).await;
    }
    let fault = lab.rotate_to(&clone).await.unwrap_err().fault;
    assert_eq!(fault, StatementFault::CloneNotRecognized);
}

/// A clone is created where passwords are remembered.
/// Passwords of the pending version are set once, where a server with a password history refuses them twice.
#[tokio::test]
async fn clone_with_a_password_history() {
    for version in MysqlVersion::to_be_tested() {
        let server: &'static MysqlServer =
            Box::leak(Box::new(MysqlServer::builder(version).start().unwrap()));
        let (app, master) = (server.create_user("").await.unwrap(), create_master(server).await);
        let lab = Lab { server, app, master, settings: Settings::default() };
        lab.admin(&[match version.flavor() {
            MysqlFlavor::MySql => "SET GLOBAL password_history = 3",
            MysqlFlavor::MariaDb => "INSTALL SONAME 'password_reuse_check'",
        }])
        .await;
        lab.rotate_to(&lab.clone()).await.unwrap_or_else(|error| panic!("{version}: {error}"));
        assert!(opens(&lab, &lab.clone()).await, "{version}");
    }
}

/// Routines of the original are named.
/// A user that may read the bodies of the original's routines finds that the clone cannot.
#[tokio::test]
async fn original_routines_are_named() {
    for version in MysqlVersion::to_be_tested() {
        let lab = Lab::new(version, "").await;
        let (app, database) = (at(&lab.app.username, "%"), format!("`{}`", lab.app.username));
        lab.admin(&[
            &format!("CREATE DATABASE {database}"),
            &format!("GRANT CREATE ROUTINE, EXECUTE ON {database}.* TO {app}"),
        ])
        .await;
        lab.server.query_as(&lab.app, &[&format!("CREATE PROCEDURE {database}.p() SELECT 1")]).await.unwrap();
        let clone = lab.clone();
        let notes = lab.rotate_to(&clone).await.unwrap();
        assert!(
            notes.len() == 1 && notes[0].starts_with("the original defines 1 routine"),
            "{version}: {notes:?}"
        );
        let body = async |user: &TestLogin| {
            let rows = lab.server.query_as(user, &[&format!("SHOW CREATE PROCEDURE {database}.p")]).await;
            format!("{rows:?}").contains("SELECT 1")
        };
        assert!(body(&lab.app).await && !body(&clone).await, "{version}");
        lab.server.query_as(&clone, &[&format!("CALL {database}.p()")]).await.unwrap();
    }
}

/// A clone with several methods keeps none of its old ones, or is refused; so is an original with several.
#[tokio::test]
async fn old_methods_of_the_clone_are_closed() {
    if !MysqlFlavor::MariaDb.is_to_be_tested() {
        return;
    }
    let server: &'static MysqlServer =
        Box::leak(Box::new(MysqlServer::builder(MysqlFlavor::MariaDb).start().unwrap()));
    let (app, master) = (server.create_user("").await.unwrap(), create_master(server).await);
    let lab = Lab { server, app, master, settings: Settings::default() };
    lab.admin(&["INSTALL SONAME 'auth_ed25519'"]).await;
    let clone = lab.clone();
    lab.rotate_to(&clone).await.unwrap();
    let account = at(&clone.username, "%");
    let old = TestLogin { password: "old-password-1A".to_owned(), ..clone.clone() };
    for methods in [
        "mysql_native_password USING PASSWORD('{}') OR ed25519 USING PASSWORD('{}')",
        "ed25519 USING PASSWORD('{}') OR mysql_native_password USING PASSWORD('{}')",
    ] {
        let methods = methods.replace("{}", &old.password);
        lab.admin(&[&format!("ALTER USER {account} IDENTIFIED VIA {methods}")]).await;
        // The test client does not speak ed25519.
        assert!(methods.starts_with("ed25519") || opens(&lab, &old).await, "{methods}");
        let next = TestLogin { password: "new-password-1A".to_owned(), ..clone.clone() };
        lab.rotate_to(&next).await.unwrap();
        assert!(opens(&lab, &next).await && !opens(&lab, &old).await, "{methods}");
        let shown = lab.server.query(&format!("SHOW CREATE USER {account}")).await.unwrap();
        let shown = shown[0][0].clone().unwrap();
        assert!(!shown.contains("ed25519") && !shown.contains(" OR "), "{shown}");
    }
    let methods = format!(
        "mysql_native_password USING PASSWORD('{0}') OR ed25519 USING PASSWORD('{0}')",
        lab.app.password
    );
    lab.admin(&[&format!("ALTER USER {} IDENTIFIED VIA {methods}", at(&lab.app.username, "%"))]).await;
    let fault = lab.rotate_to(&clone).await.unwrap_err().fault;
    let StatementFault::NotRotatable { why, remedy } = fault else { panic!("{fault:?}") };
    assert!(why.contains("several ways") && remedy.contains("one authentication method"), "{why} {remedy}");
}
