use postgres_session::{SaltedPasswords, Statement, connect};
use rotation_database::{ConnectError, Host, Login, TlsFault, Transport};
use test_servers::{
    MaliciousPostgres, PostgresMischief, PostgresServer, PostgresVersion, ServerTls, TestAuthority,
    TestCertificate,
};

use crate::fixture::{over_tls, plain, soon, to, to_port};

/// Logins over TLS bind the channel.
#[tokio::test]
async fn logins_bind_the_channel() {
    for version in PostgresVersion::EVERY.into_iter().filter(|version| version.is_to_be_tested()) {
        let server = PostgresServer::shared(version).unwrap();
        let app = server.create_role("").await.unwrap();
        let mut connection = over_tls(&to(server, &app), server.authority()).await.unwrap();
        let sql =
            "SELECT ssl, current_setting('application_name') FROM pg_stat_ssl WHERE pid = pg_backend_pid()";
        let row = connection.row(Statement::new("select", sql)).await.unwrap();
        assert_eq!(row, [Some("t".to_owned()), Some("test".to_owned())]);
    }
    // With channel binding available, a client sends `y` to a server that offers no PLUS and `p` to one that
    // does; a real server that offers PLUS refuses `y`, so the logins above were bound.
    let authority = TestAuthority::new();
    let malicious = PostgresMischief::ScramIterations(1);
    let bound = MaliciousPostgres::start_with_tls(malicious.clone(), &authority.server()).await.unwrap();
    over_tls(&to_port(bound.port()), &authority).await.unwrap_err();
    let unbound = MaliciousPostgres::start(malicious).await.unwrap();
    plain(&to_port(unbound.port())).await.unwrap_err();
    let sent = |malicious: &MaliciousPostgres, flag: &[u8]| {
        malicious.received().windows(6).any(|window| window == flag)
    };
    assert!(sent(&bound, b"y,,n=,") && !sent(&bound, b"n,,n=,"));
    assert!(sent(&unbound, b"n,,n=,") && !sent(&unbound, b"y,,n=,"));
}

async fn fault_of(server: &PostgresServer, host: &str, authority: &TestAuthority) -> Option<TlsFault> {
    let login = Login { host: Host::parse(host).unwrap(), ..to_port(server.port()) };
    match over_tls(&login, authority).await {
        Err(ConnectError::TlsInvalid { fault, .. }) => Some(fault),
        Err(ConnectError::Refused(_)) => None,
        other => panic!("{other:?}"),
    }
}

/// Each fault of a certificate has its own name, and no login is tried.
#[tokio::test]
async fn certificate_faults_stop_the_login() {
    let authority = TestAuthority::new();
    let cases: [(TestCertificate, Option<TlsFault>); 6] = [
        (authority.expired(), Some(TlsFault::Expired)),
        (authority.not_yet_valid(), Some(TlsFault::NotYetValid)),
        (TestAuthority::self_signed(), Some(TlsFault::SelfSigned)),
        (TestAuthority::unknown(), Some(TlsFault::UnknownAuthority)),
        (authority.server_named(&["elsewhere.example"]), Some(TlsFault::WrongHost)),
        (authority.server(), None),
    ];
    for (certificate, expected) in cases {
        let builder = PostgresServer::builder(PostgresVersion::V16);
        let server = builder.tls(ServerTls::Certificate(certificate)).start().unwrap();
        assert_eq!(fault_of(&server, "localhost", &authority).await, expected);
        let tried = usize::from(expected.is_none());
        assert_eq!(server.failed_logins_of("app"), tried, "{expected:?}");
    }
}

/// An address is checked against the addresses in the certificate.
#[tokio::test]
async fn addresses_are_checked_as_addresses() {
    let server = PostgresServer::shared(PostgresVersion::V16).unwrap();
    assert_eq!(fault_of(server, "127.0.0.1", server.authority()).await, None);
    let authority = TestAuthority::new();
    let builder = PostgresServer::builder(PostgresVersion::V16);
    let certificate = ServerTls::Certificate(authority.server_named(&["localhost"]));
    let server = builder.tls(certificate).start().unwrap();
    assert_eq!(fault_of(&server, "localhost", &authority).await, None);
    assert_eq!(fault_of(&server, "127.0.0.1", &authority).await, Some(TlsFault::WrongHost));
}

/// A server without TLS states that itself, and is reached in plaintext only on request.
#[tokio::test]
async fn plaintext_only_on_request() {
    let server = PostgresServer::builder(PostgresVersion::V18).tls(ServerTls::Off).start().unwrap();
    let app = server.create_role("").await.unwrap();
    let login = to(&server, &app);
    let outcome = over_tls(&login, server.authority()).await;
    assert!(matches!(outcome, Err(ConnectError::TlsUnavailable)), "{outcome:?}");
    assert_eq!(server.logins_of(&app.username), 0);
    plain(&login).await.unwrap();
    assert_eq!((server.logins_of(&app.username), server.failed_logins_of(&app.username)), (1, 0));
}

/// A server that asks for our certificate gets it; without one, the error is that of an access
/// rule.
#[tokio::test]
async fn client_certificate_or_a_rule_error() {
    let ours = TestAuthority::new();
    let builder = PostgresServer::builder(PostgresVersion::V16).client_authority(ours.certificate_pem());
    let server = builder.access("hostssl all all all scram-sha-256 clientcert=verify-ca").start().unwrap();
    let app = server.create_role("").await.unwrap();
    let login = to(&server, &app);
    let outcome = over_tls(&login, server.authority()).await;
    assert!(matches!(outcome, Err(ConnectError::AccessRule(_))), "{outcome:?}");

    let with = |certificate: &TestCertificate| {
        let settings = database_net::TlsSettings::default();
        let settings = settings.with_ca_bundle(server.authority().certificate_pem()).unwrap();
        let settings =
            settings.with_client_identity(certificate.certificate_pem(), certificate.key_pem()).unwrap();
        database_net::client_config(&settings)
    };
    let good = with(&ours.client("anybody"));
    connect(&login, Transport::Tls, &good, "test", &SaltedPasswords::default(), soon(5000)).await.unwrap();
    let foreign = with(&TestAuthority::new().client("anybody"));
    let outcome =
        connect(&login, Transport::Tls, &foreign, "test", &SaltedPasswords::default(), soon(5000)).await;
    assert!(
        matches!(outcome, Err(ConnectError::TlsInvalid { fault: TlsFault::Handshake, .. })),
        "{outcome:?}"
    );
}
