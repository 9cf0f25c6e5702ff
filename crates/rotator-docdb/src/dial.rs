//! The way to a server: addresses, TCP, TLS.

use std::{
    io,
    net::{IpAddr, SocketAddr},
    sync::Arc,
    time::Duration,
};

use database_tls::{CertificateFault, certificate_fault};
use rotation_core::{
    Deadline,
    database::{Cause, ConnectError, Host, Login, TlsFault, Transport},
};
use rustls::ClientConfig;
use rustls_pki_types::ServerName;
use tokio::net::{TcpStream, lookup_host};
use tokio_rustls::TlsConnector;

use crate::{
    document::Document,
    wire::{Stream, Wire},
};

/// A connection over the transport that was asked for. The host may have several addresses: the next one is tried
/// where nothing answers at an address, never where a server has answered.
pub(crate) async fn dial(
    login: &Login,
    transport: Transport,
    tls: &Arc<ClientConfig>,
    deadline: Deadline,
) -> Result<Wire, ConnectError> {
    let tcp = reach(login, deadline).await?;
    Ok(Wire::new(match transport {
        Transport::Plaintext => Stream::Plain(tcp),
        Transport::Tls => secure(tcp, &login.host, tls).await?,
    }))
}

async fn reach(login: &Login, deadline: Deadline) -> Result<TcpStream, ConnectError> {
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
            // The resolver's words, which are about the answer and not about the name.
            Err(error) => return Err(ConnectError::Dns(Cause::new(error.to_string()))),
        },
    };
    if found.is_empty() {
        return Err(ConnectError::Dns(Cause::new("no address")));
    }
    let permitted: Vec<_> = found.into_iter().filter(|found| Host::may_resolve_to(found.ip())).collect();
    if permitted.is_empty() { Err(ConnectError::ForbiddenAddress) } else { Ok(permitted) }
}

/// TLS from the first byte on, as this protocol has it.
///
/// A server without TLS has no word for that: it closes the connection, answers something else, or waits for the rest of
/// what it takes for a long message. Whoever stands in between can do the same, so it never becomes
/// [`ConnectError::TlsUnavailable`], after which plaintext may follow.
async fn secure(tcp: TcpStream, host: &Host, tls: &Arc<ClientConfig>) -> Result<Stream, ConnectError> {
    let name = ServerName::try_from(host.as_str().trim_end_matches('.').to_owned());
    let name = name.map_err(|_| ConnectError::Dns(Cause::new("no name that a certificate could bear")))?;
    let address = tcp.peer_addr().map_err(|error| ConnectError::Unreachable(os_cause(&error)))?;
    tokio::select! {
        biased;
        handshake = TlsConnector::from(Arc::clone(tls)).connect(name, tcp) => match handshake {
            Ok(stream) => Ok(Stream::Tls(Box::new(stream))),
            Err(error) => Err(tls_invalid(&error)),
        },
        () = answers_in_clear(address) => Err(ConnectError::TlsInvalid {
            fault: TlsFault::NotSpoken,
            source: Cause::new("silent in answer to the handshake, and it answers a greeting in clear"),
        }),
    }
}

/// Returns when a server that lets the handshake wait answers a greeting in clear, on a connection of its own; never
/// otherwise. The greeting names nobody, and the answer decides nothing but what the failure is called.
async fn answers_in_clear(address: SocketAddr) {
    /// A handshake takes milliseconds; who needs longer is asked.
    const PATIENCE: Duration = Duration::from_secs(1);
    tokio::time::sleep(PATIENCE).await;
    if let Ok(stream) = TcpStream::connect(address).await {
        let greeting = Document::new().int("isMaster", 1);
        if Wire::new(Stream::Plain(stream)).greet(&greeting).await.is_ok() {
            return;
        }
    }
    std::future::pending::<()>().await;
}

/// The handshake failed: by which fault of the certificate, if by one.
pub(crate) fn tls_invalid(error: &io::Error) -> ConnectError {
    let Some(certificate) = certificate_fault(error) else {
        let silent = matches!(
            error.kind(),
            io::ErrorKind::UnexpectedEof | io::ErrorKind::ConnectionReset | io::ErrorKind::BrokenPipe
        );
        let rustls = error.get_ref().and_then(|inner| inner.downcast_ref::<rustls::Error>());
        let other_language = matches!(
            rustls,
            Some(rustls::Error::InvalidMessage(_) | rustls::Error::InappropriateMessage { .. })
        );
        let fault = if silent || other_language { TlsFault::NotSpoken } else { TlsFault::Handshake };
        return ConnectError::TlsInvalid { fault, source: os_cause(error) };
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
pub(crate) fn os_cause(error: &io::Error) -> Cause {
    match error.raw_os_error() {
        Some(code) => Cause::new(format!("{} (os error {code})", error.kind())),
        None => Cause::new(error.kind().to_string()),
    }
}
