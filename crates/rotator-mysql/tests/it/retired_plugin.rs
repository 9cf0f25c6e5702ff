//! Accounts of MySQL that still have `mysql_native_password`, which its newest versions no longer have, and
//! accounts whose password has expired.

use rotation_core::{Reader, RotationError};
use rotation_database::Session;
use rotation_suites::EngineScene;
use test_servers::{MysqlFlavor, TestLogin};

use crate::{
    fixture::{Lab, at},
    refusals::own_server,
};

const NEW: &str = "Pending-password-1";

/// As in a data directory of an upgraded server.
async fn retire(lab: &Lab, user: &str) {
    lab.admin(&[
        &format!(
            "UPDATE mysql.user SET plugin = 'mysql_native_password', authentication_string = \
             '*F87311B4FC3A76186F7581EBEA2F3E1CD5D49E06' WHERE User = '{user}'"
        ),
        "FLUSH PRIVILEGES",
    ])
    .await;
}

async fn plugin(lab: &Lab, user: &str) -> String {
    let sql = format!("SELECT plugin FROM mysql.user WHERE User = '{user}'");
    lab.server.query(&sql).await.unwrap()[0][0].clone().unwrap()
}

fn hint(error: &RotationError) -> String {
    error.remediation(Reader::Operator)
}

/// A user on a plugin that is gone is moved as the hint states.
/// The remediation names no plugin that the server does not have, and its statement moves the account.
#[tokio::test]
async fn user_is_moved_by_the_hint() {
    let lab = own_server(MysqlFlavor::MySql, &[]).await;
    retire(&lab, &lab.app.username).await;
    let error = lab.set_secret(NEW).await.unwrap_err();
    assert_eq!(error.code().name(), "DB_AUTH_METHOD");
    let hint = hint(&error);
    assert!(!hint.contains("mysql_native_password"), "{hint}");
    let statement = hint.strip_prefix("As an administrator of the database: ").unwrap();
    let statement = statement.replace("'PASSWORD'", &format!("'{}'", lab.app.password));
    lab.admin(&[&statement]).await;
    lab.set_secret(NEW).await.unwrap();
    assert!(lab.opens(NEW).await);
}

/// An idle user on a plugin that is gone is moved.
/// No statement changes such an account before it is moved, so the move comes first.
#[tokio::test]
async fn idle_user_of_a_gone_plugin_is_moved() {
    let lab = own_server(MysqlFlavor::MySql, &[]).await;
    let clone = lab.clone();
    lab.rotate_to(&clone).await.unwrap();
    lab.admin(&[&format!("GRANT SELECT ON mysql.db TO {}", at(&clone.username, "%"))]).await;
    for next in [clone, TestLogin { password: NEW.to_owned(), ..lab.app.clone() }] {
        retire(&lab, &next.username).await;
        let notes = lab.rotate_to(&next).await.unwrap();
        let moved = format!(
            "{} was left on mysql_native_password, which the server does not have, and uses \
                caching_sha2_password now",
            at(&next.username, "%")
        );
        assert!(notes.contains(&moved), "{notes:?}");
        assert_eq!(plugin(&lab, &next.username).await, "caching_sha2_password");
        lab.connect(&next).await.unwrap().probe(None).await.unwrap();
    }
}

/// A clone of a user on a plugin that is gone has another plugin.
/// A clone that has left the plugin is not given it back because its original still has it.
#[tokio::test]
async fn clone_has_another_plugin() {
    let lab = own_server(MysqlFlavor::MySql, &[]).await;
    let clone = lab.clone();
    lab.rotate_to(&clone).await.unwrap();
    retire(&lab, &lab.app.username).await;
    let again = TestLogin { password: NEW.to_owned(), ..clone.clone() };
    let notes = lab.rotate_to(&again).await.unwrap();
    assert!(notes.iter().all(|note| !note.contains("mysql_native_password")), "nobody was moved: {notes:?}");
    assert_eq!(plugin(&lab, &clone.username).await, "caching_sha2_password");
    lab.connect(&again).await.unwrap().probe(None).await.unwrap();
}

