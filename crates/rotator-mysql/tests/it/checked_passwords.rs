//! MariaDB with a plugin that checks passwords, which accepts no hash: the notes in the outcome, and where
//! the password is written.

use rotation_database::{Change, Session};
use rotation_suites::EngineScene;
use test_servers::{MysqlFlavor, MysqlVersion, TestLogin};

use crate::{
    fixture::{Lab, at, deadline, password},
    refusals::own_server,
    signing_plugins::{identify, plugin_of},
};

const NEW: &str = "Pending-password-1";
const NOTE: &str = "a plugin checks passwords at the server (strict_password_validation), so it is given the \
    new password and not a hash: where general_log is on, that log holds the password";

/// Servers whose users have these plugins, with passwords that the password check accepts.
async fn labs() -> Vec<(Lab, &'static str)> {
    let mut labs = Vec::new();
    for version in MysqlVersion::to_be_tested().filter(|version| version.flavor() == MysqlFlavor::MariaDb) {
        let mut lab = own_server(version, &[]).await;
        "Old-password-1".clone_into(&mut lab.app.password);
        lab.admin(&["INSTALL SONAME 'auth_ed25519'", "INSTALL SONAME 'simple_password_check'"]).await;
        let plugin = if version == MysqlVersion::MariaDb10 { "mysql_native_password" } else { "ed25519" };
        identify(&lab, plugin).await;
        labs.push((lab, plugin));
    }
    labs
}

/// How often the password is in the general log, and how often in any other log.
fn written(lab: &Lab, password: &str) -> (usize, usize) {
    let general = lab.server.general_log().matches(password).count();
    (general, lab.server.log().matches(password).count() - general)
}

/// A single user's password is in the general log alone.
#[tokio::test]
async fn single_user_in_the_general_log_alone() {
    for (lab, plugin) in labs().await {
        let new = password(NEW);
        let change = Change::OwnPassword { new: &new };
        let plan = lab.connect(&lab.app).await.unwrap().plan(&change, deadline()).await.unwrap();
        assert_eq!(plan.notes, [NOTE], "{plugin}: doctor and dry runs report it in advance");
        let old = lab.app.password.clone();
        assert_eq!(lab.change(&old, NEW).await.unwrap(), [NOTE], "{plugin}");
        assert!(lab.opens(NEW).await && !lab.opens(&old).await, "{plugin}");
        assert_eq!(plugin_of(&lab, &lab.app.username).await, plugin);
        assert_eq!(written(&lab, NEW), (1, 0), "{plugin}");
    }
}

/// A pair's password is in the general log alone.
#[tokio::test]
async fn pair_in_the_general_log_alone() {
    for (lab, plugin) in labs().await {
        let clone = TestLogin { password: "Clone-password-1".to_owned(), ..lab.clone() };
        let notes = lab.rotate_to(&clone).await.unwrap();
        assert!(notes.contains(&NOTE.to_owned()), "{notes:?}");
        lab.connect(&clone).await.unwrap().probe(None).await.unwrap();
        assert_eq!(plugin_of(&lab, &clone.username).await, plugin);
        assert_eq!(written(&lab, &clone.password), (1, 0), "{plugin}");

        let original = TestLogin { password: NEW.to_owned(), ..lab.app.clone() };
        lab.rotate_to(&original).await.unwrap();
        lab.connect(&original).await.unwrap().probe(None).await.unwrap();
        assert_eq!(written(&lab, NEW), (1, 0), "{plugin}");

        // A clone with another authentication method, and one that failed logins have blocked, which SET
        // PASSWORD does not unblock.
        let user = at(&clone.username, "%");
        lab.admin(&[
            &format!(
                "ALTER USER {user} IDENTIFIED VIA mysql_native_password USING PASSWORD('Another-way-1') OR \
                 ed25519 USING PASSWORD('Another-way-2')"
            ),
            "SET GLOBAL max_password_errors = 1",
        ])
        .await;
        let wrong = TestLogin { password: "wrong".to_owned(), ..clone.clone() };
        lab.connect(&wrong).await.unwrap_err();
        let again = TestLogin { password: "Again-password-1".to_owned(), ..clone.clone() };
        lab.rotate_to(&again).await.unwrap();
        lab.connect(&again).await.unwrap().probe(None).await.unwrap();
        assert_eq!(plugin_of(&lab, &clone.username).await, plugin);
        assert_eq!(written(&lab, &again.password), (1, 0), "{plugin}");
    }
}

