//! A master reconciles a clone.

use std::collections::BTreeMap;

use rotation_database::{ConnectError, StatementFault};
use rotation_suites::EngineScene;
use serde_json::{Value, json};
use test_servers::{MysqlFlavor, MysqlServer, MysqlVersion, TestLogin};

use crate::fixture::{Lab, at};

/// Everything in the server's own tables about a user, as a text that is equal for two users with equal
/// privileges.
pub(crate) async fn rights(server: &MysqlServer, user: &str) -> String {
    let name = user.replace('\\', "\\\\").replace('\'', "''");
    let mut tables = vec!["db", "tables_priv", "columns_priv", "procs_priv", "proxies_priv"];
    tables.extend(match server.flavor() {
        MysqlFlavor::MySql => ["user", "global_grants"].as_slice(),
        MysqlFlavor::MariaDb => &["global_priv"],
    });
    let mut lines = Vec::new();
    for table in tables {
        let sql = format!(
            "SELECT COLUMN_NAME FROM information_schema.COLUMNS WHERE TABLE_SCHEMA = 'mysql' \
             AND TABLE_NAME = '{table}' ORDER BY ORDINAL_POSITION"
        );
        let columns = server.query(&sql).await.unwrap();
        let ignored = |column: &str| {
            [
                "user",
                "authentication_string",
                "password",
                "password_last_changed",
                "grantor",
                "timestamp",
                "account_locked",
                "password_expired",
                "priv",
                "user_attributes",
            ]
            .contains(&column.to_lowercase().as_str())
        };
        let mut columns: Vec<String> = columns
            .into_iter()
            .map(|row| row[0].clone().unwrap())
            .filter(|column| !ignored(column))
            .map(|c| format!("`{c}`"))
            .collect();
        match table {
            "global_priv" => columns.push(
                "JSON_REMOVE(Priv, '$.authentication_string', '$.password_last_changed', '$.account_locked')"
                    .into(),
            ),
            "user" => columns
                .push("JSON_REMOVE(User_attributes, '$.metadata.rotation', '$.additional_password')".into()),
            _ => {}
        }
        let rows = server
            .query(&format!("SELECT {} FROM mysql.{table} WHERE User = '{name}'", columns.join(", ")))
            .await
            .unwrap();
        lines.extend(rows.into_iter().map(|row| {
            let fields = row.into_iter().map(|field| plain(field.unwrap_or_default()));
            format!("{table}: {}", fields.collect::<Vec<_>>().join(" | "))
        }));
    }
    let roles = match server.flavor() {
        MysqlFlavor::MySql => [
            format!(
                "SELECT TO_HOST, FROM_USER, FROM_HOST, WITH_ADMIN_OPTION FROM mysql.role_edges \
                 WHERE TO_USER = '{name}'"
            ),
            format!(
                "SELECT HOST, DEFAULT_ROLE_USER, DEFAULT_ROLE_HOST FROM mysql.default_roles \
                 WHERE USER = '{name}'"
            ),
        ],
        MysqlFlavor::MariaDb => [
            format!(
                "SELECT Host, Role, Admin_option FROM mysql.roles_mapping WHERE User = '{name}' \
                 AND Role NOT LIKE 'clone:%' AND Role NOT LIKE 'rotation:%'"
            ),
            "SELECT 'in global_priv'".to_owned(),
        ],
    };
    for sql in roles {
        let rows = server.query(&sql).await.unwrap();
        lines.extend(rows.into_iter().map(|row| format!("{row:?}")));
    }
    lines.sort();
    lines.join("\n")
}

/// JSON without values that mean nothing, with its keys in order.
fn plain(field: String) -> String {
    let Ok(Value::Object(fields)) = serde_json::from_str(&field) else { return field };
    let is_nothing = |name: &str, value: &Value| match name {
        // Never, and by default.
        "password_lifetime" => *value == json!(-1),
        _ => [json!(""), json!(0), json!({})].contains(value),
    };
    let fields: BTreeMap<_, _> =
        fields.into_iter().filter(|(name, value)| !is_nothing(name, value)).collect();
    if fields.is_empty() { String::new() } else { json!(fields).to_string() }
}

pub(crate) async fn check_equal(lab: &Lab) {
    let (original, clone) =
        (rights(lab.server, &lab.app.username).await, rights(lab.server, &lab.clone().username).await);
    assert_eq!(original, clone, "{}", lab.server.flavor());
}

pub(crate) async fn opens(lab: &Lab, login: &TestLogin) -> bool {
    match lab.connect(login).await {
        Ok(_) => true,
        Err(error) if error.is_refusal() => false,
        Err(error) => panic!("{error}"),
    }
}

