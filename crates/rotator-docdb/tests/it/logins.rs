//! Login attempts: the code of each failure, and that it comes in time.

use std::{
    collections::BTreeSet,
    io::{Read, Write},
    net::TcpListener,
    sync::{Arc, Mutex},
    time::{Duration, Instant},
};

use rotation_core::{CredentialSource, Deadline, Reader, RotationError, with_causes};
use rotation_database::{ConnectError, DatabaseError, Engine, Host, Login, Session, TlsFault, Transport};
use rotation_suites::EngineScene;
use rotator_docdb::DocumentDb;
use serde_json::{Value, json};
use test_servers::{DocdbProxy, DocdbServer, ProxyAction, ServerTls, TestAuthority, TestLogin};

use crate::fixture::{HOME, Lab, connect, create_app, engine, login_at, server};

const LIMIT: Duration = Duration::from_secs(2);
/// A client that waits for longer than this, even on a busy machine, waits for an answer that never comes.
const HANGS: Duration = Duration::from_mins(1);

async fn failure(login: &Login, transport: Transport) -> ConnectError {
    let began = Instant::now();
    let outcome = engine().connect(login, transport, Deadline::after(LIMIT)).await;
    let took = began.elapsed();
    assert!(took < HANGS, "it took {took:?}");
    outcome.map(drop).unwrap_err()
}

/// A recorder whose script changes the replies to one kind of command.
fn answering(kind: &'static str, change: impl Fn(&mut Value) + Send + Sync + 'static) -> DocdbProxy {
    let recorder = DocdbProxy::start(server()).unwrap();
    recorder.set_script(move |command, reply| match reply {
        Some(reply) if command.get(kind).is_some() => {
            let mut reply = reply.clone();
            change(&mut reply);
            ProxyAction::Answer(reply)
        }
        _ => ProxyAction::Pass,
    });
    recorder
}

/// Ten failures have ten codes, each within its deadline.
#[tokio::test]
async fn ten_failures_have_ten_codes() {
    let app = create_app(HOME).await.unwrap();
    let good = login_at(server().port(), &app);
    let mut codes = Vec::new();

    let wrong = TestLogin { password: "not-the-password".to_owned(), ..app.clone() };
    codes.push(failure(&login_at(server().port(), &wrong), Transport::Tls).await.code());
    let nowhere = Login { host: Host::parse("no-such-host.invalid").unwrap(), ..good.clone() };
    codes.push(failure(&nowhere, Transport::Tls).await.code());
    // Bound, so that no other process gets it, and not listening.
    let taken = tokio::net::TcpSocket::new_v4().unwrap();
    taken.bind("127.0.0.1:0".parse().unwrap()).unwrap();
    let closed = taken.local_addr().unwrap().port();
    codes.push(failure(&login_at(closed, &app), Transport::Tls).await.code());
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    codes.push(failure(&login_at(silent.local_addr().unwrap().port(), &app), Transport::Tls).await.code());
    for certificate in [
        server().authority().expired(),
        TestAuthority::self_signed(),
        server().authority().server_named(&["db.elsewhere.example.com"]),
    ] {
        let recorder = DocdbProxy::with_certificate(server(), &certificate).unwrap();
        codes.push(failure(&login_at(recorder.port(), &app), Transport::Tls).await.code());
        assert!(recorder.take_commands().is_empty(), "nothing is sent to a server that is not trusted");
    }
    let plain = DocdbServer::builder().tls(ServerTls::Off).start().unwrap();
    codes.push(failure(&login_at(plain.port(), &app), Transport::Tls).await.code());
    let secondary = answering("isMaster", |reply| {
        reply["ismaster"] = json!(false);
        reply.as_object_mut().unwrap().remove("isWritablePrimary");
        reply["secondary"] = json!(true);
    });
    codes.push(failure(&login_at(secondary.port(), &app), Transport::Tls).await.code());
    assert_eq!(secondary.take_commands().len(), 1, "no password is sent to a member that takes no writes");

    let lab = Lab { master: app.clone(), ..Lab::new().await };
    let error = lab.stage(&lab.clone()).await.unwrap_err();
    codes.push(error.code());

    assert_eq!(
        codes,
        [
            "DB_AUTH_REFUSED",
            "NET_DB_DNS",
            "NET_DB_UNREACHABLE",
            "NET_DB_TIMED_OUT",
            "TLS_EXPIRED",
            "TLS_SELF_SIGNED",
            "TLS_HOSTNAME",
            "TLS_NO_RESPONSE",
            "DB_READ_ONLY",
            "DB_PRIVILEGE_MISSING",
        ]
    );
    assert_eq!(codes.iter().collect::<BTreeSet<_>>().len(), 10);

    // Plaintext is spoken where it is asked for.
    let admin = plain.admin().clone();
    let mut session = engine()
        .connect(&login_at(plain.port(), &admin), Transport::Plaintext, Deadline::after(LIMIT))
        .await
        .unwrap();
    session.probe(None).await.unwrap();
}

