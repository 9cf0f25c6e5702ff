//! What real servers refuse, on servers of their own where a setting must be changed.

use database_net::TlsSettings;
use rotation_core::SecretDocument;
use rotation_database::{
    Change, ConnectError, Engine, Login, Session, StatementFault, TlsMode, Transport, UserPair,
};
use rotation_suites::EngineScene;
use rotator_mysql::{MySql, Settings};
use test_servers::{
    MaliciousMysql, MysqlAnswer, MysqlFlavor, MysqlGreeting, MysqlMischief, MysqlScript, MysqlServer,
    MysqlVersion, TestLogin,
};

use crate::fixture::{Lab, at, create_master, deadline, engine, password, username};

const STRONG: &str = "Strong-enough-4711";

fn flavors() -> impl Iterator<Item = MysqlFlavor> {
    MysqlFlavor::ALL.into_iter().filter(|flavor| flavor.is_to_be_tested())
}

/// A server of one test, with a user and a master.
pub(crate) async fn own_server(version: impl Into<MysqlVersion>, settings: &[(&str, &str)]) -> Lab {
    let builder = settings
        .iter()
        .fold(MysqlServer::builder(version), |builder, (name, value)| builder.setting(*name, *value));
    let server: &'static MysqlServer = Box::leak(Box::new(builder.start().unwrap()));
    let app = server.create_user("").await.unwrap();
    Lab { server, app, master: create_master(server).await, settings: Settings::default() }
}

/// A password that the policy refuses is named as such, and nothing changes.
#[tokio::test]
async fn password_against_the_policy() {
    for flavor in flavors() {
        let lab = own_server(flavor, &[]).await;
        lab.admin(&[match flavor {
            MysqlFlavor::MySql => "INSTALL COMPONENT 'file://component_validate_password'",
            MysqlFlavor::MariaDb => "INSTALL SONAME 'simple_password_check'",
        }])
        .await;
        let refused = StatementFault::PasswordPolicy { rule: "error 1819".to_owned() };
        let old = lab.app.password.clone();
        assert_eq!(lab.change(&old, "weak").await.unwrap_err().fault, refused, "{flavor}");
        assert!(lab.opens(&old).await && !lab.opens("weak").await, "{flavor}");
        let weak = TestLogin { password: "weak".to_owned(), ..lab.clone() };
        assert_eq!(lab.rotate_to(&weak).await.unwrap_err().fault, refused, "{flavor}");
        assert!(lab.connect(&weak).await.is_err_and(|error| error.is_refusal()), "{flavor}");

        lab.change(&old, STRONG).await.unwrap();
        assert!(lab.opens(STRONG).await, "{flavor}");
        let strong = TestLogin { password: STRONG.to_owned(), ..lab.clone() };
        lab.rotate_to(&strong).await.unwrap();
        lab.connect(&strong).await.unwrap().probe(None).await.unwrap();
    }
}

/// A server that is read-only is named as such, and nothing changes.
#[tokio::test]
async fn read_only_server() {
    for flavor in flavors() {
        let lab = own_server(flavor, &[]).await;
        let settings: &[&str] = match flavor {
            MysqlFlavor::MySql => &["read_only", "super_read_only"],
            MysqlFlavor::MariaDb => &["read_only"],
        };
        let old = lab.app.password.clone();
        for setting in settings {
            lab.admin(&[&format!("SET GLOBAL {setting} = ON")]).await;
            let error = lab.change(&old, STRONG).await.unwrap_err();
            assert_eq!(error.fault, StatementFault::ReadOnly, "{flavor}, {setting}");
            assert!(lab.opens(&old).await && !lab.opens(STRONG).await, "{flavor}, {setting}");
            let error = lab.rotate_to(&lab.clone()).await.unwrap_err();
            assert_eq!(error.fault, StatementFault::ReadOnly, "{flavor}, {setting}");
        }
        lab.admin(&["SET GLOBAL read_only = OFF"]).await;
        lab.change(&old, STRONG).await.unwrap();
        assert!(lab.opens(STRONG).await, "{flavor}");
    }
}

