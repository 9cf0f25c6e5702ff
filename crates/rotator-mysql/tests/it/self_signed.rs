//! MariaDB 11.4 and later offer TLS with a certificate that they make at each start: self-signed, without a
//! name.

use std::sync::Arc;

use database_net::{TlsClient, TlsSettings};
use rotation_core::{Reader, SecretDocument};
use rotation_database::{ConnectError, Engine, Login, Session, TlsFault, Transport};
use rotation_suites::EngineScene;
use rotator_mysql::{MariaDb, MysqlSession, SelfSigned, Settings};
use rustls::pki_types::ServerName;
use test_servers::{
    MaliciousMysql, MysqlGreeting, MysqlMischief, MysqlServer, MysqlVersion, TestAuthority, TestLogin,
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
};
use tokio_rustls::{TlsAcceptor, TlsConnector};

use crate::{
    fixture::{Lab, create_master, deadline},
    signing_plugins::identify,
};

const NEW: &str = "Pending-password-1";

fn is_tested() -> bool {
    MysqlVersion::MariaDb11.is_to_be_tested()
}

/// A server with a certificate of its own making, and the plugins by which it can prove that.
async fn lab(self_signed: SelfSigned) -> Lab {
    let builder = MysqlServer::builder(MysqlVersion::MariaDb11).own_certificate();
    let server: &'static MysqlServer = Box::leak(Box::new(builder.start().unwrap()));
    server.execute(&["INSTALL SONAME 'auth_ed25519'", "INSTALL SONAME 'auth_parsec'"]).await.unwrap();
    let app = server.create_user("").await.unwrap();
    let settings = Settings { self_signed, ..Settings::default() };
    Lab { server, app, master: create_master(server).await, settings }
}

/// A login at this port, of the server or of what replaces it.
async fn connect(
    port: u16,
    login: &TestLogin,
    self_signed: SelfSigned,
) -> Result<MysqlSession, ConnectError> {
    let document = serde_json::json!({
        "engine": "mariadb", "host": "localhost", "port": port,
        "username": login.username, "password": login.password,
    });
    let document = SecretDocument::parse(&document.to_string()).unwrap();
    let login = Login::from_document(&document, &MariaDb::PROFILE).unwrap();
    let settings = Settings { self_signed, ..Settings::default() };
    MariaDb::new(TlsSettings::default(), settings).connect(&login, Transport::Tls, deadline()).await
}

#[track_caller]
fn assert_unproven(error: &ConnectError, expected: &str) {
    let ConnectError::TlsInvalid { fault: TlsFault::SelfSigned, source } = error else { panic!("{error:?}") };
    assert!(source.to_string().contains(expected), "{source}");
    assert!(source.remedy().is_some_and(|remedy| remedy.contains("TLS_SELF_SIGNED=prove")), "{error:?}");
}

/// A failed proof, for which the setting that is already on is no remediation.
#[track_caller]
fn assert_disproved(error: &ConnectError) {
    let ConnectError::TlsInvalid { fault: TlsFault::SelfSigned, source } = error else { panic!("{error:?}") };
    assert!(source.to_string().contains("did not prove"), "{source}");
    let remedy = source.remedy().unwrap_or_default();
    assert!(remedy.contains("man-in-the-middle") && remedy.contains("fingerprint"), "{remedy}");
    assert!(!remedy.contains("TLS_SELF_SIGNED") && !remedy.contains("INSTALL SONAME"), "{remedy}");
}

/// A self-signed server is refused unless it may prove itself.
/// The user's name is never sent, and the remediation names two ways that work.
#[tokio::test]
async fn refused_unless_the_server_proves_itself() {
    if !is_tested() {
        return;
    }
    let mut lab = lab(SelfSigned::Refuse).await;
    let error = lab.set_secret(NEW).await.unwrap_err();
    assert_eq!(error.code().name(), "TLS_SELF_SIGNED");
    let hint = error.remediation(Reader::Operator);
    assert!(hint.contains("TLS_SELF_SIGNED=prove") && hint.contains("ssl_cert"), "{hint}");
    assert_eq!(lab.server.failed_logins_of(&lab.app.username) + lab.server.logins_of(&lab.app.username), 0);

    // As the hint advises.
    identify(&lab, "ed25519").await;
    lab.settings.self_signed = SelfSigned::Prove;
    lab.set_secret(NEW).await.unwrap();
    assert!(lab.opens(NEW).await);
}

/// A single user rotates once the server has proved itself.
#[tokio::test]
async fn single_user_rotates_after_the_proof() {
    if !is_tested() {
        return;
    }
    let lab = lab(SelfSigned::Prove).await;
    for plugin in ["ed25519", "parsec"] {
        identify(&lab, plugin).await;
        let old = lab.app.password.clone();
        lab.change(&old, NEW).await.unwrap();
        assert!(lab.opens(NEW).await && !lab.opens(&old).await, "{plugin}");
        // Another certificate.
        lab.admin(&["FLUSH SSL"]).await;
        assert!(lab.opens(NEW).await, "{plugin}");
        let login = TestLogin { password: NEW.to_owned(), ..lab.app.clone() };
        let facts = lab.connect(&login).await.unwrap().facts(None).await.unwrap();
        assert!(facts.notes.iter().any(|note| note.contains("self-signed")), "{:?}", facts.notes);
        assert!(!lab.server.log().contains(NEW), "{plugin}: a password is in a log");
    }
}

