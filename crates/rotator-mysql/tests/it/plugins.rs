//! Accounts of MariaDB with several plugins: afterwards the old password is refused, or nothing was changed.

use rotation_database::{DatabaseError, StatementFault};
use test_servers::MysqlFlavor;

use crate::{
    fixture::{Lab, at},
    refusals::own_server,
};

/// A server with the plugin for Ed25519.
async fn lab() -> Lab {
    let lab = own_server(MysqlFlavor::MariaDb, &[]).await;
    lab.admin(&["INSTALL SONAME 'auth_ed25519'"]).await;
    lab
}

async fn identify(lab: &Lab, plugins: &str) {
    let old = format!("PASSWORD('{}')", lab.app.password);
    let plugins = plugins.replace("HASH", &old);
    lab.admin(&[&format!("ALTER USER {} IDENTIFIED VIA {plugins}", at(&lab.app.username, "%"))]).await;
}

async fn shown(lab: &Lab) -> String {
    let rows = lab.server.query(&format!("SHOW CREATE USER {}", at(&lab.app.username, "%"))).await.unwrap();
    rows[0][0].clone().unwrap()
}

/// An account with two passwords, by two plugins, is refused.
/// SET PASSWORD changes the first plugin that has a password, and the old one logs in by the other for ever.
#[tokio::test]
async fn two_plugin_passwords_are_refused() {
    let lab = lab().await;
    for plugins in [
        "mysql_native_password USING HASH OR ed25519 USING HASH",
        "unix_socket OR mysql_native_password USING HASH OR ed25519 USING HASH",
    ] {
        identify(&lab, plugins).await;
        let before = shown(&lab).await;
        let error = lab.set_secret("Pending-password-1").await.unwrap_err();
        let Some(DatabaseError::Statement { error, .. }) = error.target() else { panic!("{error}") };
        let StatementFault::NotRotatable { why, .. } = error.fault else { panic!("{error}") };
        assert!(why.starts_with("it has several ways"), "{why}");
        assert_eq!(shown(&lab).await, before, "{plugins}");
    }
}

/// An account that logs in by the first of two plugins is refused.
/// Whichever of the two it logs in by, a change of one would leave the other.
#[tokio::test]
async fn login_by_the_first_of_two() {
    let lab = lab().await;
    identify(&lab, "ed25519 USING HASH OR mysql_native_password USING HASH").await;
    let before = shown(&lab).await;
    let error = lab.set_secret("Pending-password-1").await.unwrap_err();
    assert_eq!(error.code().name(), "DB_USER_NOT_ROTATABLE");
    assert_eq!(shown(&lab).await, before);
}

/// A plugin without a password is no second password.
/// Whatever the server answers: 1699 on some versions, although it has made the change.
#[tokio::test]
async fn plugin_without_a_password() {
    let lab = lab().await;
    for plugins in
        ["unix_socket OR mysql_native_password USING HASH", "mysql_native_password USING HASH OR unix_socket"]
    {
        identify(&lab, plugins).await;
        let old = lab.app.password.clone();
        lab.set_secret("Pending-password-1").await.unwrap();
        assert!(lab.opens("Pending-password-1").await && !lab.opens(&old).await, "{plugins}");
    }
}