/// A privileged user changes nothing on a read-only server.
/// A master that may still write to a replica would change the users there alone.
#[tokio::test]
async fn privileged_user_on_a_read_only_server() {
    for flavor in flavors() {
        let lab = own_server(flavor, &[]).await;
        let (settings, privilege): (&[&str], _) = match flavor {
            MysqlFlavor::MySql => (&["read_only", "super_read_only"], "CONNECTION_ADMIN"),
            MysqlFlavor::MariaDb => (&["read_only"], "READ_ONLY ADMIN"),
        };
        for user in [&lab.app, &lab.master] {
            lab.admin(&[&format!("GRANT {privilege} ON *.* TO {}", at(&user.username, "%"))]).await;
        }
        lab.admin(&[&format!(
            "GRANT {privilege} ON *.* TO {} WITH GRANT OPTION",
            at(&lab.master.username, "%")
        )])
        .await;
        for setting in settings {
            lab.admin(&[&format!("SET GLOBAL {setting} = ON")]).await;
            let old = lab.app.password.clone();
            let error = lab.change(&old, STRONG).await.unwrap_err();
            assert_eq!(error.fault, StatementFault::ReadOnly, "{flavor}, {setting}");
            assert!(lab.opens(&old).await && !lab.opens(STRONG).await, "{flavor}, {setting}");
            let error = lab.rotate_to(&lab.clone()).await.unwrap_err();
            assert_eq!(error.fault, StatementFault::ReadOnly, "{flavor}, {setting}");
            let clones = format!("SELECT 1 FROM mysql.user WHERE User = '{}'", lab.clone().username);
            assert!(lab.server.query(&clones).await.unwrap().is_empty(), "{flavor}, {setting}");

            let new = password(STRONG);
            let mut session = lab.connect(&lab.app).await.unwrap();
            let planned = session.plan(&Change::OwnPassword { new: &new }, deadline()).await;
            assert_eq!(planned.unwrap_err().fault, StatementFault::ReadOnly, "{flavor}, {setting}");
            let facts = lab.connect(&lab.master).await.unwrap().facts(None).await.unwrap();
            assert_eq!(facts.writable, Some(false), "{flavor}, {setting}");
        }
        lab.admin(&["SET GLOBAL read_only = OFF"]).await;
        let facts = lab.connect(&lab.master).await.unwrap().facts(None).await.unwrap();
        assert_eq!(facts.writable, Some(true), "{flavor}");
    }
}

/// A server whose storage is read-only accepts no writes.
/// Aurora's readers show it by this variable alone. No user may set it while the server runs.
#[tokio::test]
async fn read_only_storage_accepts_no_writes() {
    let script = |value: &str| MysqlScript {
        statement: "SHOW GLOBAL VARIABLES".to_owned(),
        answers: vec![MysqlAnswer::Rows(vec![
            vec![Some("innodb_read_only".to_owned()), Some(value.to_owned())],
            vec![Some("read_only".to_owned()), Some("OFF".to_owned())],
        ])],
    };
    for (value, expected) in [("ON", false), ("OFF", true), ("NO_LOCK", false)] {
        let mischief = MysqlMischief::Answers(vec![script(value)]);
        let server = MaliciousMysql::start(mischief, MysqlGreeting::default()).await.unwrap();
        let document = serde_json::json!({
            "engine": "mysql", "host": "localhost", "port": server.port(),
            "username": "app", "password": "app-password", "ssl": false,
        });
        let document = SecretDocument::parse(&document.to_string()).unwrap();
        let login = Login::from_document(&document, &MySql::PROFILE).unwrap();
        let engine = MySql::new(TlsSettings::default(), Settings::default());
        let mut session = engine.connect(&login, Transport::Plaintext, deadline()).await.unwrap();
        let pair = UserPair::of(&username("app"), &MySql::PROFILE).unwrap();
        assert_eq!(session.facts(Some(&pair)).await.unwrap().writable, Some(expected), "{value}");
    }
}

