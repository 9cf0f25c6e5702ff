use std::{
    os::unix::fs::PermissionsExt,
    path::Path,
    process::Command,
    sync::Arc,
    time::{Duration, Instant},
};

use rustls::{
    ClientConfig, RootCertStore,
    pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject},
};
use test_servers::{
    LaunchError, PostgresServer, PostgresVersion, QueryError, ServerTls, Stop, TestAuthority,
    TestCertificate, TestLogin,
};
use tokio_postgres::config::SslMode;
use tokio_postgres_rustls::MakeRustlsConnect;

fn refused(result: Result<(), QueryError>) -> String {
    result.unwrap_err().code.expect("the server answers")
}

/// Every tested version starts and reports that it is that version.
#[tokio::test]
async fn every_version_starts_as_itself() {
    for version in PostgresVersion::EVERY.into_iter().filter(|version| version.is_to_be_tested()) {
        let server = PostgresServer::shared(version).unwrap();
        let rows = server.query("postgres", "SHOW server_version").await.unwrap();
        let reported = rows[0][0].as_deref().unwrap();
        assert!(reported.starts_with(&format!("{}.", version.major())), "{version} reports {reported}");
    }
}

/// Roles log in by SCRAM, and refused logins are counted by user.
#[tokio::test]
async fn scram_roles_and_counted_refusals() {
    if !PostgresVersion::V16.is_to_be_tested() {
        return;
    }
    let server = PostgresServer::shared(PostgresVersion::V16).unwrap();
    let database = server.create_database().await.unwrap();
    let login = server.create_role("").await.unwrap();
    server.try_login(&login, &database).await.unwrap();
    assert_eq!((server.logins_of(&login.username), server.failed_logins_of(&login.username)), (1, 0));

    let wrong = TestLogin { password: "wrong".to_owned(), ..login.clone() };
    assert_eq!(refused(server.try_login(&wrong, &database).await), "28P01");
    assert_eq!((server.logins_of(&login.username), server.failed_logins_of(&login.username)), (1, 1));
    let failed = server.failed_logins().into_iter().find(|failed| failed.username == login.username).unwrap();
    assert_eq!((failed.database.as_str(), failed.code.as_str()), (database.as_str(), "28P01"));

    let stored = format!("SELECT rolpassword FROM pg_authid WHERE rolname = '{}'", login.username);
    let rows = server.query("postgres", &stored).await.unwrap();
    assert!(rows[0][0].as_deref().unwrap().starts_with("SCRAM-SHA-256$"));
}

/// The log shows the statements of others, but not the passwords that fixtures set.
#[tokio::test]
async fn log_hides_fixture_passwords() {
    if !PostgresVersion::V18.is_to_be_tested() {
        return;
    }
    let server = PostgresServer::shared(PostgresVersion::V18).unwrap();
    let login = server.create_role("").await.unwrap();
    let marker = format!("SELECT 'by {}'", login.username);
    server.query_as(&login, "postgres", &marker).await.unwrap();
    assert!(server.log().contains(&marker));
    assert!(!server.log().contains(&login.password));
    assert!(!format!("{login:?}").contains(&login.password));
}

/// Odd names are created exactly.
#[tokio::test]
async fn odd_names_are_created_exactly() {
    if !PostgresVersion::V14.is_to_be_tested() {
        return;
    }
    let server = PostgresServer::shared(PostgresVersion::V14).unwrap();
    let name = format!("o'dd \"{}\" Näme", std::process::id());
    let login = server.create_role_named(&name, "CONNECTION LIMIT 3").await.unwrap();
    server.try_login(&login, "postgres").await.unwrap();
    let sql = format!("SELECT rolconnlimit FROM pg_roles WHERE rolname = '{}'", name.replace('\'', "''"));
    assert_eq!(server.query("postgres", &sql).await.unwrap(), [[Some("3".to_owned())]]);
}

/// A demoted server refuses writes as a standby does, and a promoted one accepts them.
#[tokio::test]
async fn demoted_and_promoted_servers() {
    for version in PostgresVersion::TESTED.into_iter().filter(|version| version.is_to_be_tested()) {
        let server = PostgresServer::builder(version).start().unwrap();
        let login = server.create_role("").await.unwrap();
        let change = format!("ALTER ROLE {} CONNECTION LIMIT 7", login.username);
        server.demote().unwrap();
        server.try_login(&login, "postgres").await.unwrap();
        let error = server.execute("postgres", &change).await.unwrap_err();
        assert_eq!(error.code.as_deref(), Some("25006"), "{error}");
        assert_eq!(error.message, "cannot execute ALTER ROLE in a read-only transaction");
        server.promote().await.unwrap();
        server.execute("postgres", &change).await.unwrap();
    }
}

