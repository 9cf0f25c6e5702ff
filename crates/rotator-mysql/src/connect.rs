//! One login attempt: address, TCP, greeting, TLS, login.

use std::{
    io,
    net::{IpAddr, SocketAddr},
    sync::Arc,
};

use database_tls::{CertificateFault, certificate_fault};
use rotation_core::{
    Deadline,
    database::{Cause, ConnectError, Host, Login, TlsFault, TlsMode, Transport},
};
use rustls::{ClientConfig, pki_types::ServerName};
use tokio::net::{TcpStream, lookup_host};
use tokio_rustls::TlsConnector;

use crate::{
    connection::Connection,
    dialect::Dialect,
    fault::refused_login,
    wire::{Greeting, KeyExchange, Packets, Plugin, ServerError, WireError, log_in, request_tls},
};

/// Logs in once over one transport. Afterwards the connection is ready for statements.
///
/// The host may have several addresses: the next one is tried where nothing answers at an address, never where a
/// server has answered, so a refused login is not repeated. Everything ends at the deadline.
///
/// With [`Transport::Tls`] the certificate's chain, dates and name are verified before the user's name is sent, and
/// nothing here falls back to plaintext. Over plaintext a password goes encrypted by the server's own key only where
/// the secret itself asks for plaintext.
///
/// # Cancel safety
/// Dropping the future closes the socket.
pub(crate) async fn connect(
    login: &Login,
    transport: Transport,
    tls: &Arc<ClientConfig>,
    deadline: Deadline,
) -> Result<Connection, ConnectError> {
    let attempt = async {
        let mut tcp = dial(login, deadline).await?;
        let greeting = {
            let mut packets = Packets::over(&mut tcp, 0);
            Greeting::parse(&packets.read().await.map_err(refused)?).map_err(refused)?
        };
        let dialect = Dialect::parse(&greeting.version);
        let (mut packets, exchange) = match transport {
            Transport::Tls if !greeting.offers_tls() => return Err(ConnectError::TlsUnavailable),
            Transport::Tls => (secure(tcp, login, tls).await?, KeyExchange::Tls),
            Transport::Plaintext if login.tls == TlsMode::Off => {
                (Packets::over(tcp, 1), KeyExchange::Allowed)
            }
            Transport::Plaintext => (Packets::over(tcp, 1), KeyExchange::Refused),
        };
        log_in(&mut packets, &greeting, login, exchange).await.map_err(refused)?;
        Ok(Connection::new(packets, dialect))
    };
    deadline.bound(attempt).await.unwrap_or(Err(ConnectError::TimedOut))
}

fn refused(error: WireError) -> ConnectError {
    match error {
        WireError::Server(ServerError { code }) => refused_login(code),
        WireError::Io(error) if certificate_fault(&error).is_some() => tls_invalid(&error),
        WireError::Io(error) => ConnectError::Unreachable(os_cause(&error)),
        WireError::Protocol(breach @ (Plugin::REFUSED | Plugin::KEY_REFUSED)) => {
            ConnectError::AuthenticationMethod(Cause::new(breach))
        }
        WireError::Protocol(breach) => ConnectError::Protocol(Cause::new(breach)),
    }
}

/// A TCP connection to the first address of the host that answers.
async fn dial(login: &Login, deadline: Deadline) -> Result<TcpStream, ConnectError> {
    let addresses = resolve(&login.host, login.port).await?;
    let mut failure = ConnectError::TimedOut;
    for (tried, address) in addresses.iter().enumerate() {
        // An address that swallows packets must leave time for those after it.
        let shares = u32::try_from(addresses.len() - tried).unwrap_or(u32::MAX);
        let share = deadline.at_most(deadline.remaining() / shares);
        match share.bound(TcpStream::connect(address)).await {
            Ok(Ok(stream)) => {
                // Small messages go out at once; that it cannot be set is no reason to give up.
                let _ = stream.set_nodelay(true);
                return Ok(stream);
            }
            Ok(Err(error)) => failure = ConnectError::Unreachable(os_cause(&error)),
            Err(_) => failure = ConnectError::TimedOut,
        }
    }
    Err(failure)
}

/// The addresses of the host that a database may have, at least one.
async fn resolve(host: &Host, port: u16) -> Result<Vec<SocketAddr>, ConnectError> {
    /// More than any endpoint has; a longer answer is not worth the time.
    const MOST_ADDRESSES: usize = 16;
    let found: Vec<SocketAddr> = match host.as_str().parse::<IpAddr>() {
        Ok(address) => vec![SocketAddr::new(address, port)],
        Err(_) => match lookup_host((host.as_str(), port)).await {
            Ok(found) => found.take(MOST_ADDRESSES).collect(),
            Err(error) => return Err(ConnectError::Dns(os_cause(&error))),
        },
    };
    if found.is_empty() {
        return Err(ConnectError::Dns(Cause::new("no address")));
    }
    let permitted: Vec<_> = found.into_iter().filter(|found| Host::may_resolve_to(found.ip())).collect();
    if permitted.is_empty() { Err(ConnectError::ForbiddenAddress) } else { Ok(permitted) }
}

/// TLS over the connection, verified. The greeting was read to its end and no further, so bytes that somebody put
/// behind it are taken for a part of the handshake, which then fails.
async fn secure(
    mut tcp: TcpStream,
    login: &Login,
    tls: &Arc<ClientConfig>,
) -> Result<Packets<'static>, ConnectError> {
    let mut packets = Packets::over(&mut tcp, 1);
    request_tls(&mut packets, login).await.map_err(refused)?;
    let sequence = packets.sequence();
    drop(packets);
    let name = ServerName::try_from(login.host.as_str().trim_end_matches('.').to_owned()).map_err(|_| {
        ConnectError::TlsInvalid {
            fault: TlsFault::WrongHost,
            source: Cause::new("a name that no certificate can bear"),
        }
    })?;
    match TlsConnector::from(Arc::clone(tls)).connect(name, tcp).await {
        Ok(stream) => Ok(Packets::over(stream, sequence)),
        Err(error) => Err(tls_invalid(&error)),
    }
}

/// The handshake failed: by which fault of the certificate, if by one.
fn tls_invalid(error: &io::Error) -> ConnectError {
    let Some(certificate) = certificate_fault(error) else {
        return ConnectError::TlsInvalid { fault: TlsFault::Handshake, source: os_cause(error) };
    };
    let fault = match certificate {
        CertificateFault::Expired => TlsFault::Expired,
        CertificateFault::NotYetValid => TlsFault::NotYetValid,
        CertificateFault::SelfSigned => TlsFault::SelfSigned,
        CertificateFault::UnknownAuthority => TlsFault::UnknownAuthority,
        CertificateFault::WrongHost => TlsFault::WrongHost,
        _ => TlsFault::Handshake,
    };
    ConnectError::TlsInvalid { fault, source: Cause::new(certificate.to_string()) }
}

/// The operating system's error by its kind, which names no address.
fn os_cause(error: &io::Error) -> Cause {
    match error.raw_os_error() {
        Some(code) => Cause::new(format!("{} (os error {code})", error.kind())),
        None => Cause::new(error.kind().to_string()),
    }
}