/// A user of another database is reported with the database where it was looked up.
#[tokio::test]
async fn user_of_another_database() {
    let app = create_app(HOME).await.unwrap();
    let login = Login { home: Some("elsewhere".to_owned()), ..login_at(server().port(), &app) };
    let error = failure(&login, Transport::Tls).await;
    assert!(matches!(error, ConnectError::Refused(_)), "{error:?}");
    let error = DatabaseError::Login {
        credential: CredentialSource::Current,
        error,
        remedies: DocumentDb::PROFILE.remedies,
    };
    let error = RotationError::from(error);
    let message = with_causes(&error);
    assert!(message.ends_with("18, as a user of the database elsewhere"), "{message}");
    assert!(
        error.remediation(Reader::Operator).contains("`authdb` of the secret"),
        "{}",
        error.remediation(Reader::Operator)
    );
    connect(&Login { home: Some(HOME.to_owned()), ..login }).await.unwrap();
}

/// A server that does not speak TLS learns no name and is not trusted.
/// A server that closes the connection or answers in another protocol may be anything: this does not count as
/// the server's own statement that it offers no TLS, which would let plaintext follow. It receives nothing
/// but the handshake.
#[tokio::test]
async fn server_without_tls_is_not_trusted() {
    let app = create_app(HOME).await.unwrap();
    for answer in [&b""[..], b"HTTP/1.1 400 Bad Request\r\n\r\n", b"\x24\0\0\0\x01\0\0\0\0\0\0\0\x01\0\0\0"] {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let heard = Arc::new(Mutex::new(Vec::new()));
        let (hearing, answer) = (Arc::clone(&heard), answer.to_vec());
        let middle = std::thread::spawn(move || {
            let (mut stream, _) = listener.accept().unwrap();
            let mut bytes = [0; 4096];
            let read = stream.read(&mut bytes).unwrap();
            hearing.lock().unwrap().extend_from_slice(&bytes[..read]);
            stream.write_all(&answer).unwrap();
        });
        let error = failure(&login_at(port, &app), Transport::Tls).await;
        middle.join().unwrap();
        assert!(matches!(error, ConnectError::TlsInvalid { fault: TlsFault::NoResponse, .. }), "{error:?}");
        let heard = heard.lock().unwrap().clone();
        assert!(!heard.windows(app.username.len()).any(|part| part == app.username.as_bytes()));
    }
}

/// DocumentDB answers a wrong password by another code.
#[tokio::test]
async fn documentdb_wrong_password_code() {
    let app = create_app(HOME).await.unwrap();
    let recorder = answering("saslContinue", |reply| {
        if reply["code"] == 18 {
            *reply = json!({"ok": 0, "code": 13, "errmsg": "Authentication failed."});
        }
    });
    let wrong = TestLogin { password: "not-the-password".to_owned(), ..app.clone() };
    let error = failure(&login_at(recorder.port(), &wrong), Transport::Tls).await;
    assert!(
        matches!(&error, ConnectError::Refused(cause)
            if cause.to_string() == "code 13, as a user of the database admin"),
        "{error:?}"
    );
    connect(&login_at(recorder.port(), &app)).await.unwrap();
}

