//! Accounts of MariaDB's `ed25519` and `parsec`: both log in and rotate, and keep their plugin.

use rotation_database::ConnectError;
use rotation_suites::EngineScene;
use test_servers::{MysqlVersion, TestLogin};

use crate::{
    fixture::{Lab, at},
    refusals::own_server,
};

const NEW: &str = "Pending-password-1";
const THIRD: &str = "Third-password-1";

/// The plugins that a version has, with those that must be loaded.
fn plugins() -> impl Iterator<Item = (MysqlVersion, &'static str)> {
    let all = [
        (MysqlVersion::MariaDb10, "ed25519"),
        (MysqlVersion::MariaDb11, "ed25519"),
        (MysqlVersion::MariaDb11, "parsec"),
    ];
    all.into_iter().filter(|(version, _)| version.is_to_be_tested())
}

/// A server whose application user has this plugin.
async fn lab(version: MysqlVersion, plugin: &str) -> Lab {
    let lab = own_server(version, &[]).await;
    lab.admin(&[&format!("INSTALL SONAME 'auth_{plugin}'")]).await;
    identify(&lab, plugin).await;
    lab
}

pub(crate) async fn identify(lab: &Lab, plugin: &str) {
    let user = at(&lab.app.username, "%");
    lab.admin(&[&format!(
        "ALTER USER {user} IDENTIFIED VIA {plugin} USING PASSWORD('{}')",
        lab.app.password
    )])
    .await;
}

pub(crate) async fn plugin_of(lab: &Lab, user: &str) -> String {
    let sql = format!("SELECT JSON_VALUE(Priv, '$.plugin') FROM mysql.global_priv WHERE User = '{user}'");
    lab.server.query(&sql).await.unwrap()[0][0].clone().unwrap()
}

/// A user that is let in with this password alone.
async fn opens_by(lab: &Lab, login: &TestLogin, others: &[&str]) {
    lab.connect(login).await.unwrap();
    for other in others {
        let other = TestLogin { password: (*other).to_owned(), ..login.clone() };
        let error = lab.connect(&other).await.unwrap_err();
        assert!(matches!(error, ConnectError::Refused(_)), "{error:?}");
    }
}

/// A single user keeps its plugin.
#[tokio::test]
async fn single_user_keeps_its_plugin() {
    for (version, plugin) in plugins() {
        let lab = lab(version, plugin).await;
        let old = lab.app.password.clone();
        lab.set_secret(NEW).await.unwrap_or_else(|error| panic!("{version}, {plugin}: {error}"));
        opens_by(&lab, &TestLogin { password: NEW.to_owned(), ..lab.app.clone() }, &[&old]).await;
        assert_eq!(plugin_of(&lab, &lab.app.username).await, plugin, "{version}");
        assert!(!lab.server.log().contains(NEW), "{version}, {plugin}: a password is in a log");
        lab.change(NEW, THIRD).await.unwrap();
        assert!(lab.opens(THIRD).await && !lab.opens(NEW).await, "{version}, {plugin}");
    }
}

/// A pair keeps its plugin.
#[tokio::test]
async fn pair_keeps_its_plugin() {
    for (version, plugin) in plugins() {
        let lab = lab(version, plugin).await;
        let (clone, old) = (lab.clone(), lab.app.password.clone());
        lab.rotate_to(&clone).await.unwrap_or_else(|error| panic!("{version}, {plugin}: {error}"));
        opens_by(&lab, &clone, &[NEW]).await;
        let original = TestLogin { password: NEW.to_owned(), ..lab.app.clone() };
        lab.rotate_to(&original).await.unwrap();
        opens_by(&lab, &original, &[&old]).await;
        let again = TestLogin { password: THIRD.to_owned(), ..clone.clone() };
        lab.rotate_to(&again).await.unwrap();
        opens_by(&lab, &again, &[&clone.password]).await;
        for user in [&lab.app.username, &clone.username] {
            assert_eq!(plugin_of(&lab, user).await, plugin, "{version}");
        }
        let log = lab.server.log();
        for password in [&clone.password, NEW, THIRD] {
            assert!(!log.contains(password), "{version}, {plugin}: a password is in a log");
        }
    }
}

/// An account of PARSEC keeps its rounds.
/// The account's rounds are the administrator's choice.
#[tokio::test]
async fn parsec_keeps_its_rounds() {
    if !MysqlVersion::MariaDb11.is_to_be_tested() {
        return;
    }
    let lab = lab(MysqlVersion::MariaDb11, "parsec").await;
    let user = at(&lab.app.username, "%");
    // Of the password "pw-2" with twice the rounds, as an independent program computes it.
    lab.admin(&[&format!("ALTER USER {user} IDENTIFIED VIA parsec USING '{ROUNDS}'")]).await;
    lab.change("pw-2", NEW).await.unwrap();
    let shown = lab.server.query(&format!("SHOW CREATE USER {user}")).await.unwrap()[0][0].clone().unwrap();
    assert!(shown.contains("USING 'P1:"), "{shown}");
    assert!(lab.opens(NEW).await);
}

/// The stored form of "pw-2".
const ROUNDS: &str = "P1:AAAAAAAAAAAAAAAAAAAAAAAA:0yWZj7DukZiYs/4tgcBpOt0mBSUDSLR3jIrdUmyV6Ok";

/// Another account with the same password is detected.
/// Other accounts of the user that log in with the same password are detected, whichever plugin they have.
#[tokio::test]
async fn other_account_by_the_same_password() {
    for (version, plugin) in plugins() {
        let lab = lab(version, plugin).await;
        let other = at(&lab.app.username, "10.0.0.%");
        lab.admin(&[
            &format!("CREATE USER {other} IDENTIFIED VIA {plugin} USING PASSWORD('{}')", lab.app.password),
            &format!("GRANT SELECT ON mysql.* TO {}", at(&lab.app.username, "%")),
        ])
        .await;
        let error = lab.set_secret(NEW).await.unwrap_err();
        assert_eq!(error.code().name(), "DB_USER_HAS_OTHER_ACCOUNTS", "{version}, {plugin}");
        lab.admin(&[&format!("ALTER USER {other} IDENTIFIED VIA {plugin} USING PASSWORD('{THIRD}')")]).await;
        lab.set_secret(NEW).await.unwrap();
    }
}