/// Objects of one test, and grants on them for the user.
async fn equip(lab: &Lab) -> String {
    let database = MysqlServer::unique("data TO `b` ");
    let db = format!("`{}`", database.replace('`', "``"));
    let role = format!("'{}_role'", lab.app.username);
    let user = at(&lab.app.username, "%");
    let mut statements = vec![
        format!("CREATE DATABASE {db}"),
        format!("CREATE TABLE {db}.`t.a` (a INT, `b``c` INT)"),
        format!("CREATE PROCEDURE {db}.p() SELECT 1"),
        format!("CREATE FUNCTION {db}.f() RETURNS INT DETERMINISTIC NO SQL RETURN 1"),
        format!("CREATE ROLE {role}"),
        format!("GRANT SELECT, RELOAD ON *.* TO {user}"),
        format!("GRANT SELECT, INSERT, CREATE TEMPORARY TABLES ON {db}.* TO {user} WITH GRANT OPTION"),
        format!("GRANT SELECT (a), UPDATE (a, `b``c`), DELETE ON {db}.`t.a` TO {user}"),
        format!("GRANT EXECUTE ON PROCEDURE {db}.p TO {user} WITH GRANT OPTION"),
        format!("GRANT EXECUTE ON FUNCTION {db}.f TO {user}"),
        format!("GRANT ALL ON `a\\_b%`.* TO {user}"),
        format!("GRANT {role} TO {user} WITH ADMIN OPTION"),
        format!("ALTER USER {user} REQUIRE SSL WITH MAX_USER_CONNECTIONS 7 PASSWORD EXPIRE INTERVAL 90 DAY"),
    ];
    let master = at(&lab.master.username, "%");
    statements.push(match lab.server.flavor() {
        MysqlFlavor::MySql => format!("ALTER USER {user} DEFAULT ROLE {role}"),
        MysqlFlavor::MariaDb => format!("SET DEFAULT ROLE {role} FOR {user}"),
    });
    if lab.server.flavor() == MysqlFlavor::MySql {
        statements.push(format!("GRANT XA_RECOVER_ADMIN ON *.* TO {user}"));
        statements.push(format!(
            "ALTER USER {user} PASSWORD HISTORY 3 FAILED_LOGIN_ATTEMPTS 9 \
             PASSWORD_LOCK_TIME 2 COMMENT 'it''s'"
        ));
    } else {
        // MariaDB lets only a user with ADMIN OPTION grant a role.
        statements.push(format!("GRANT {role} TO {master} WITH ADMIN OPTION"));
    }
    for statement in &statements {
        lab.server.execute(&[statement]).await.unwrap_or_else(|error| panic!("{statement}: {error}"));
    }
    db
}

/// The clone gets everything, and loses what the original loses.
#[tokio::test]
async fn clone_follows_grants_and_revokes() {
    for version in MysqlVersion::to_be_tested() {
        let lab = Lab::new(version, "").await;
        let db = equip(&lab).await;
        let clone = lab.clone();
        let user = at(&lab.app.username, "%");
        assert!(lab.rotate_to(&clone).await.unwrap_or_else(|e| panic!("{version}: {e} {e:?}")).is_empty());
        check_equal(&lab).await;
        assert!(opens(&lab, &clone).await && opens(&lab, &lab.app).await);
        let next = TestLogin { password: "next-password-1A".to_owned(), ..lab.app.clone() };
        lab.rotate_to(&next).await.unwrap();
        check_equal(&lab).await;
        assert!(opens(&lab, &next).await && opens(&lab, &clone).await);
        assert!(!opens(&lab, &lab.app).await);
        lab.admin(&[
            &format!("REVOKE INSERT ON {db}.* FROM {user}"),
            &format!("REVOKE GRANT OPTION ON {db}.* FROM {user}"),
            &format!("REVOKE UPDATE (a) ON {db}.`t.a` FROM {user}"),
            &format!("REVOKE ALL ON `a\\_b%`.* FROM {user}"),
            &format!("GRANT INSERT ON `a\\_b%`.* TO {user}"),
            &format!("ALTER USER {user} REQUIRE NONE WITH MAX_USER_CONNECTIONS 0"),
        ])
        .await;
        // The clone is idle now, and everything that it loses is named.
        let third = TestLogin { password: "third-password-1A".to_owned(), ..clone.clone() };
        let notes = lab.rotate_to(&third).await.unwrap().join("\n");
        check_equal(&lab).await;
        let account = at(&clone.username, "%");
        for lost in [
            format!("INSERT ON {db}.*"),
            format!("GRANT OPTION ON {db}.*"),
            format!("UPDATE (`a`) ON {db}.`t.a`"),
            "ALL PRIVILEGES ON `a\\_b%`.*".to_owned(),
        ] {
            let note = format!("{account} lost {lost}, which the original lacks");
            assert!(notes.contains(&note), "{version}: {note} is not in\n{notes}");
        }
        assert!(!lab.server.log().contains(&clone.password), "{version}: a password is in a log");
    }
}