/// Servers from wire version 6 on are logged in to, and older ones are named.
#[tokio::test]
async fn oldest_wire_version_is_6() {
    let app = create_app(HOME).await.unwrap();
    // DocumentDB 3.6 and 4.0 report no mechanisms, and have SCRAM-SHA-1.
    for version in [6, 7, 8, 13, 25] {
        let recorder = answering("isMaster", move |reply| {
            reply["maxWireVersion"] = json!(version);
            reply.as_object_mut().unwrap().remove("saslSupportedMechs");
        });
        connect(&login_at(recorder.port(), &app)).await.unwrap().probe(None).await.unwrap();
        let mechanisms: Vec<_> = recorder
            .take_commands()
            .iter()
            .filter_map(|command| command["mechanism"].as_str().map(str::to_owned))
            .collect();
        assert_eq!(mechanisms, ["SCRAM-SHA-1"]);
    }
    let old = answering("isMaster", |reply| reply["maxWireVersion"] = json!(5));
    assert_eq!(failure(&login_at(old.port(), &app), Transport::Tls).await.code(), "DB_UNSUPPORTED");
    assert_eq!(old.take_commands().len(), 1, "nothing is sent to a server that is too old");
}

/// A login takes one connection and four messages at most.
#[tokio::test]
async fn one_connection_four_messages() {
    let app = create_app(HOME).await.unwrap();
    let recorder = DocdbProxy::start(server()).unwrap();
    drop(connect(&login_at(recorder.port(), &app)).await.unwrap());
    let kinds = |commands: Vec<Value>| -> Vec<String> {
        commands.iter().map(|command| command.as_object().unwrap().keys().next().unwrap().clone()).collect()
    };
    assert_eq!(kinds(recorder.take_commands()), ["isMaster", "saslStart", "saslContinue"]);
    // Servers that cannot skip the empty exchange.
    recorder.set_script(|command, reply| match reply {
        _ if command["payload"] == json!({"$binary": ""}) => ProxyAction::Answer(
            json!({"ok": 1, "done": true, "conversationId": 1, "payload": {"$binary": ""}}),
        ),
        Some(reply) if reply["done"] == true => {
            let mut reply = reply.clone();
            reply["done"] = json!(false);
            ProxyAction::Answer(reply)
        }
        _ => ProxyAction::Pass,
    });
    drop(connect(&login_at(recorder.port(), &app)).await.unwrap());
    assert_eq!(kinds(recorder.take_commands()), ["isMaster", "saslStart", "saslContinue", "saslContinue"]);
    assert_eq!(recorder.connections(), 2);
}

/// A server that cannot prove the password is not trusted.
#[tokio::test]
async fn unproven_password_is_not_trusted() {
    let app = create_app(HOME).await.unwrap();
    let payload =
        |text: &str| json!({"ok": 1, "done": true, "conversationId": 1, "payload": {"$binary": text}});
    // v=AAAA; r=x,s=AAAA,i=15000; nothing.
    for (kind, text, expected) in [
        ("saslContinue", "dj1BQUFB", "did not prove"),
        ("saslStart", "cj14LHM9QUFBQSxpPTE1MDAw", "does not continue ours"),
        ("saslStart", "", "malformed"),
        ("saslContinue", "", "malformed"),
    ] {
        let reply = payload(text);
        let recorder = answering(kind, move |instead| *instead = reply.clone());
        let error = failure(&login_at(recorder.port(), &app), Transport::Tls).await;
        let ConnectError::Protocol(cause) = &error else { panic!("{error:?}") };
        assert!(cause.to_string().contains(expected), "{cause}");
    }
}

