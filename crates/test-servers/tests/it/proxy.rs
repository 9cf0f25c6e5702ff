use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use test_servers::{
    PostgresServer, PostgresVersion, Proxy, ServerTls, TestLogin,
    proxy::{Action, Fault, Point},
};
use tokio_postgres::{Config, NoTls, config::SslMode};
use tokio_postgres_rustls::MakeRustlsConnect;

/// Longer than anything here takes when nothing hangs.
const PATIENCE: Duration = Duration::from_secs(2);

/// A server, a table for the test, and a proxy in front.
struct Scene {
    server: &'static PostgresServer,
    login: TestLogin,
    database: String,
    proxy: Proxy,
}

/// What a client saw and what the server did.
#[derive(Debug, PartialEq, Eq)]
enum Outcome {
    Succeeded,
    Failed { applied: bool },
    Hung { applied: bool },
}

impl Scene {
    async fn set() -> Self {
        let server = PostgresServer::shared(PostgresVersion::V16).unwrap();
        let login = server.create_role("").await.unwrap();
        let database = server.create_database().await.unwrap();
        let sql = format!("CREATE TABLE done (at int); GRANT ALL ON done TO {}", login.username);
        server.execute(&database, &sql).await.unwrap();
        let proxy = Proxy::start(server.host(), server.port()).await.unwrap();
        Self { server, login, database, proxy }
    }

    fn config(&self, ssl_mode: SslMode) -> Config {
        let mut config = Config::new();
        config
            .host("localhost")
            .port(self.proxy.port())
            .user(&self.login.username)
            .password(&self.login.password)
            .dbname(&self.database)
            .ssl_mode(ssl_mode);
        config
    }

    /// Connects, writes one row, leaves; then reads the table behind the proxy.
    async fn write(&self, ssl_mode: SslMode) -> Outcome {
        let before = self.rows().await;
        let tls = MakeRustlsConnect::new(trusting(self.server));
        let session = async {
            let (client, connection) = self.config(ssl_mode).connect(tls).await?;
            let connection = tokio::spawn(connection);
            let written = client.batch_execute("INSERT INTO done VALUES (1)").await;
            drop(client);
            let _ = connection.await;
            written
        };
        let seen = tokio::time::timeout(PATIENCE, session).await;
        let applied = self.rows().await > before;
        match seen {
            Ok(Ok(())) => {
                assert!(applied);
                Outcome::Succeeded
            }
            Ok(Err(_)) => Outcome::Failed { applied },
            Err(_) => Outcome::Hung { applied },
        }
    }

    async fn rows(&self) -> usize {
        self.server.query(&self.database, "SELECT at FROM done").await.unwrap().len()
    }
}

fn trusting(server: &PostgresServer) -> rustls::ClientConfig {
    use rustls::pki_types::{CertificateDer, pem::PemObject};
    let mut roots = rustls::RootCertStore::empty();
    let authority = server.authority().certificate_pem().as_bytes();
    roots.add(CertificateDer::from_pem_slice(authority).unwrap()).unwrap();
    rustls::ClientConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth()
}

/// Without a fault everything passes and is counted.
#[tokio::test]
async fn without_a_fault_everything_passes() {
    if !PostgresVersion::V16.is_to_be_tested() {
        return;
    }
    let scene = Scene::set().await;
    assert_eq!(scene.write(SslMode::Disable).await, Outcome::Succeeded);
    // Startup, two messages of SCRAM, the query, and Terminate.
    assert_eq!((scene.proxy.connections(), scene.proxy.messages()), (1, 5));
    assert_eq!(scene.write(SslMode::Require).await, Outcome::Succeeded);
    assert_eq!(scene.proxy.connections(), 2);
    assert!(scene.proxy.messages() >= 7, "{} messages and records", scene.proxy.messages());
    assert_eq!(scene.server.logins_of(&scene.login.username), 2);
    let received = scene.proxy.received();
    assert!(contains(&received, b"INSERT") && !contains(&received, scene.login.password.as_bytes()));
}

/// A connection ends exactly at the message that was chosen.
#[tokio::test]
async fn connection_ends_at_the_chosen_message() {
    if !PostgresVersion::V16.is_to_be_tested() {
        return;
    }
    let scene = Scene::set().await;
    let query = 4;
    for message in 1..=5 {
        for (action, applied_at_query) in [(Action::Cut, false), (Action::CutReply, true)] {
            scene.proxy.set_fault(Fault::At(Point::Message(message), action));
            let expected = match message {
                5 => Outcome::Succeeded,
                _ => Outcome::Failed { applied: message == query && applied_at_query },
            };
            assert_eq!(scene.write(SslMode::Disable).await, expected, "{action:?} at {message}");
        }
    }
    for (action, applied) in [(Action::Hang, false), (Action::HangReply, true)] {
        scene.proxy.set_fault(Fault::At(Point::Message(query), action));
        assert_eq!(scene.write(SslMode::Disable).await, Outcome::Hung { applied }, "{action:?}");
    }
}

