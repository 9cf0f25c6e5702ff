//! One login attempt: address, TCP, TLS, and the driver's startup behind the guard.

use std::{
    future::{Ready, ready},
    io,
    sync::Arc,
};

use database_net::{Stream, dial, handshake, os_cause};
use rotation_core::Deadline;
use rotation_database::{Cause, ConnectError, Host, Login, Transport};
use rustls::ClientConfig;
use scram_client::SaltedPasswords;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};
use tokio_postgres::{
    Config,
    config::{SslMode, SslNegotiation},
    tls::TlsConnect,
};

use crate::{
    channel_binding::server_end_point,
    connection::Connection,
    guard::Guard,
    refusal::{LoginTarget, ServerKind},
    scram::Scram,
};

/// Length 8, code 80877103: `SSLRequest` of the protocol.
const SSL_REQUEST: [u8; 8] = [0, 0, 0, 8, 0x04, 0xd2, 0x16, 0x2f];

/// Logs in once over one transport. Afterwards the connection is ready for statements.
///
/// The host may have several addresses. The next one is tried where nothing answers at an address, never
/// where a server has answered, so a refused login is not repeated. The deadline bounds everything.
///
/// With [`Transport::Tls`] the certificate's chain, dates and name are verified before the user's name is
/// sent, and nothing here falls back to plaintext.
///
/// A salted password that `salted` keeps is used where it is that of this login, and is dropped in any case.
///
/// # Errors
/// [`ConnectError`] by what the server, or the way to it, answered; causes hold codes alone, never a message
/// of the server.
///
/// # Cancel safety
/// Dropping the future closes the socket.
pub async fn connect(
    login: &Login,
    transport: Transport,
    tls: &Arc<ClientConfig>,
    application_name: &str,
    salted: &SaltedPasswords,
    deadline: Deadline,
) -> Result<Connection, ConnectError> {
    let attempt = async {
        let stream = open(login, transport, tls, deadline).await?;
        start(guard(stream, login, salted), login, ServerKind::Postgres, application_name).await
    };
    // Boxed: it holds the driver's startup, and the futures around it nest deeply.
    deadline.bound(Box::pin(attempt)).await.unwrap_or(Err(ConnectError::TimedOut))
}

/// As [`connect`], to Amazon Redshift: a challenge of authentication type 13 is answered, which the server
/// sends to users whose stored password is SHA-256. Other servers must not get such an answer, as it lets
/// them guess faster than SCRAM does.
///
/// # Errors
/// As [`connect`].
///
/// # Cancel safety
/// As [`connect`].
pub async fn connect_to_redshift(
    login: &Login,
    transport: Transport,
    tls: &Arc<ClientConfig>,
    application_name: &str,
    deadline: Deadline,
) -> Result<Connection, ConnectError> {
    let attempt = async {
        let stream = open(login, transport, tls, deadline).await?;
        let guard = guard(stream, login, &SaltedPasswords::default());
        let guard = guard.answering_digests(login.credentials.password.clone());
        start(guard, login, ServerKind::Redshift, application_name).await
    };
    // Boxed: it holds the driver's startup, and the futures around it nest deeply.
    deadline.bound(Box::pin(attempt)).await.unwrap_or(Err(ConnectError::TimedOut))
}

/// A connection whose security is settled.
async fn open(
    login: &Login,
    transport: Transport,
    tls: &Arc<ClientConfig>,
    deadline: Deadline,
) -> Result<Stream, ConnectError> {
    let tcp = dial(login, deadline).await?;
    match transport {
        Transport::Plaintext => Ok(Stream::Plain(tcp)),
        Transport::Tls => secure(tcp, &login.host, tls).await,
    }
}

/// TLS over the connection, verified, where the server offers it.
async fn secure(mut tcp: TcpStream, host: &Host, tls: &Arc<ClientConfig>) -> Result<Stream, ConnectError> {
    let lost = |error: io::Error| ConnectError::Unreachable(os_cause(&error));
    tcp.write_all(&SSL_REQUEST).await.map_err(lost)?;
    // Room for more than the one byte that is due: a man-in-the-middle could put bytes behind it, which would
    // count as a part of the protected stream.
    let mut answer = [0_u8; 64];
    match tcp.read(&mut answer).await.map_err(lost)? {
        0 => return Err(ConnectError::Unreachable(Cause::new("closed in answer to the request for TLS"))),
        1 => {}
        _ if answer[0] == b'E' => {}
        _ => return Err(ConnectError::Protocol(Cause::new("more than an answer to the request for TLS"))),
    }
    match answer[0] {
        b'S' => {}
        b'N' => return Err(ConnectError::TlsUnavailable),
        // A server that cannot start a process reports that in cleartext; nothing else in it is trusted.
        b'E' => return Err(ConnectError::NotReady(Cause::new("an error in answer to the request for TLS"))),
        _ => return Err(ConnectError::Protocol(Cause::new("no answer to the request for TLS"))),
    }
    Ok(handshake(tcp, host.as_str(), tls).await?)
}

/// What the driver gets as its stream.
fn guard(stream: Stream, login: &Login, salted: &SaltedPasswords) -> Guard<Stream> {
    let end_point = server_end_point(stream.peer_certificates());
    let scram = Scram::new(login.credentials.password.clone(), end_point, salted.clone());
    let peer = stream.peer();
    Guard::new(stream, peer, scram)
}

/// The driver's startup. Typed values only: nothing in a name or password can become an option.
async fn start(
    guard: Guard<Stream>,
    login: &Login,
    kind: ServerKind,
    application_name: &str,
) -> Result<Connection, ConnectError> {
    let mut config = Config::new();
    config
        .user(login.credentials.username.as_str())
        .password(login.credentials.password.expose())
        .application_name(application_name)
        // The stream's security is settled: the driver must not negotiate it.
        .ssl_mode(SslMode::Require)
        .ssl_negotiation(SslNegotiation::Direct);
    if let Some(database) = &login.database {
        config.dbname(database);
    }
    let (asked, admitted, peer) = (guard.asked(), guard.admitted(), guard.peer());
    let place = LoginTarget::of(login, kind);
    match config.connect_raw(guard, AsItIs).await {
        Ok((client, driver)) => Ok(Connection::new(client, driver, asked, peer, place)),
        Err(error) => Err(place.refusal(&error, admitted.get().is_some())),
    }
}

/// "TLS" for the driver: the stream as it is.
struct AsItIs;

impl TlsConnect<Guard<Stream>> for AsItIs {
    type Stream = Guard<Stream>;
    type Error = io::Error;
    type Future = Ready<io::Result<Guard<Stream>>>;

    fn connect(self, stream: Guard<Stream>) -> Self::Future {
        ready(Ok(stream))
    }
}
