//! One login attempt: address, TCP, TLS, and the driver's startup behind the guard.

use std::{
    future::{Ready, ready},
    io,
    net::IpAddr,
    sync::Arc,
};

use database_dial::{dial, os_cause, tls_invalid};
use rotation_core::Deadline;
use rotation_database::{Cause, ConnectError, Host, Login, Transport};
use rustls::ClientConfig;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};
use tokio_postgres::{
    Config,
    config::{SslMode, SslNegotiation},
    tls::{MakeTlsConnect, TlsConnect},
};
use tokio_postgres_rustls::MakeRustlsConnect;

use crate::{
    connection::Connection,
    guard::Guard,
    refusal::{LoginTarget, ServerKind},
    wire::Wire,
};

/// Length 8, code 80877103: `SSLRequest` of the protocol.
const SSL_REQUEST: [u8; 8] = [0, 0, 0, 8, 0x04, 0xd2, 0x16, 0x2f];

/// Logs in once over one transport. Afterwards the connection is ready for statements.
///
/// The host may have several addresses: the next one is tried where nothing answers at an address, never where a
/// server has answered, so a refused login is not repeated. Everything ends at the deadline.
///
/// With [`Transport::Tls`] the certificate's chain, dates and name are verified before the user's name is sent, and
/// nothing here falls back to plaintext.
///
/// # Errors
/// [`ConnectError`] by what the server, or the way to it, answered; causes hold codes alone, never a message of the
/// server.
///
/// # Cancel safety
/// Dropping the future closes the socket.
pub async fn connect(
    login: &Login,
    transport: Transport,
    tls: &Arc<ClientConfig>,
    application_name: &str,
    deadline: Deadline,
) -> Result<Connection, ConnectError> {
    let attempt = async {
        let (wire, peer) = open(login, transport, tls, deadline).await?;
        start(Guard::new(wire), peer, login, ServerKind::Postgres, application_name).await
    };
    deadline.bound(attempt).await.unwrap_or(Err(ConnectError::TimedOut))
}

/// As [`connect`], to Amazon Redshift: a challenge of authentication type 13, by which users are asked whose stored
/// password is SHA-256, is answered. Other servers must not be answered so, as the answer lets them guess faster
/// than SCRAM does.
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
        let (wire, peer) = open(login, transport, tls, deadline).await?;
        let guard = Guard::new(wire).answering_digests(login.credentials.password.clone());
        start(guard, peer, login, ServerKind::Redshift, application_name).await
    };
    deadline.bound(attempt).await.unwrap_or(Err(ConnectError::TimedOut))
}

/// A connection that is as secure as it is going to be, and the address that it leads to.
async fn open(
    login: &Login,
    transport: Transport,
    tls: &Arc<ClientConfig>,
    deadline: Deadline,
) -> Result<(Wire, Option<IpAddr>), ConnectError> {
    let tcp = dial(login, deadline).await?;
    let peer = database_dial::peer(&tcp);
    let wire = match transport {
        Transport::Plaintext => Wire::Plain(tcp),
        Transport::Tls => secure(tcp, &login.host, tls).await?,
    };
    Ok((wire, peer))
}

/// TLS over the connection, verified, where the server offers it.
async fn secure(mut tcp: TcpStream, host: &Host, tls: &Arc<ClientConfig>) -> Result<Wire, ConnectError> {
    let lost = |error: io::Error| ConnectError::Unreachable(os_cause(&error));
    tcp.write_all(&SSL_REQUEST).await.map_err(lost)?;
    // Room for more than the one byte that is due: bytes behind it were put there by somebody in the middle, and
    // would be taken for a part of the protected stream.
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
        // A server that cannot start a process for us says so in the clear; it is not believed beyond that.
        b'E' => return Err(ConnectError::NotReady(Cause::new("an error in answer to the request for TLS"))),
        _ => return Err(ConnectError::Protocol(Cause::new("no answer to the request for TLS"))),
    }
    let name = host.as_str().trim_end_matches('.');
    let mut connector = MakeRustlsConnect::new(ClientConfig::clone(tls));
    let Ok(connector) = MakeTlsConnect::<TcpStream>::make_tls_connect(&mut connector, name);
    match connector.connect(tcp).await {
        Ok(stream) => Ok(Wire::Tls(Box::new(stream))),
        Err(error) => Err(tls_invalid(&error)),
    }
}

/// The driver's startup. Typed values only: nothing in a name or password can become an option.
async fn start(
    guard: Guard<Wire>,
    peer: Option<IpAddr>,
    login: &Login,
    kind: ServerKind,
    application_name: &str,
) -> Result<Connection, ConnectError> {
    let mut config = Config::new();
    config
        .user(login.credentials.username.as_str())
        .password(login.credentials.password.expose())
        .application_name(application_name)
        // The stream that we hand over is as secure as it is going to be: the driver must not negotiate.
        .ssl_mode(SslMode::Require)
        .ssl_negotiation(SslNegotiation::Direct);
    if let Some(database) = &login.database {
        config.dbname(database);
    }
    let (asked, admitted) = (guard.asked(), guard.admitted());
    let place = LoginTarget::of(login, kind);
    match config.connect_raw(guard, AsItIs).await {
        Ok((client, driver)) => Ok(Connection::new(client, driver, asked, peer, place)),
        Err(error) => Err(place.refusal(&error, admitted.get().is_some())),
    }
}

/// "TLS" for the driver: the stream as it is.
struct AsItIs;

impl TlsConnect<Guard<Wire>> for AsItIs {
    type Stream = Guard<Wire>;
    type Error = io::Error;
    type Future = Ready<io::Result<Guard<Wire>>>;

    fn connect(self, stream: Guard<Wire>) -> Self::Future {
        ready(Ok(stream))
    }
}
