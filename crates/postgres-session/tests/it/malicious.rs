use std::time::{Duration, Instant};

use postgres_session::{SaltedPasswords, connect};
use rotation_database::{ConnectError, Transport};
use test_servers::{MaliciousPostgres, PostgresMischief, TestAuthority};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpListener,
};

use crate::fixture::{assert_kept, over_tls, plain, soon, to_port, trusting};

/// A client that waits for longer than this, even on a busy machine, waits for an answer that never comes.
const HANGS: Duration = Duration::from_mins(1);

/// Whether an error is the expected one.
type Expected = fn(&ConnectError) -> bool;

/// The malicious server is refused in this way over plaintext and over TLS, without having seen the password.
async fn check(malicious: PostgresMischief, messages: usize, expected: impl Fn(&ConnectError) -> bool) {
    let server = MaliciousPostgres::start(malicious.clone()).await.unwrap();
    let error = plain(&to_port(server.port())).await.unwrap_err();
    assert!(expected(&error), "{malicious:?} over plaintext: {error:?}");
    assert_eq!(server.password_messages(), messages, "{malicious:?}");
    assert_kept(&server);

    let authority = TestAuthority::new();
    let server = MaliciousPostgres::start_with_tls(malicious.clone(), &authority.server()).await.unwrap();
    let error = over_tls(&to_port(server.port()), &authority).await.unwrap_err();
    assert!(expected(&error), "{malicious:?} over TLS: {error:?}");
    assert_eq!((server.connections(), server.password_messages()), (1, messages), "{malicious:?}");
    assert_kept(&server);
}

/// A server that asks for the password in cleartext gets nothing.
#[tokio::test]
async fn cleartext_request_gets_nothing() {
    check(PostgresMischief::CleartextPassword, 0, |error| {
        matches!(error, ConnectError::AuthenticationMethod(_))
    })
    .await;
}

/// An MD5 answer does not contain the password.
#[tokio::test]
async fn md5_answer_hides_the_password() {
    check(PostgresMischief::Md5Password, 1, |error| matches!(error, ConnectError::Refused(_))).await;
}

/// A SCRAM challenge with an excessive number of iterations is refused at once.
#[tokio::test]
async fn scram_bomb_is_refused_at_once() {
    for iterations in [100_001, u32::MAX] {
        let started = Instant::now();
        let refused = |error: &ConnectError| matches!(error, ConnectError::Protocol(_));
        check(PostgresMischief::ScramIterations(iterations), 1, refused).await;
        assert!(started.elapsed() < HANGS, "{:?}", started.elapsed());
    }
}

/// A server that does not prove that it knows the password is not trusted.
#[tokio::test]
async fn server_that_cannot_prove_the_password() {
    check(PostgresMischief::ScramIterations(4096), 2, |error| matches!(error, ConnectError::Refused(_)))
        .await;
}

/// A message of a gibibyte is refused by its header, before its body is read.
#[tokio::test]
async fn gibibyte_message_ends_at_its_header() {
    let refused = |error: &ConnectError| matches!(error, ConnectError::Protocol(_));
    check(PostgresMischief::OversizedMessage(0), 0, refused).await;
    check(PostgresMischief::OversizedMessage(10_000_000), 0, refused).await;
}

/// A server that is silent or sends single bytes keeps the client no longer than the deadline.
#[tokio::test]
async fn silence_and_drip_feed() {
    let authority = TestAuthority::new();
    for malicious in [PostgresMischief::Silent, PostgresMischief::DripFeed(Duration::from_millis(50))] {
        for transport in [Transport::Tls, Transport::Plaintext] {
            let server = match transport {
                Transport::Tls => {
                    MaliciousPostgres::start_with_tls(malicious.clone(), &authority.server()).await.unwrap()
                }
                Transport::Plaintext => MaliciousPostgres::start(malicious.clone()).await.unwrap(),
            };
            let started = Instant::now();
            let login = to_port(server.port());
            let outcome = connect(
                &login,
                transport,
                &trusting(&authority),
                "test",
                &SaltedPasswords::default(),
                soon(400),
            )
            .await;
            // A slow message that is too long is detected by its head.
            let drip = matches!(malicious, PostgresMischief::DripFeed(_));
            match outcome.unwrap_err() {
                ConnectError::TimedOut => {}
                ConnectError::Protocol(_) if drip => {}
                error => panic!("{malicious:?} over {transport:?}: {error:?}"),
            }
            assert!(started.elapsed() < HANGS, "{:?}", started.elapsed());
        }
    }
}