/// An expired user is renewed as the hint states.
/// `PASSWORD EXPIRE NEVER` does not end an expiry that has already happened; the statements of the hint do,
/// without a password.
#[tokio::test]
async fn expired_user_is_renewed_by_the_hint() {
    for flavor in MysqlFlavor::ALL.into_iter().filter(|flavor| flavor.is_to_be_tested()) {
        for disconnects in ["OFF", "ON"] {
            let lab = own_server(flavor, &[("disconnect_on_expired_password", disconnects)]).await;
            lab.admin(&[
                "SET GLOBAL group_concat_max_len = 1024",
                &format!("ALTER USER {} PASSWORD EXPIRE", at(&lab.app.username, "%")),
            ])
            .await;
            let error = lab.set_secret(NEW).await.unwrap_err();
            assert_eq!(error.code().name(), "DB_EXPIRED", "{flavor}");
            let hint = hint(&error);
            let statements = hint.strip_prefix("As an administrator of the database: ").unwrap();
            let statements = statements.split("; where ").next().unwrap().split("; ");
            lab.admin(&statements.collect::<Vec<_>>()).await;
            assert!(lab.opens(&lab.app.password).await, "{flavor}: the password stays");
            lab.set_secret(NEW).await.unwrap();
            lab.connect(&TestLogin { password: NEW.to_owned(), ..lab.app.clone() })
                .await
                .unwrap()
                .probe(None)
                .await
                .unwrap();
        }
    }
}

/// A password that is too old is renewed as the hint states.
/// The same for a password that has become too old, by the lifetime of the account or of the server.
#[tokio::test]
async fn old_password_is_renewed_by_the_hint() {
    for flavor in MysqlFlavor::ALL.into_iter().filter(|flavor| flavor.is_to_be_tested()) {
        for interval in ["INTERVAL 30 DAY", "DEFAULT"] {
            let lab = own_server(flavor, &[("disconnect_on_expired_password", "ON")]).await;
            let (user, name) = (at(&lab.app.username, "%"), &lab.app.username);
            let age = if flavor == MysqlFlavor::MySql {
                format!("UPDATE mysql.user SET password_last_changed = '2020-01-01' WHERE User = '{name}'")
            } else {
                format!(
                    "UPDATE mysql.global_priv SET Priv = JSON_SET(Priv, '$.password_last_changed', \
                     1577836800) WHERE User = '{name}'"
                )
            };
            let expire = format!("ALTER USER {user} PASSWORD EXPIRE {interval}");
            lab.admin(&[&expire, &age, "FLUSH PRIVILEGES", "SET GLOBAL default_password_lifetime = 10000"])
                .await;
            if interval == "DEFAULT" {
                assert!(lab.opens(&lab.app.password).await, "{flavor}: 10000 days have not passed");
                lab.admin(&["SET GLOBAL default_password_lifetime = 30"]).await;
            }
            let error = lab.set_secret(NEW).await.unwrap_err();
            assert_eq!(error.code().name(), "DB_EXPIRED", "{flavor} {interval}");
            let hint = hint(&error);
            let statements = hint.strip_prefix("As an administrator of the database: ").unwrap();
            let statements = statements.split("; where ").next().unwrap().split("; ");
            lab.admin(&statements.collect::<Vec<_>>()).await;
            assert!(lab.opens(&lab.app.password).await, "{flavor} {interval}: the password stays");
            lab.set_secret(NEW).await.unwrap();
        }
    }
}

