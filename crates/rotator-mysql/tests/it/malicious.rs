//! Servers that are not the database, or that ask for more than they may get.

use std::time::{Duration, Instant};

use database_net::TlsSettings;
use rotation_core::{Deadline, SecretDocument};
use rotation_database::{
    ConnectError, Engine, Login, Session, StatementError, StatementFault, TlsMode, Transport,
};
use rotator_mysql::{MySql, MysqlSession, Settings};
use test_servers::{
    MaliciousMysql, Moment, MysqlAnswer, MysqlGreeting, MysqlMischief, MysqlScript, TestAuthority,
};

/// The password that must not be seen.
const CANARY: &str = "canary in the clear 1A";

/// A public key that a server could have, whose private half was discarded.
const KEY: &str = "\
-----BEGIN PUBLIC KEY-----\n\
MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEAqy9dv1mB5cYrEkvD45tm\n\
CGXHDGphuS6K3Ir87xhkmrJ8YnTyKfNeBSBWSCnckhJe0UH7yRW2rVC1Ms9gX5ot\n\
9G0enMQ808HYwYoLer5sWB+Ob0nj7NZ7NkdvAYC9FJbc5HiN+XHdrz5kzL1WNNS9\n\
NhbcncBrxfS9BGiiPLrx9DFCFosFRV9dfMcBVb6dmcdaNUi6vJnrFv63AxEbdAFS\n\
VEqu5rJwdWQMzg/KxTwsZyRrAkm7uZs9egtnNq6ognJPoFTPSLeHNMUzEyc+gmtT\n\
IvTiJLrtHlhsuDSAv2X3q/5udeGTYVCEC68VdlOA2IwOZIPiHwnFK4+CdI/Whg7f\n\
xQIDAQAB\n\
-----END PUBLIC KEY-----\n";

/// A key that is too short to protect anything.
const SHORT_KEY: &str = "\
-----BEGIN PUBLIC KEY-----\n\
MIGfMA0GCSqGSIb3DQEBAQUAA4GNADCBiQKBgQDQ37V4F60Zr67O9jyoJdlg+vGk\n\
3vwjVvEJh0WSr1mm8WNUwT0dBEQcsSDqJRol/19tbNOhZyXOJXF1bHL8AxWjS/fL\n\
ywpOGxdcWWFziauUgXP2O7UDwZtwkTjz1imUAa+PaivtfOs2JF9zmQVmdKOkBhR6\n\
YnV2u6MntNe7M2YUcwIDAQAB\n\
-----END PUBLIC KEY-----\n";

/// How the connection is made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Way {
    Tls,
    /// Over plaintext, because the server offers no TLS.
    Fallback,
    /// Over plaintext, because the secret asks for it.
    Chosen,
}

const WAYS: [Way; 3] = [Way::Tls, Way::Fallback, Way::Chosen];

/// A malicious server and the way to it.
struct Scene {
    malicious: MaliciousMysql,
    authority: TestAuthority,
    way: Way,
}

impl Scene {
    async fn new(mischief: &MysqlMischief, plugin: &str, way: Way) -> Self {
        let authority = TestAuthority::new();
        let tls = (way == Way::Tls).then(|| authority.server());
        let greeting = MysqlGreeting { plugin: plugin.to_owned(), tls, ..MysqlGreeting::default() };
        Self { malicious: MaliciousMysql::start(mischief.clone(), greeting).await.unwrap(), authority, way }
    }

    /// One attempt, which must have ended by the deadline.
    async fn connect(&self, deadline: Deadline) -> Result<MysqlSession, ConnectError> {
        let document = serde_json::json!({
            "engine": "mysql", "host": "localhost", "port": self.malicious.port(),
            "username": "app", "password": CANARY,
        });
        let document = SecretDocument::parse(&document.to_string()).unwrap();
        let mut login = Login::from_document(&document, &MySql::PROFILE).unwrap();
        if self.way == Way::Chosen {
            login.tls = TlsMode::Off;
        }
        let transport = if self.way == Way::Tls { Transport::Tls } else { Transport::Plaintext };
        let tls = TlsSettings::default().with_ca_bundle(self.authority.certificate_pem()).unwrap();
        MySql::new(tls, Settings::default()).connect(&login, transport, deadline).await
    }

    /// The first statement of a client that has been let in, within this time as the caller bounds it.
    async fn probe(&self, time: Duration) -> Result<(), StatementError> {
        let mut session = self.connect(long()).await.unwrap();
        let late = || StatementError::new(StatementFault::TimedOut);
        Deadline::after(time).bound(session.probe(None)).await.unwrap_or_else(|_| Err(late()))
    }

    fn saw(&self, bytes: &[u8]) -> bool {
        self.malicious.received().windows(bytes.len()).any(|window| window == bytes)
    }