/// Under TLS, a sweep over the records reaches every state.
#[tokio::test]
async fn sweep_over_tls_records() {
    if !PostgresVersion::V16.is_to_be_tested() {
        return;
    }
    let scene = Scene::set().await;
    assert_eq!(scene.write(SslMode::Require).await, Outcome::Succeeded);
    let messages = scene.proxy.messages();
    let mut outcomes = Vec::new();
    for message in 1..=messages {
        scene.proxy.set_fault(Fault::At(Point::Message(message), Action::CutReply));
        outcomes.push(scene.write(SslMode::Require).await);
    }
    let count = |outcome: Outcome| outcomes.iter().filter(|&seen| *seen == outcome).count();
    assert_eq!(count(Outcome::Failed { applied: true }), 1, "{outcomes:?}");
    assert!(count(Outcome::Failed { applied: false }) >= 5, "{outcomes:?}");
    assert_eq!(
        count(Outcome::Hung { applied: false }) + count(Outcome::Hung { applied: true }),
        0,
        "{outcomes:?}"
    );
}

/// A stripped TLS shows which client would continue in plaintext.
#[tokio::test]
async fn stripped_tls_shows_plaintext_clients() {
    if !PostgresVersion::V16.is_to_be_tested() {
        return;
    }
    let scene = Scene::set().await;
    scene.proxy.set_fault(Fault::StripTls);
    assert_eq!(scene.write(SslMode::Require).await, Outcome::Failed { applied: false });
    assert!(!contains(&scene.proxy.received(), scene.login.username.as_bytes()));
    assert_eq!(scene.write(SslMode::Prefer).await, Outcome::Succeeded);
    assert!(contains(&scene.proxy.received(), scene.login.username.as_bytes()));
}

/// Bytes, delays and scripts have the effect that they name.
#[tokio::test]
async fn bytes_delays_and_scripts() {
    if !PostgresVersion::V16.is_to_be_tested() {
        return;
    }
    let scene = Scene::set().await;
    scene.proxy.set_fault(Fault::At(Point::Byte(10), Action::Cut));
    assert_eq!(scene.write(SslMode::Disable).await, Outcome::Failed { applied: false });

    scene.proxy.set_fault(Fault::Delay(Duration::from_millis(50)));
    let started = Instant::now();
    assert_eq!(scene.write(SslMode::Disable).await, Outcome::Succeeded);
    assert!(started.elapsed() >= Duration::from_millis(4 * 50), "{:?}", started.elapsed());

    scene.proxy.set_fault(Fault::None);
    scene.proxy.script([Fault::At(Point::Message(1), Action::Cut), Fault::None, Fault::StripTls]);
    let mut seen = Vec::new();
    for _ in 0..4 {
        seen.push(scene.write(SslMode::Require).await == Outcome::Succeeded);
    }
    assert_eq!(seen, [false, true, false, true]);
}

/// A proxy that is gone, or has no server, refuses connections.
#[tokio::test]
async fn gone_or_without_a_server() {
    if !PostgresVersion::V16.is_to_be_tested() {
        return;
    }
    let nowhere = Proxy::start("127.0.0.1", 1).await.unwrap();
    let config = format!("host=127.0.0.1 port={} user=app", nowhere.port());
    assert!(tokio_postgres::connect(&config, NoTls).await.is_err());

    let server = PostgresServer::builder(PostgresVersion::V16).tls(ServerTls::Off).start().unwrap();
    let proxy = Proxy::start("127.0.0.1", server.port()).await.unwrap();
    let mut config: Config = format!("host=127.0.0.1 port={} dbname=postgres", proxy.port()).parse().unwrap();
    config.user(&server.admin().username).password(&server.admin().password);
    let (client, connection) = config.connect(NoTls).await.unwrap();
    let connection = tokio::spawn(connection);
    client.batch_execute("SELECT 1").await.unwrap();
    drop(proxy);
    tokio::time::timeout(PATIENCE, client.batch_execute("SELECT 1")).await.unwrap().unwrap_err();
    let _ = connection.await;
}

fn contains(haystack: &[u8], needle: &[u8]) -> bool {
    haystack.windows(needle.len()).any(|window| window == needle)
}
