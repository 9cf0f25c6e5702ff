//! Servers with a password history: a master's rotation that was interrupted after setSecret is resumed, and
//! one that was abandoned is followed by the next.

use rotation_core::{
    Applied, Authority, Invocation, Invoker, PasswordPolicy, PasswordSettings, RelatedSecretError,
    RelatedSecrets, RotationError, SecretDocument, SecretId, StoreError, Target, Versions,
};
use rotation_database::{
    Database, DatabaseLookup, DatabaseLookupError, DatabaseSettings, Engine, Host, MasterSecret, Server,
    ServerArn, Strategy,
};
use rotation_suites::EngineScene;
use rotator_mysql::{MySql, Settings};
use test_servers::{MysqlFlavor, MysqlVersion, TestLogin};

use crate::{
    fixture::{Lab, at, deadline, document, engine},
    refusals::own_server,
};

/// The master secret names the secret's own host, so no lookup is made.
struct Nowhere;

impl DatabaseLookup for Nowhere {
    async fn by_arn(&self, _: &ServerArn) -> Result<Option<Server>, DatabaseLookupError> {
        Ok(None)
    }

    async fn by_host(&self, _: &Host) -> Result<Option<Server>, DatabaseLookupError> {
        Ok(None)
    }
}

/// The labels are as they should be, and this is the master secret.
struct Granted(SecretDocument);

impl Authority for Granted {
    async fn confirm(&self) -> Result<(), RotationError> {
        Ok(())
    }
}

impl RelatedSecrets for Granted {
    async fn previous(&self) -> Result<Option<SecretDocument>, RotationError> {
        Ok(None)
    }

    async fn current_of(&self, _: &SecretId) -> Result<SecretDocument, RelatedSecretError> {
        Ok(self.0.clone())
    }

    async fn tags_of(&self, _: &SecretId) -> Result<Vec<(String, String)>, StoreError> {
        Ok(Vec::new())
    }
}

/// `setSecret` of the master-user strategy, with the lab's user under `AWSCURRENT`.
async fn set_secret(lab: &Lab, pending: &TestLogin) -> Result<Applied, RotationError> {
    let secret = |name: &str| {
        SecretId::new(format!("arn:aws:secretsmanager:us-east-1:123456789012:secret:{name}-AbCdEf")).unwrap()
    };
    let policy = PasswordPolicy::new(PasswordSettings::default(), &MySql::PROFILE.password_rule).unwrap();
    let master = MasterSecret { deployed: Some(secret("master")) };
    let strategy = Strategy::MasterUser { master, lookup: Nowhere };
    let engine = engine(lab.server, Settings::default());
    let invocation = Invocation::new(Invoker::Person, deadline());
    let settings = DatabaseSettings { require_tls: true, ..DatabaseSettings::new(policy) };
    let target = Database::new(engine, strategy, settings, &invocation);
    let versions = Versions {
        // The secret of the whole test.
        secret: secret("shop/checkout"),
        current: document(lab.server, &lab.app),
        pending: document(lab.server, pending),
        related: None,
    };
    let granted = Granted(document(lab.server, &lab.master));
    target.apply(&versions, &granted, &granted).await
}

async fn opens(lab: &Lab, login: &TestLogin) -> bool {
    lab.connect(login).await.is_ok()
}

/// An interrupted rotation is resumed, an abandoned one is followed by another, and a password of the history
/// is still refused.
async fn check(lab: &Lab) {
    let version = lab.server.version();
    let first = TestLogin { password: "Pending-password-1".to_owned(), ..lab.clone() };
    for attempt in 0..3 {
        set_secret(lab, &first).await.unwrap_or_else(|error| panic!("{version}, {attempt}: {error:?}"));
        assert!(opens(lab, &first).await && opens(lab, &lab.app).await, "{version}, {attempt}");
    }
    // Privileges that drifted meanwhile are reconciled first.
    lab.admin(&[&format!("GRANT PROCESS ON *.* TO {}", at(&lab.app.username, "%"))]).await;
    set_secret(lab, &first).await.unwrap();
    assert_eq!(
        lab.change_to(&TestLogin { password: "Pending-password-2".into(), ..lab.clone() })
            .await
            .unwrap()
            .drift,
        0,
        "{version}"
    );

    let next = TestLogin { password: "Pending-password-3".to_owned(), ..lab.clone() };
    set_secret(lab, &next).await.unwrap();
    assert!(opens(lab, &next).await && !opens(lab, &first).await, "{version}");
    // The previous password cannot be set again, and a login does not find it set.
    let refused = set_secret(lab, &TestLogin { password: "Pending-password-2".into(), ..next.clone() }).await;
    assert_eq!(refused.unwrap_err().code().name(), "DB_PASSWORD_POLICY", "{version}");
    assert!(opens(lab, &next).await, "{version}");
}

/// An interrupted rotation of an account with a history of passwords is resumed.
#[tokio::test]
async fn account_history_is_resumed() {
    check(&Lab::new(MysqlFlavor::MySql, "PASSWORD HISTORY 2").await).await;
}

/// An interrupted rotation on a server with a history of passwords is resumed.
#[tokio::test]
async fn server_history_is_resumed() {
    for version in MysqlVersion::to_be_tested() {
        let lab = own_server(version, &[]).await;
        let setting: &[&str] = match version.flavor() {
            MysqlFlavor::MySql => &["SET GLOBAL password_history = 2"],
            // Hashes are not compared with its history: it requires passwords.
            MysqlFlavor::MariaDb => {
                &["INSTALL SONAME 'password_reuse_check'", "SET GLOBAL strict_password_validation = 1"]
            }
        };
        lab.admin(setting).await;
        check(&lab).await;
    }
}