    #[track_caller]
    fn assert_kept(&self) {
        assert!(!self.saw(CANARY.as_bytes()), "{:?}: the password was sent in cleartext", self.way);
        assert_eq!(self.malicious.connections(), 1, "{:?}: a refused login is not repeated", self.way);
    }
}

const SOON: Duration = Duration::from_millis(500);
/// A client that waits for longer than this, even on a busy machine, waits for an answer that never comes.
const HANGS: Duration = Duration::from_mins(1);

/// Far beyond what the case takes; with the time that it took.
async fn timed<T>(work: impl Future<Output = T>) -> T {
    let started = Instant::now();
    let done = work.await;
    assert!(started.elapsed() < HANGS, "{:?}", started.elapsed());
    done
}

/// What ends by itself does so earlier, on a busy machine as well.
const LONG: Duration = Duration::from_mins(5);

fn long() -> Deadline {
    Deadline::after(LONG)
}

/// A server that asks for the password in cleartext gets nothing.
#[tokio::test]
async fn cleartext_request_gets_nothing() {
    for way in WAYS {
        for plugin in ["caching_sha2_password", "mysql_native_password", "mysql_clear_password", "dialog"] {
            let scene = Scene::new(&MysqlMischief::SwitchesTo("mysql_clear_password"), plugin, way).await;
            let error = timed(scene.connect(long())).await.unwrap_err();
            assert!(matches!(error, ConnectError::AuthenticationMethod(_)), "{way:?} {plugin}: {error:?}");
            assert!(scene.saw(b"app"), "{way:?} {plugin}: the login was not even tried");
            scene.assert_kept();
        }
    }
}

/// A key of the server hides the password only where the secret chooses plaintext.
#[tokio::test]
async fn server_key_only_on_chosen_plaintext() {
    for plugin in ["caching_sha2_password", "sha256_password"] {
        for mischief in [MysqlMischief::OffersKey(KEY.to_owned()), MysqlMischief::PushesKey(KEY.to_owned())] {
            let scene = Scene::new(&mischief, plugin, Way::Fallback).await;
            let error = timed(scene.connect(long())).await.unwrap_err();
            assert!(matches!(error, ConnectError::AuthenticationMethod(_)), "{plugin}: {error:?}");
            assert!(scene.malicious.received().len() < 256, "{plugin}: something encrypted was sent");
            scene.assert_kept();

            let scene = Scene::new(&mischief, plugin, Way::Chosen).await;
            let error = timed(scene.connect(long())).await.unwrap_err();
            assert!(matches!(error, ConnectError::Refused(_)), "{plugin}: {error:?}");
            assert!(scene.malicious.received().len() > 256, "{plugin}: nothing encrypted was sent");
            scene.assert_kept();
        }
    }
}

/// What is no good key gets nothing.
#[tokio::test]
async fn invalid_key_gets_nothing() {
    for key in [SHORT_KEY, "no key", "", &KEY[..200]] {
        let mischief = MysqlMischief::OffersKey(key.to_owned());
        let scene = Scene::new(&mischief, "caching_sha2_password", Way::Chosen).await;
        let error = timed(scene.connect(long())).await.unwrap_err();
        assert!(matches!(error, ConnectError::Protocol(_)), "{key:?}: {error:?}");
        assert!(scene.malicious.received().len() < 256, "{key:?}: something encrypted was sent");
        scene.assert_kept();
    }
    let mischief = MysqlMischief::PushesKey(KEY.to_owned());
    let scene = Scene::new(&mischief, "mysql_native_password", Way::Chosen).await;
    let error = timed(scene.connect(long())).await.unwrap_err();
    assert!(matches!(error, ConnectError::Protocol(_)), "{error:?}");
    scene.assert_kept();
}

/// A server that asks for a local file gets nothing.
#[tokio::test]
async fn local_file_request_gets_nothing() {
    for way in WAYS {
        let script = MysqlScript {
            statement: "SELECT".to_owned(),
            answers: vec![MysqlAnswer::LocalFile("/etc/hostname".to_owned())],
        };
        let scene = Scene::new(&MysqlMischief::Answers(vec![script]), "caching_sha2_password", way).await;
        let error = timed(scene.probe(LONG)).await.unwrap_err();
        assert_eq!(error.fault, StatementFault::ConnectionLost, "{way:?}");
        // The statement is followed by COM_QUIT, and nothing else.
        let received = scene.malicious.received();
        let expected = b"\x03SELECT NOW(), CURRENT_USER()".as_slice();
        let end = received.strip_suffix(b"\x01").unwrap_or(&received);
        assert!(end.ends_with(expected), "{way:?}: {:?}", String::from_utf8_lossy(&received));
        scene.assert_kept();
    }
}