/// Only the server's own answer means that it offers no TLS.
#[tokio::test]
async fn no_tls_by_the_servers_word_only() {
    let authority = TestAuthority::new();
    let server = MaliciousPostgres::start(PostgresMischief::Silent).await.unwrap();
    let outcome = connect(
        &to_port(server.port()),
        Transport::Tls,
        &trusting(&authority),
        "test",
        &SaltedPasswords::default(),
        soon(300),
    )
    .await;
    assert!(matches!(outcome, Err(ConnectError::TimedOut)), "{outcome:?}");

    let answers: [(&[u8], Expected); 6] = [
        (b"N", |error| matches!(error, ConnectError::TlsUnavailable)),
        (b"NR\0\0\0\x08\0\0\0\x03", |error| matches!(error, ConnectError::Protocol(_))),
        (b"Sinjected", |error| matches!(error, ConnectError::Protocol(_))),
        (b"X", |error| matches!(error, ConnectError::Protocol(_))),
        (b"EFATAL", |error| matches!(error, ConnectError::NotReady(_))),
        (b"", |error| matches!(error, ConnectError::Unreachable(_))),
    ];
    for (answer, expected) in answers {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let login = to_port(listener.local_addr().unwrap().port());
        let server = tokio::spawn(async move {
            let (mut stream, _) = listener.accept().await.unwrap();
            let mut request = [0; 8];
            stream.read_exact(&mut request).await.unwrap();
            stream.write_all(answer).await.unwrap();
            stream.shutdown().await.unwrap();
            let mut more = Vec::new();
            let _ = stream.read_to_end(&mut more).await;
            (request, more)
        });
        let error = over_tls(&login, &authority).await.unwrap_err();
        assert!(expected(&error), "{answer:?}: {error:?}");
        let (request, more) = server.await.unwrap();
        assert_eq!(request, [0, 0, 0, 8, 4, 210, 22, 47]);
        assert_eq!(more, [] as [u8; 0], "{answer:?}: nothing may follow the request");
    }
}

/// Refusals are distinguished by their SQLSTATE code.
#[tokio::test]
async fn refusals_by_code() {
    let cases: [(&str, Expected); 14] = [
        ("28P01", |error| matches!(error, ConnectError::Refused(_))),
        ("28000", |error| matches!(error, ConnectError::AccessRule(_))),
        ("3D000", |error| matches!(error, ConnectError::NoDatabase(_))),
        // Without the server function that reports them these may be about anything.
        ("42501", |error| matches!(error, ConnectError::Protocol(_))),
        ("55000", |error| matches!(error, ConnectError::Protocol(_))),
        ("53300", |error| matches!(error, ConnectError::TooManyConnections(_))),
        ("53200", |error| matches!(error, ConnectError::NotReady(_))),
        ("57P01", |error| matches!(error, ConnectError::NotReady(_))),
        ("57P02", |error| matches!(error, ConnectError::NotReady(_))),
        ("57P03", |error| matches!(error, ConnectError::NotReady(_))),
        ("57P04", |error| matches!(error, ConnectError::NoDatabase(_))),
        ("57014", |error| matches!(error, ConnectError::TimedOut)),
        ("0A000", |error| matches!(error, ConnectError::Protocol(_))),
        ("XX000", |error| matches!(error, ConnectError::Protocol(_))),
    ];
    for (code, expected) in cases {
        let message = format!("the password was {}", crate::fixture::CANARY);
        let malicious =
            MaliciousPostgres::start(PostgresMischief::RefusesLogin(code.to_owned(), message)).await.unwrap();
        let error = plain(&to_port(malicious.port())).await.unwrap_err();
        assert!(expected(&error), "{code}: {error:?}");
        let shown = format!("{error:?} {error}");
        assert!(!shown.contains("canary"), "a server's message came through: {shown}");
    }
}

/// A pooler's own error does not count as the server's refusal.
/// The server's password list differs from the pooler's: a refusal by the pooler is not the server's.
#[tokio::test]
async fn pooler_errors_are_no_refusal() {
    let cases: [(&str, &str, Expected); 5] = [
        ("08P01", "SASL authentication failed", |error| matches!(error, ConnectError::Proxy(_))),
        ("08P01", "password authentication failed", |error| matches!(error, ConnectError::Proxy(_))),
        ("08P01", "no such user", |error| matches!(error, ConnectError::Proxy(_))),
        ("08P01", "bouncer config error", |error| matches!(error, ConnectError::Proxy(_))),
        ("XX000", "password authentication failed", |error| matches!(error, ConnectError::Protocol(_))),
    ];
    for (code, message, expected) in cases {
        let malicious = PostgresMischief::RefusesLogin(code.to_owned(), message.to_owned());
        let server = MaliciousPostgres::start(malicious).await.unwrap();
        let error = plain(&to_port(server.port())).await.unwrap_err();
        assert!(expected(&error), "{code} {message}: {error:?}");
        assert_eq!(server.connections(), 1, "{message}: a refused login is not repeated");
    }
}