/// A pair rotates once the server has proved itself.
#[tokio::test]
async fn pair_rotates_after_the_proof() {
    if !is_tested() {
        return;
    }
    let lab = lab(SelfSigned::Prove).await;
    identify(&lab, "parsec").await;
    let clone = lab.clone();
    let TestLogin { username, password } = &lab.master;
    lab.admin(&[&format!("ALTER USER '{username}'@'%' IDENTIFIED VIA ed25519 USING PASSWORD('{password}')")])
        .await;
    lab.rotate_to(&clone).await.unwrap();
    lab.connect(&clone).await.unwrap().probe(None).await.unwrap();
}

/// An account of another plugin shows an unproven server nothing.
/// Its proof would be a hash that is easy to guess.
#[tokio::test]
async fn other_plugin_shows_nothing() {
    if !is_tested() {
        return;
    }
    let lab = lab(SelfSigned::Prove).await;
    let error = connect(lab.server.port(), &lab.app, SelfSigned::Prove).await.unwrap_err();
    assert_unproven(&error, "cannot prove itself");
    for plugin in ["mysql_native_password", "caching_sha2_password", "sha256_password"] {
        let server = scripted(MysqlMischief::SwitchesTo(plugin), TestAuthority::self_signed()).await;
        let error = connect(server.port(), &lab.app, SelfSigned::Prove).await.unwrap_err();
        assert_unproven(&error, "cannot prove itself");
        let received = server.received();
        // The user's name, an empty answer, the plugin; and nothing after the attributes.
        let login = [lab.app.username.as_bytes(), b"\0\0client_ed25519\0"].concat();
        assert_eq!(received.windows(login.len()).filter(|window| *window == login).count(), 1);
        assert!(received.ends_with(b"secret-rotation"), "{:?}", String::from_utf8_lossy(&received));
    }
}

async fn scripted(mischief: MysqlMischief, certificate: test_servers::TestCertificate) -> MaliciousMysql {
    let greeting = MysqlGreeting {
        version: "11.8.9-MariaDB".to_owned(),
        plugin: "mysql_native_password".to_owned(),
        tls: Some(certificate),
    };
    MaliciousMysql::start(mischief, greeting).await.unwrap()
}

/// A server that proves nothing gets no statement.
/// A server that lets every user in proves nothing, and receives no statement.
#[tokio::test]
async fn proofless_server_gets_no_statement() {
    let server = scripted(MysqlMischief::Answers(Vec::new()), TestAuthority::self_signed()).await;
    let login = TestLogin { username: "app".to_owned(), password: "of-the-app-1".to_owned() };
    let error = connect(server.port(), &login, SelfSigned::Prove).await.unwrap_err();
    assert_disproved(&error);
    assert!(server.statements().is_empty(), "{:?}", server.statements());
}

/// A server that asks for too many rounds is refused.
/// An unproven server causes no work: no rounds beyond those that MariaDB stores, and parameters once.
#[tokio::test]
async fn excessive_rounds_are_refused() {
    let login = TestLogin { username: "app".to_owned(), password: "of-the-app-1".to_owned() };
    for factors in [&[4_u8][..], &[10], &[22], &[32], &[255], &[0, 0]] {
        let mischief = MysqlMischief::AsksForRounds(factors.to_vec());
        let server = scripted(mischief, TestAuthority::self_signed()).await;
        let error = connect(server.port(), &login, SelfSigned::Prove).await.unwrap_err();
        assert!(matches!(error, ConnectError::Protocol(_)), "{factors:?}: {error:?}");
    }
}

/// A certificate with another fault is refused.
/// Every other fault of a certificate is still an error.
#[tokio::test]
async fn another_certificate_fault_is_refused() {
    let authority = TestAuthority::new();
    let login = TestLogin { username: "app".to_owned(), password: "of-the-app-1".to_owned() };
    for certificate in [authority.server(), authority.expired(), TestAuthority::unknown()] {
        let server = scripted(MysqlMischief::Answers(Vec::new()), certificate).await;
        let error = connect(server.port(), &login, SelfSigned::Prove).await.unwrap_err();
        let ConnectError::TlsInvalid { fault, .. } = error else { panic!("{error:?}") };
        assert_ne!(fault, TlsFault::SelfSigned);
        assert!(server.statements().is_empty());
    }
    // The proof is MariaDB's from 11.4 on.
    let greeting = MysqlGreeting { tls: Some(TestAuthority::self_signed()), ..MysqlGreeting::default() };
    let server = MaliciousMysql::start(MysqlMischief::Answers(Vec::new()), greeting).await.unwrap();
    let error = connect(server.port(), &login, SelfSigned::Prove).await.unwrap_err();
    assert!(matches!(error, ConnectError::TlsInvalid { fault: TlsFault::SelfSigned, .. }), "{error:?}");
    assert!(server.received().len() < 64, "the user's name was sent");
}