/// A crashed server comes back on its port with what was committed.
#[tokio::test]
async fn crashed_server_comes_back() {
    if !PostgresVersion::V18.is_to_be_tested() {
        return;
    }
    let server = PostgresServer::builder(PostgresVersion::V18).start().unwrap();
    let port = server.port();
    let login = server.create_role("").await.unwrap();
    for stop in [Stop::Crash, Stop::Fast, Stop::Crash] {
        server.restart(stop).unwrap();
        server.try_login(&login, "postgres").await.unwrap();
    }
    assert_eq!(server.port(), port);
}

/// Servers set to MD5 store MD5 and accept it.
#[tokio::test]
async fn md5_servers_store_and_accept_md5() {
    if !PostgresVersion::V14.is_to_be_tested() {
        return;
    }
    let server = PostgresServer::builder(PostgresVersion::V14).md5().start().unwrap();
    let login = server.create_role("").await.unwrap();
    server.try_login(&login, "postgres").await.unwrap();
    let stored = format!("SELECT rolpassword FROM pg_authid WHERE rolname = '{}'", login.username);
    assert!(server.query("postgres", &stored).await.unwrap()[0][0].as_deref().unwrap().starts_with("md5"));
}

/// Access rules come before the rule that lets every user in.
#[tokio::test]
async fn access_rules_precede_the_default() {
    if !PostgresVersion::V16.is_to_be_tested() {
        return;
    }
    let server =
        PostgresServer::builder(PostgresVersion::V16).access("local all barred reject").start().unwrap();
    let login = server.create_role_named("barred", "").await.unwrap();
    assert_eq!(refused(server.try_login(&login, "postgres").await), "28000");
    assert_eq!(server.failed_logins_of("barred"), 1);
}

/// Settings are those that were requested.
#[tokio::test]
async fn settings_are_as_requested() {
    if !PostgresVersion::V16.is_to_be_tested() {
        return;
    }
    let builder = PostgresServer::builder(PostgresVersion::V16).tls(ServerTls::Off);
    let server = builder.setting("application_name", r"it's \ odd").start().unwrap();
    let sql = "SELECT current_setting('ssl'), reset_val FROM pg_settings WHERE name = 'application_name'";
    let rows = server.query("postgres", "SHOW ssl").await.unwrap();
    assert_eq!(rows, [[Some("off".to_owned())]]);
    let rows = server.query("postgres", sql).await.unwrap();
    assert_eq!(rows[0][0].as_deref(), Some("off"));
    let file = "SELECT setting FROM pg_file_settings WHERE name = 'application_name'";
    assert_eq!(server.query("postgres", file).await.unwrap(), [[Some(r"it's \ odd".to_owned())]]);
}

/// Clients are asked for a certificate where the access rules demand it.
#[tokio::test]
async fn client_certificates_by_access_rules() {
    if !PostgresVersion::V16.is_to_be_tested() {
        return;
    }
    let authority = Arc::new(TestAuthority::new());
    let server = PostgresServer::builder(PostgresVersion::V16)
        .authority(authority.clone())
        .client_authority(authority.certificate_pem())
        .access("hostssl all all 127.0.0.1/32 scram-sha-256 clientcert=verify-full")
        .start()
        .unwrap();
    let login = server.create_role("").await.unwrap();
    for (client, expected) in [
        (Some(authority.client(&login.username)), None),
        // The name is compared after the password, and PostgreSQL gives the same refusal as for a wrong
        // password.
        (Some(authority.client("another-user")), Some("28P01")),
        (None, Some("28000")),
    ] {
        let answer = connect_by_tls(&server, &login, client).await;
        assert_eq!(
            answer.map_err(|error| error.code().unwrap().code().to_owned()).err().as_deref(),
            expected
        );
    }
}

async fn connect_by_tls(
    server: &PostgresServer,
    login: &TestLogin,
    client: Option<TestCertificate>,
) -> Result<(), tokio_postgres::Error> {
    let mut roots = RootCertStore::empty();
    let authority = server.authority().certificate_pem().as_bytes();
    roots.add(CertificateDer::from_pem_slice(authority).unwrap()).unwrap();
    let tls = ClientConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots);
    let tls = match client {
        None => tls.with_no_client_auth(),
        Some(client) => {
            let chain = vec![CertificateDer::from_pem_slice(client.certificate_pem().as_bytes()).unwrap()];
            let key = PrivateKeyDer::from_pem_slice(client.key_pem().as_bytes()).unwrap();
            tls.with_client_auth_cert(chain, key).unwrap()
        }
    };
    let mut config = tokio_postgres::Config::new();
    config.host(server.host()).port(server.port()).ssl_mode(SslMode::Require).dbname("postgres");
    config.user(&login.username).password(&login.password);
    config.connect(MakeRustlsConnect::new(tls)).await.map(drop)
}