/// Silence at any message of a login ends at the deadline.
#[tokio::test]
async fn silence_ends_at_the_deadline() {
    let app = create_app(HOME).await.unwrap();
    for kind in ["isMaster", "saslStart", "saslContinue"] {
        let recorder = DocdbProxy::start(server()).unwrap();
        recorder.set_script(move |command, _| match command.get(kind) {
            Some(_) => ProxyAction::Hang,
            None => ProxyAction::Pass,
        });
        let login = login_at(recorder.port(), &app);
        let short = Deadline::after(Duration::from_millis(300));
        let began = Instant::now();
        let error = engine().connect(&login, Transport::Tls, short).await.map(drop).unwrap_err();
        assert!(matches!(error, ConnectError::TimedOut), "{kind}: {error:?}");
        assert!(began.elapsed() < HANGS, "{kind}: {:?}", began.elapsed());
        recorder.set_script(move |command, _| match command.get(kind) {
            Some(_) => ProxyAction::Cut,
            None => ProxyAction::Pass,
        });
        let error = failure(&login, Transport::Tls).await;
        assert!(matches!(error, ConnectError::Unreachable(_)), "{kind}: {error:?}");
    }
}

/// A message of a gibibyte is refused by its header, before its body is read.
#[tokio::test]
async fn gibibyte_message_ends_at_its_header() {
    let app = create_app(HOME).await.unwrap();
    let head = |length: i32, operation: i32| {
        [length, 1, 1, operation].iter().flat_map(|number| number.to_le_bytes()).collect::<Vec<u8>>()
    };
    for (answer, expected) in [
        (head(1 << 30, 1), "too long"),
        (head(-1, 1), "malformed"),
        (head(3, 1), "malformed"),
        (head(36, 2013), "malformed"),
        ([head(36, 1), vec![0; 20]].concat(), "malformed"),
    ] {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let malicious = std::thread::spawn(move || {
            let (mut stream, _) = listener.accept().unwrap();
            let _ = stream.read(&mut [0; 4096]).unwrap();
            stream.write_all(&answer).unwrap();
            // Until the client closes the connection.
            let _ = stream.read(&mut [0; 1]);
        });
        let error = failure(&login_at(port, &app), Transport::Plaintext).await;
        malicious.join().unwrap();
        let ConnectError::Protocol(cause) = &error else { panic!("{error:?}") };
        assert!(cause.to_string().contains(expected), "{cause}");
    }
}

/// What is no name of a database is refused before any connection.
#[tokio::test]
async fn invalid_database_name() {
    let app = create_app(HOME).await.unwrap();
    let recorder = DocdbProxy::start(server()).unwrap();
    for name in ["admin?replicaSet=rs0", "admin/../other", "$external", "a.b", "a b", &"a".repeat(64)] {
        let login = Login { home: Some(name.to_owned()), ..login_at(recorder.port(), &app) };
        assert_eq!(failure(&login, Transport::Tls).await.code(), "DB_NAME_NOT_FOUND", "{name}");
    }
    assert_eq!(recorder.connections(), 0);
}

/// The core learns where the session is and how the server let the user in.
#[tokio::test]
async fn session_knows_peer_and_mechanism() {
    let lab = Lab::new().await;
    for (offered, expected) in [("SCRAM-SHA-1", "SCRAM-SHA-1"), ("SCRAM-SHA-256", "SCRAM-SHA-256")] {
        lab.recorder.set_script(move |_, reply| match reply {
            Some(reply) if reply.get("saslSupportedMechs").is_some() => {
                let mut reply = reply.clone();
                reply["saslSupportedMechs"] = json!([offered]);
                ProxyAction::Answer(reply)
            }
            _ => ProxyAction::Pass,
        });
        let session = lab.connect(&lab.app).await.unwrap();
        assert_eq!(session.method().map(|method| method.0), Some(expected));
        assert!(session.peer().is_some_and(|peer| peer.is_loopback()));
    }
}