/// An expired user's other accounts are left unchanged.
/// Those statements leave an account without a password, and one that has not expired, as they are.
#[tokio::test]
async fn other_accounts_are_left_alone() {
    for flavor in MysqlFlavor::ALL.into_iter().filter(|flavor| flavor.is_to_be_tested()) {
        let lab = own_server(flavor, &[("disconnect_on_expired_password", "ON")]).await;
        let empty = at(&lab.app.username, "10.0.0.1");
        let other = at(&lab.app.username, "10.0.0.2");
        lab.admin(&[
            &format!("CREATE USER {empty}"),
            &format!("ALTER USER {empty} PASSWORD EXPIRE"),
            &format!("CREATE USER {other} IDENTIFIED BY 'Another-1'"),
            &format!("ALTER USER {} PASSWORD EXPIRE", at(&lab.app.username, "%")),
        ])
        .await;
        let changed = if flavor == MysqlFlavor::MySql {
            "SELECT COALESCE(password_last_changed, '') FROM mysql.user WHERE Host LIKE '10.%' ORDER BY Host"
        } else {
            "SELECT JSON_VALUE(Priv, '$.password_last_changed') FROM mysql.global_priv WHERE Host LIKE \
                '10.%' ORDER BY Host"
        };
        // A time that no statement of this test gives.
        lab.admin(&[
            if flavor == MysqlFlavor::MySql {
                "UPDATE mysql.user SET password_last_changed = '2020-01-01' WHERE Host LIKE '10.%' AND \
                 authentication_string <> ''"
            } else {
                "UPDATE mysql.global_priv SET Priv = JSON_SET(Priv, '$.password_last_changed', 1577836800) \
                 WHERE Host LIKE '10.%' AND JSON_VALUE(Priv, '$.authentication_string') <> ''"
            },
            "FLUSH PRIVILEGES",
        ])
        .await;
        let before = lab.server.query(changed).await.unwrap();
        let error = lab.set_secret(NEW).await.unwrap_err();
        assert_eq!(error.code().name(), "DB_EXPIRED", "{flavor}");
        let hint = hint(&error);
        let statements = hint.strip_prefix("As an administrator of the database: ").unwrap();
        let statements = statements.split("; where ").next().unwrap().split("; ");
        lab.admin(&statements.collect::<Vec<_>>()).await;
        assert_eq!(lab.server.query(changed).await.unwrap(), before, "{flavor}");
        lab.set_secret(NEW).await.unwrap();
    }
}

/// A format that the server enforces is met as the hint states.
/// An account with another hash format than the server enforces is let in only to set a new
/// password.
#[tokio::test]
async fn enforced_format_is_met_by_the_hint() {
    let lab = own_server(MysqlFlavor::MySql, &[]).await;
    // Created in the other format.
    lab.admin(&["SET GLOBAL caching_sha2_password_storage_format = PBKDF2_SHA512"]).await;
    let admin = &lab.server.admin().username;
    let renewed = format!("ALTER USER '{admin}'@'localhost' IDENTIFIED BY '{}'", lab.server.admin().password);
    lab.admin(&[&renewed, "SET GLOBAL caching_sha2_password_enforce_storage_format = ON"]).await;
    let error = lab.set_secret(NEW).await.unwrap_err();
    assert_eq!(error.code().name(), "DB_EXPIRED");
    let hint = hint(&error);
    let off = "SET GLOBAL caching_sha2_password_enforce_storage_format = OFF";
    assert!(hint.contains(off), "{hint}");
    lab.admin(&[off]).await;
    lab.set_secret(NEW).await.unwrap();
    lab.admin(&["SET GLOBAL caching_sha2_password_enforce_storage_format = ON"]).await;
    let login = TestLogin { password: NEW.to_owned(), ..lab.app.clone() };
    lab.connect(&login).await.unwrap().probe(None).await.unwrap();

    // A clone in the old format gets the new one at its turn.
    let clone = lab.clone();
    lab.admin(&[
        "SET GLOBAL caching_sha2_password_enforce_storage_format = OFF",
        "SET GLOBAL caching_sha2_password_storage_format = CRYPT5",
    ])
    .await;
    lab.rotate_to(&clone).await.unwrap();
    lab.admin(&["SET GLOBAL caching_sha2_password_storage_format = PBKDF2_SHA512"]).await;
    lab.rotate_to(&clone).await.unwrap();
    lab.admin(&["SET GLOBAL caching_sha2_password_enforce_storage_format = ON"]).await;
    lab.connect(&clone).await.unwrap().probe(None).await.unwrap();
}