/// The most that the system's buffers on both sides hold of data that nobody reads.
const BUFFERED: u64 = 16 * 1024 * 1024;

/// Packets of 16 MiB are refused by their header, before their body is read.
#[tokio::test]
async fn packets_of_16_mib() {
    for way in WAYS {
        for moment in [Moment::Greeting, Moment::Login, Moment::Statement] {
            let mischief = MysqlMischief::Oversized(moment);
            let scene = Scene::new(&mischief, "caching_sha2_password", way).await;
            if moment == Moment::Statement {
                let error = timed(scene.probe(LONG)).await.unwrap_err();
                assert_eq!(error.fault, StatementFault::ConnectionLost, "{way:?}");
            } else {
                let error = timed(scene.connect(long())).await.unwrap_err();
                assert!(matches!(error, ConnectError::Protocol(_)), "{way:?} {moment:?}: {error:?}");
            }
            assert!(
                scene.malicious.sent() < BUFFERED,
                "{way:?} {moment:?}: {} bytes",
                scene.malicious.sent()
            );
            scene.assert_kept();
        }
    }
}

/// Rows without end are given up while they fit into memory.
/// A null is one byte on the wire and more in memory, which is what counts.
#[tokio::test]
async fn endless_rows_fit_into_memory() {
    for columns in [1, 250] {
        let script =
            MysqlScript { statement: "SELECT".to_owned(), answers: vec![MysqlAnswer::Nulls(columns)] };
        let mischief = MysqlMischief::Answers(vec![script]);
        let scene = Scene::new(&mischief, "caching_sha2_password", Way::Chosen).await;
        let error = scene.probe(LONG).await.unwrap_err();
        assert_eq!(error.fault, StatementFault::ConnectionLost, "{columns} columns");
        // Per row: a header of 4 bytes and a byte for each null here, a vector of text fields there.
        let row = 4 + u64::from(columns);
        let kept = size_of::<Vec<Option<String>>>() + usize::from(columns) * size_of::<Option<String>>();
        let most = 16 * 1024 * 1024 / u64::try_from(kept).unwrap() * row;
        let sent = scene.malicious.sent();
        assert!(sent < most + BUFFERED / 2, "{columns} columns: {sent} bytes, at most {most} were due");
    }
}

/// A server that is silent or sends single bytes keeps the client no longer than the deadline.
#[tokio::test]
async fn silence_and_drip_feed() {
    for way in WAYS {
        for moment in [Moment::Greeting, Moment::Login, Moment::Statement] {
            for mischief in
                [MysqlMischief::Silent(moment), MysqlMischief::DripFeed(moment, Duration::from_millis(50))]
            {
                let scene = Scene::new(&mischief, "caching_sha2_password", way).await;
                if moment == Moment::Statement {
                    let error = timed(scene.probe(SOON)).await.unwrap_err();
                    assert_eq!(error.fault, StatementFault::TimedOut, "{way:?} {mischief:?}");
                } else {
                    let error = timed(scene.connect(Deadline::after(SOON))).await.unwrap_err();
                    assert!(matches!(error, ConnectError::TimedOut), "{way:?} {mischief:?}: {error:?}");
                }
                scene.assert_kept();
            }
        }
    }
}

/// Refusals are distinguished by their number, and their words are not repeated.
#[tokio::test]
async fn refusals_by_number_without_their_words() {
    let cases = [
        (1045, "Refused"),
        (3118, "Locked"),
        (1862, "Expired"),
        (1040, "TooManyConnections"),
        (1049, "NoDatabase"),
        (1130, "AccessRule"),
        (3159, "TlsRequired"),
        (1251, "AuthenticationMethod"),
        (1053, "NotReady"),
        (1064, "Protocol"),
        (2000, "Proxy"),
    ];
    for way in WAYS {
        for (code, expected) in cases {
            let mischief = MysqlMischief::RefusesLogin(code, format!("the password was '{CANARY}'"));
            let scene = Scene::new(&mischief, "caching_sha2_password", way).await;
            let error = timed(scene.connect(long())).await.unwrap_err();
            let shown = format!("{error:?}");
            assert_eq!(shown, format!("{expected}(Cause(\"error {code}\"))"), "{way:?}");
            scene.assert_kept();
        }
    }
}

/// A server without TLS learns nothing where TLS is due.
#[tokio::test]
async fn no_tls_learns_nothing() {
    let authority = TestAuthority::new();
    let greeting = MysqlGreeting::default();
    let malicious = MaliciousMysql::start(MysqlMischief::Silent(Moment::Login), greeting).await.unwrap();
    let scene = Scene { malicious, authority, way: Way::Tls };
    let error = timed(scene.connect(long())).await.unwrap_err();
    assert!(matches!(error, ConnectError::TlsUnavailable), "{error:?}");
    assert!(scene.malicious.received().is_empty());
}