/// Accounts for several hosts all get the password.
/// An attempt may end between two accounts of a user: the next one gives the second its password, although
/// the server refuses to set the same password for the first again.
#[tokio::test]
async fn every_host_gets_the_password() {
    for (lab, plugin) in labs().await {
        lab.admin(&["INSTALL SONAME 'password_reuse_check'"]).await;
        let clone = TestLogin { password: "Clone-password-1".to_owned(), ..lab.clone() };
        let other = at(&lab.app.username, "127.0.0.1");
        lab.admin(&[&format!("CREATE USER {other} IDENTIFIED VIA {plugin} USING PASSWORD('Of-its-own-1')")])
            .await;
        lab.rotate_to(&clone).await.unwrap();
        let original = TestLogin { password: NEW.to_owned(), ..lab.app.clone() };
        // As if an attempt had ended after the first.
        lab.admin(&[&format!("SET PASSWORD FOR {} = PASSWORD('{NEW}')", at(&lab.app.username, "%"))]).await;
        let error = lab.rotate_to(&original).await.unwrap_err();
        assert_eq!(error.code().name(), "DB_PASSWORD_POLICY", "a login finds out whether it is set");
        // The server matches this account.
        lab.connect(&original).await.unwrap().probe(None).await.unwrap();
    }
}

/// A clone whose password is refused stays locked.
/// Logs hold only a stand-in of a clone that is created, or gets another plugin. Where the server then
/// refuses the password, which it does to one that it remembers, nobody can log in with the stand-in, neither
/// after this attempt nor after the next.
#[tokio::test]
async fn refused_clone_stays_locked() {
    for (lab, plugin) in labs().await {
        lab.admin(&["INSTALL SONAME 'password_reuse_check'"]).await;
        let clone = TestLogin { password: "Clone-password-1".to_owned(), ..lab.clone() };
        lab.rotate_to(&clone).await.unwrap();
        let user = at(&clone.username, "%");
        let again = TestLogin { password: "Again-password-1".to_owned(), ..clone.clone() };
        let locked = async |what: &str| {
            let shown = lab.server.query(&format!("SHOW CREATE USER {user}")).await.unwrap();
            let shown = shown[0][0].clone().unwrap();
            assert!(shown.contains("ACCOUNT LOCK"), "{plugin}, {what}: {shown}");
        };
        let refused = async |next: &TestLogin| {
            let error = lab.rotate_to(next).await.unwrap_err();
            assert_eq!(error.code().name(), "DB_PASSWORD_POLICY", "{plugin}");
        };
        lab.admin(&[&format!("DROP USER {user}")]).await;
        refused(&clone).await;
        locked("made").await;
        refused(&clone).await;
        locked("made before").await;
        lab.rotate_to(&again).await.unwrap();
        lab.connect(&again).await.unwrap().probe(None).await.unwrap();

        lab.admin(&[&format!(
            "ALTER USER {user} IDENTIFIED VIA mysql_native_password USING PASSWORD('Another-way-1') OR \
             ed25519 USING PASSWORD('Another-way-2')"
        )])
        .await;
        refused(&again).await;
        locked("moved").await;

        // An account that already has the password is unlocked, although the server refuses to set it again.
        let last = TestLogin { password: "Last-password-1".to_owned(), ..clone.clone() };
        lab.rotate_to(&last).await.unwrap();
        lab.admin(&[&format!("ALTER USER {user} ACCOUNT LOCK")]).await;
        refused(&last).await;
        lab.connect(&last).await.unwrap().probe(None).await.unwrap();
    }
}