/// Programs in a folder that is closed to other users are linked to where they can run.
#[tokio::test]
async fn programs_in_a_closed_folder_are_linked() {
    if !PostgresVersion::V16.is_to_be_tested() {
        return;
    }
    let running = PostgresServer::shared(PostgresVersion::V16).unwrap();
    let closed = tempfile::tempdir().unwrap();
    std::fs::set_permissions(closed.path(), std::fs::Permissions::from_mode(0o700)).unwrap();
    let link = Command::new("cp")
        .arg("-a")
        .arg(running.programs().parent().unwrap())
        .arg(closed.path().join("16"))
        .status();
    assert!(link.unwrap().success());
    let server =
        PostgresServer::builder(PostgresVersion::V16).programs(closed.path().join("16/bin")).start().unwrap();
    assert_eq!(server.query("postgres", "SELECT 1").await.unwrap(), [[Some("1".to_owned())]]);
}

/// A version that is not installed is an error that names how to get it.
#[test]
fn missing_version_names_its_setup() {
    let error = PostgresServer::builder(PostgresVersion::new(3)).start().unwrap_err();
    assert!(matches!(error, LaunchError::Missing(_)));
    assert_eq!(error.to_string(), "PostgreSQL 3 is not on this machine: run scripts/setup-postgres");
}

/// A server that cannot start reports the reason.
#[test]
fn failed_start_reports_its_reason() {
    if !PostgresVersion::V18.is_to_be_tested() {
        return;
    }
    let error =
        PostgresServer::builder(PostgresVersion::V18).setting("no_such_setting", "1").start().unwrap_err();
    assert!(error.to_string().contains("no_such_setting"), "{error}");
}

/// A dropped server leaves neither process nor folder.
#[test]
fn dropped_server_leaves_nothing() {
    if !PostgresVersion::V18.is_to_be_tested() {
        return;
    }
    let server = PostgresServer::builder(PostgresVersion::V18).start().unwrap();
    let folder = server.socket_folder().to_owned();
    let process = postmaster(&folder);
    assert!(Path::new(&format!("/proc/{process}")).exists());
    drop(server);
    assert!(!folder.exists());
    assert!(!Path::new(&format!("/proc/{process}")).exists());
}

/// Set for the process that the next test starts: where to write what it has started.
const VICTIM: &str = "ROTATION_TESTKIT_VICTIM";

/// A killed test run leaves neither process nor folder.
#[test]
fn killed_test_run_leaves_nothing() {
    let note = tempfile::NamedTempFile::new().unwrap();
    // This test binary again, in the role of a test run that is killed.
    let mut victim = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "postgres::run_that_waits_to_be_killed", "--ignored"])
        .env(VICTIM, note.path())
        .stdout(std::process::Stdio::null())
        .spawn()
        .unwrap();
    let folder = wait_for(|| {
        let text = std::fs::read_to_string(note.path()).unwrap();
        text.strip_suffix('\n').map(std::path::PathBuf::from)
    });
    let process = postmaster(&folder);
    victim.kill().unwrap();
    victim.wait().unwrap();
    wait_for(|| (!folder.exists() && !Path::new(&format!("/proc/{process}")).exists()).then_some(()));
}

/// The run that `killed_test_run_leaves_nothing` starts and kills.
#[test]
#[ignore = "started by killed_test_run_leaves_nothing"]
fn run_that_waits_to_be_killed() {
    if !PostgresVersion::V18.is_to_be_tested() {
        return;
    }
    #[expect(clippy::disallowed_methods, reason = "the other test names the file here")]
    let note = std::env::var_os(VICTIM).expect("set by the test that starts this one");
    let server = PostgresServer::shared(PostgresVersion::V18).unwrap();
    std::fs::write(note, format!("{}\n", server.socket_folder().display())).unwrap();
    std::thread::sleep(Duration::from_mins(1));
    panic!("nobody killed this process");
}

fn postmaster(folder: &Path) -> u32 {
    let text = std::fs::read_to_string(folder.join("data/postmaster.pid")).unwrap();
    text.lines().next().unwrap().parse().unwrap()
}

fn wait_for<T>(mut seen: impl FnMut() -> Option<T>) -> T {
    let limit = Instant::now() + Duration::from_secs(20);
    loop {
        if let Some(value) = seen() {
            return value;
        }
        assert!(Instant::now() < limit, "not seen within 20 s");
        std::thread::sleep(Duration::from_millis(10));
    }
}