/// A man-in-the-middle gets no statement.
/// A man-in-the-middle passes everything on between two TLS connections. The login succeeds, the proof is
/// about another certificate, and no statement follows.
#[tokio::test]
async fn man_in_the_middle_gets_no_statement() {
    if !is_tested() {
        return;
    }
    let lab = lab(SelfSigned::Prove).await;
    let port = intercept(lab.server.port()).await;
    for plugin in ["ed25519", "parsec"] {
        identify(&lab, plugin).await;
        connect(lab.server.port(), &lab.app, SelfSigned::Prove).await.unwrap().probe(None).await.unwrap();
        let queries = lab.server.general_log().matches("Query").count();
        let error = connect(port, &lab.app, SelfSigned::Prove).await.unwrap_err();
        assert_disproved(&error);
        assert_eq!(lab.server.general_log().matches("Query").count(), queries, "{plugin}");
    }
}

/// The port of a man-in-the-middle.
async fn intercept(server: u16) -> u16 {
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let certificate = TestAuthority::self_signed();
    tokio::spawn(async move {
        while let Ok((client, _)) = listener.accept().await {
            let _ = pass_on(client, server, TlsAcceptor::from(certificate.server_config())).await;
        }
    });
    port
}

async fn pass_on(mut client: TcpStream, server: u16, acceptor: TlsAcceptor) -> std::io::Result<()> {
    let mut server = TcpStream::connect(("127.0.0.1", server)).await?;
    // The greeting, then the request for TLS.
    for from_server in [true, false] {
        let (source, sink) =
            if from_server { (&mut server, &mut client) } else { (&mut client, &mut server) };
        let mut head = [0; 4];
        source.read_exact(&mut head).await?;
        let mut payload = vec![0; usize::from(head[0]) | usize::from(head[1]) << 8];
        source.read_exact(&mut payload).await?;
        sink.write_all(&[&head[..], &payload].concat()).await?;
    }
    let name = ServerName::try_from("localhost").unwrap();
    let config = TlsClient::new(&TlsSettings::default()).taking_self_signed();
    let mut server = TlsConnector::from(Arc::clone(&config)).connect(name, server).await?;
    let mut client = acceptor.accept(client).await?;
    tokio::io::copy_bidirectional(&mut client, &mut server).await.map(|_| ())
}

/// A wrong password is refused by an unproven server too.
/// A refused password also counts as refused where the server has not proved itself: another one is tried,
/// and no label moves because of it.
#[tokio::test]
async fn wrong_password_is_refused() {
    if !is_tested() {
        return;
    }
    let lab = lab(SelfSigned::Prove).await;
    for plugin in ["ed25519", "parsec"] {
        identify(&lab, plugin).await;
        let wrong = TestLogin { password: "wrong-password-1".to_owned(), ..lab.app.clone() };
        let error = connect(lab.server.port(), &wrong, SelfSigned::Prove).await.unwrap_err();
        assert!(matches!(error, ConnectError::Refused(_)), "{plugin}: {error:?}");
        assert!(error.is_refusal() && !error.is_certain_refusal(), "{plugin}: {error:?}");
    }
    lab.set_secret(NEW).await.unwrap();
}

/// A refusal by an unproven server is not the server's word.
/// A man-in-the-middle can report that a password is refused, so this does not count as the server's answer.
#[tokio::test]
async fn unproven_refusal_is_not_the_servers() {
    let login = TestLogin { username: "app".to_owned(), password: "of-the-app-1".to_owned() };
    let refuses = MysqlMischief::RefusesLogin(1045, "denied".to_owned());
    let server = scripted(refuses.clone(), TestAuthority::self_signed()).await;
    let error = connect(server.port(), &login, SelfSigned::Prove).await.unwrap_err();
    assert!(error.is_refusal() && !error.is_certain_refusal(), "{error:?}");

    let authority = TestAuthority::new();
    let server = scripted(refuses, authority.server()).await;
    let tls = TlsSettings::default().with_ca_bundle(authority.certificate_pem()).unwrap();
    let settings = Settings { self_signed: SelfSigned::Prove, ..Settings::default() };
    let document = serde_json::json!({
        "engine": "mariadb", "host": "localhost", "port": server.port(),
        "username": "app", "password": "of-the-app-1",
    });
    let document = SecretDocument::parse(&document.to_string()).unwrap();
    let login = Login::from_document(&document, &MariaDb::PROFILE).unwrap();
    let engine = MariaDb::new(tls, settings);
    let error = engine.connect(&login, Transport::Tls, deadline()).await.unwrap_err();
    assert!(error.is_certain_refusal(), "a verified server was not believed: {error:?}");
}
