//! `"ssl": false` on MySQL: where the server has cached nothing of a login, the password is sent encrypted
//! with the server's key.
//!
//! The cache of `caching_sha2_password` loses a successful login after each change of the password and after
//! each start ("Caching SHA-2 Pluggable Authentication"). The next login then needs the whole password.

use rotation_core::{Invocation, Invoker, PasswordPolicy, PasswordSettings, SecretId, Target, Versions};
use rotation_database::{
    ConnectError, Database, DatabaseSettings, Engine, Login, Session, Strategy, TlsMode, Transport,
};
use rotator_mysql::MySql;
use test_servers::{MysqlFlavor, TestLogin};

use crate::{
    fixture::{Granted, Lab, at, deadline, document, engine},
    refusals::own_server,
};

/// One login in plaintext, by the choice of the secret or because the server offers nothing else.
async fn log_in(lab: &Lab, password: &str, tls: TlsMode) -> Result<(), ConnectError> {
    let user = TestLogin { username: lab.app.username.clone(), password: password.to_owned() };
    let login = Login::from_document(&document(lab.server, &user), &MySql::PROFILE).unwrap();
    let login = Login { tls, ..login };
    let session = engine(lab.server, lab.settings).connect(&login, Transport::Plaintext, deadline()).await;
    session?.probe(None).await.unwrap();
    Ok(())
}

/// The server asks for the whole password and gets it encrypted where the secret has chosen plaintext, and
/// nowhere else. From then on, if it caches anything, it lets both in.
async fn check(lab: &Lab, password: &str, keeps: bool) {
    let asks = async || {
        let error = log_in(lab, password, TlsMode::Preferred).await.unwrap_err();
        assert!(matches!(error, ConnectError::AuthenticationMethod(_)), "{error:?}");
    };
    asks().await;
    log_in(lab, password, TlsMode::Off).await.unwrap();
    if keeps {
        log_in(lab, password, TlsMode::Preferred).await.unwrap();
    } else {
        asks().await;
    }
}

/// `setSecret` and `testSecret` of the single-user strategy with `"ssl": false` in the secret.
async fn rotate(lab: &Lab, pending: &str) {
    let policy = PasswordPolicy::new(PasswordSettings::default(), &MySql::PROFILE.password_rule).unwrap();
    let engine = engine(lab.server, lab.settings);
    let invocation = Invocation::new(Invoker::Person, deadline());
    let settings = DatabaseSettings::new(policy);
    let target = Database::<_>::new(engine, Strategy::SingleUser, settings, &invocation);
    let current = document(lab.server, &lab.app).with_text("ssl", "false");
    let versions = Versions {
        secret: SecretId::new("arn:aws:secretsmanager:us-east-1:123456789012:secret:app-AbCdEf").unwrap(),
        pending: current.clone().with_text("password", pending),
        current,
        related: None,
    };
    target.apply(&versions, &Granted, &Granted).await.unwrap();
    target.verify(&versions.pending).await.unwrap();
}

/// The whole password is given after each change and after a start of the server.
/// For each plugin that takes a key: at the first login, after each change of the password, and after a start
/// of the server.
#[tokio::test]
async fn full_exchange_after_change_and_start() {
    if !MysqlFlavor::MySql.is_to_be_tested() {
        return;
    }
    for (plugin, keeps) in [("caching_sha2_password", true), ("sha256_password", false)] {
        let mut lab = own_server(MysqlFlavor::MySql, &[]).await;
        let user = at(&lab.app.username, "%");
        let old = lab.app.password.clone();
        lab.admin(&[&format!("ALTER USER {user} IDENTIFIED WITH {plugin} BY '{old}'")]).await;
        check(&lab, &old, keeps).await;

        for pending in ["Pending-password-1", "Pending-password-2"] {
            rotate(&lab, pending).await;
            let before = std::mem::replace(&mut lab.app.password, pending.to_owned());
            let error = log_in(&lab, &before, TlsMode::Off).await.unwrap_err();
            assert!(error.is_refusal(), "{plugin}: {error:?}");

            lab.server.crash().unwrap();
            check(&lab, pending, keeps).await;
        }
        // A rotation is the first to log in after a start.
        lab.server.crash().unwrap();
        rotate(&lab, "Pending-password-3").await;
        log_in(&lab, "Pending-password-3", TlsMode::Off).await.unwrap();
    }
}