/// The accounts for all hosts are cloned.
#[tokio::test]
async fn accounts_for_all_hosts_are_cloned() {
    for version in MysqlVersion::to_be_tested() {
        let lab = Lab::new(version, "").await;
        let other = at(&lab.app.username, "10.%");
        lab.admin(&[
            &format!("CREATE USER {other} IDENTIFIED BY '{}'", lab.app.password),
            &format!("GRANT SELECT ON *.* TO {other}"),
        ])
        .await;
        let clone = lab.clone();
        lab.rotate_to(&clone).await.unwrap();
        check_equal(&lab).await;
        assert!(opens(&lab, &clone).await);
        lab.admin(&[&format!(
            "CREATE USER {} IDENTIFIED BY 'x-1A-x-1A'",
            at(&lab.app.username, "192.168.%")
        )])
        .await;
        let next = TestLogin { password: "next-password-1A".to_owned(), ..lab.app.clone() };
        let notes = lab.rotate_to(&next).await.unwrap();
        assert!(notes[0].contains("has no account for some hosts of the original"), "{notes:?}");
        lab.rotate_to(&clone).await.unwrap();
        check_equal(&lab).await;
    }
}

/// An unrelated account is not taken for a clone.
#[tokio::test]
async fn unrelated_account_is_no_clone() {
    for version in MysqlVersion::to_be_tested() {
        let lab = Lab::new(version, "").await;
        let clone = lab.clone();
        let other = at(&clone.username, "%");
        lab.admin(&[
            &format!("CREATE USER {other} IDENTIFIED BY '{}'", clone.password),
            &format!("GRANT SELECT ON mysql.* TO {other}"),
        ])
        .await;
        let next = TestLogin { password: "next-password-1A".to_owned(), ..clone.clone() };
        assert_eq!(
            lab.rotate_to(&next).await.unwrap_err().fault,
            StatementFault::CloneNotRecognized,
            "{version}"
        );
        assert!(opens(&lab, &clone).await, "{version}: the password was changed although it should not be");
        // A user that has only the other name, and fewer privileges, does not get the original's password.
        lab.admin(&[
            &format!("REVOKE SELECT ON mysql.* FROM {other}"),
            &format!("GRANT SELECT ON *.* TO {}", at(&lab.app.username, "%")),
        ])
        .await;
        let next = TestLogin { password: "next-password-1A".to_owned(), ..lab.app.clone() };
        assert_eq!(
            lab.rotate_to(&next).await.unwrap_err().fault,
            StatementFault::CloneNotRecognized,
            "{version}"
        );
    }
}

/// Superusers are refused, and rights that the master lacks are named.
#[tokio::test]
async fn superusers_and_lacking_masters() {
    for version in MysqlVersion::to_be_tested() {
        let lab = Lab::new(version, "").await;
        let user = at(&lab.app.username, "%");
        lab.admin(&[&format!("GRANT SHUTDOWN ON *.* TO {user}")]).await;
        let error = lab.rotate_to(&lab.clone()).await.unwrap_err();
        let StatementFault::PrivilegeMissing { needed } = error.fault else { panic!("{version}: {error}") };
        assert!(needed.starts_with("GRANT SHUTDOWN ON *.* TO"), "{needed}");
        let error = lab.connect(&lab.clone()).await.unwrap_err();
        assert!(
            matches!(error, ConnectError::Locked(_)),
            "{version}: a clone without its rights is open: {error}"
        );
        lab.admin(&[&format!("GRANT SUPER ON *.* TO {user}")]).await;
        let error = lab.rotate_to(&lab.clone()).await.unwrap_err();
        assert!(matches!(error.fault, StatementFault::NotRotatable { .. }), "{version}: {error}");
    }
}

/// Each right and each clause that drifted is counted.
#[tokio::test]
async fn each_right_and_clause_is_counted() {
    for version in MysqlVersion::to_be_tested() {
        let lab = Lab::new(version, "").await;
        let (app, clone) = (at(&lab.app.username, "%"), lab.clone());
        lab.rotate_to(&clone).await.unwrap();
        // Two privileges on one object are two rights, and a clause of the account is one.
        lab.admin(&[
            &format!("GRANT CREATE VIEW, SHOW VIEW ON nowhere.* TO {app}"),
            &format!("ALTER USER {app} WITH MAX_QUERIES_PER_HOUR 7"),
        ])
        .await;
        assert_eq!(lab.change_to(&clone).await.unwrap().drift, 3, "{version}");
    }
}

/// MySQL takes the options of dynamic privileges along when it takes that of the static ones.
#[tokio::test]
async fn an_option_that_a_revocation_takes_along_is_given_again() {
    if !MysqlFlavor::MySql.is_to_be_tested() {
        return;
    }
    let lab = Lab::new(MysqlFlavor::MySql, "").await;
    let clone = lab.clone();
    let grant = "GRANT XA_RECOVER_ADMIN ON *.* TO";
    lab.admin(&[&format!("{grant} {} WITH GRANT OPTION", at(&lab.app.username, "%"))]).await;
    lab.rotate_to(&clone).await.unwrap();
    lab.admin(&[&format!("GRANT SELECT ON *.* TO {} WITH GRANT OPTION", at(&clone.username, "%"))]).await;
    lab.rotate_to(&clone).await.unwrap();
    check_equal(&lab).await;
}