/// An expired account is named as such where the server lets it in.
/// A server that lets an expired account in only to set a new password. A rotation must not bypass the
/// decision to let it expire.
#[tokio::test]
async fn expired_account_that_is_let_in() {
    for flavor in flavors() {
        let lab = own_server(flavor, &[("disconnect_on_expired_password", "OFF")]).await;
        lab.admin(&[&format!("ALTER USER {} PASSWORD EXPIRE", at(&lab.app.username, "%"))]).await;
        let error = lab.connect(&lab.app).await.unwrap().probe(None).await.unwrap_err();
        assert_eq!(error.fault, StatementFault::Expired, "{flavor}");
        let error = lab.change(&lab.app.password, STRONG).await.unwrap_err();
        assert_eq!(error.fault, StatementFault::Expired, "{flavor}");
        assert!(lab.opens(&lab.app.password).await && !lab.opens(STRONG).await, "{flavor}");
    }
}

/// An expired account is named as such where the server refuses its login.
#[tokio::test]
async fn expired_account_that_is_sent_away() {
    for flavor in flavors() {
        let lab = own_server(flavor, &[("disconnect_on_expired_password", "ON")]).await;
        lab.admin(&[&format!("ALTER USER {} PASSWORD EXPIRE", at(&lab.app.username, "%"))]).await;
        let error = lab.connect(&lab.app).await.unwrap_err();
        assert!(matches!(error, ConnectError::Expired(_)), "{flavor}: {error:?}");
    }
}

/// An account that requires a certificate opens only with one.
#[tokio::test]
async fn account_that_requires_a_certificate() {
    for flavor in flavors() {
        let lab = Lab::new(flavor, "REQUIRE X509").await;
        let authority = lab.server.authority();
        let certificate = authority.client("the function");
        let strange = test_servers::TestAuthority::new().client("another-user");
        let connect = |identity: Option<(String, String)>| {
            let mut tls = TlsSettings::default().with_ca_bundle(authority.certificate_pem()).unwrap();
            if let Some((certificate, key)) = identity {
                tls = tls.with_client_identity(&certificate, &key).unwrap();
            }
            let login = lab.login(&lab.app);
            let engine = MySql::new(tls, Settings::default());
            async move { engine.connect(&login, Transport::Tls, deadline()).await }
        };
        let pem = |certificate: &test_servers::TestCertificate| {
            Some((certificate.certificate_pem().to_owned(), certificate.key_pem().to_owned()))
        };
        let error = connect(None).await.unwrap_err();
        assert!(matches!(error, ConnectError::Refused(_)), "{flavor}: {error:?}");
        connect(pem(&certificate)).await.unwrap().probe(None).await.unwrap();
        let error = connect(pem(&strange)).await.unwrap_err();
        assert!(!error.is_refusal(), "{flavor}: a certificate is not a password: {error:?}");
    }
}

/// An account that requires TLS is refused where the secret chooses plaintext.
#[tokio::test]
async fn account_that_requires_tls() {
    for flavor in flavors() {
        let lab = Lab::new(flavor, "").await;
        let document = serde_json::json!({
            "engine": "mysql", "host": lab.server.host(), "port": lab.server.port(), "ssl": false,
            "username": lab.app.username, "password": lab.app.password,
        });
        let document = SecretDocument::parse(&document.to_string()).unwrap();
        let login = Login::from_document(&document, &MySql::PROFILE).unwrap();
        assert_eq!(login.tls, TlsMode::Off);
        let engine = engine(lab.server, Settings::default());
        engine.connect(&login, Transport::Plaintext, deadline()).await.unwrap().probe(None).await.unwrap();
        lab.admin(&[&format!("ALTER USER {} REQUIRE SSL", at(&lab.app.username, "%"))]).await;
        let error = engine.connect(&login, Transport::Plaintext, deadline()).await.unwrap_err();
        assert!(matches!(error, ConnectError::Refused(_)), "{flavor}: {error:?}");
    }
}
