//! The way to a server: TCP, and TLS as this protocol uses it.

use std::{io, net::SocketAddr, sync::Arc, time::Duration};

use database_net::{HandshakeError, Stream, handshake, os_cause};
use rotation_core::Deadline;
use rotation_database::{Cause, ConnectError, Host, Login, TlsFault, Transport};
use rustls::ClientConfig;
use tokio::net::TcpStream;

use crate::{document::Document, wire::Wire};

/// A connection over the requested transport. The host may have several addresses: the next one is tried
/// where nothing answers at an address, never where a server has answered.
pub(crate) async fn dial(
    login: &Login,
    transport: Transport,
    tls: &Arc<ClientConfig>,
    deadline: Deadline,
) -> Result<Wire, ConnectError> {
    let tcp = database_net::dial(login, deadline).await?;
    Ok(Wire::new(match transport {
        Transport::Plaintext => Stream::Plain(tcp),
        Transport::Tls => secure(tcp, &login.host, tls).await?,
    }))
}

/// TLS from the first byte on, as this protocol uses it.
///
/// A server without TLS cannot report that: it closes the connection, answers something else, or waits for
/// the rest of what it takes for a long message. A man-in-the-middle can do the same, so it never becomes
/// [`ConnectError::TlsUnavailable`], after which plaintext may follow.
async fn secure(tcp: TcpStream, host: &Host, tls: &Arc<ClientConfig>) -> Result<Stream, ConnectError> {
    let address = tcp.peer_addr().map_err(|error| ConnectError::Unreachable(os_cause(&error)))?;
    tokio::select! {
        biased;
        outcome = handshake(tcp, host.as_str(), tls) => outcome.map_err(|error| match error {
            HandshakeError::Failed(error) => tls_invalid(&error),
            error => error.into(),
        }),
        () = answers_in_clear(address) => Err(ConnectError::TlsInvalid {
            fault: TlsFault::NoResponse,
            source: Cause::new("silent in answer to the handshake, and it answers a greeting in cleartext"),
        }),
    }
}

/// Returns when a server that does not answer the handshake answers a greeting in cleartext, on a connection
/// of its own; never otherwise. The greeting names no user, and the answer only decides how the failure is
/// reported.
async fn answers_in_clear(address: SocketAddr) {
    /// A handshake takes milliseconds; a server that needs longer is probed.
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

/// Whether an address that closes a connection in plaintext speaks TLS: a server that accepts TLS alone
/// cannot report that. Only the handshake is probed, so a certificate that is not trusted counts as an answer
/// as well.
pub(crate) async fn speaks_tls(address: SocketAddr, host: &Host, tls: &Arc<ClientConfig>) -> bool {
    /// A handshake takes milliseconds, and the answer only decides how the failure is reported.
    const PATIENCE: Duration = Duration::from_secs(2);
    let handshake = async {
        let tcp =
            TcpStream::connect(address).await.map_err(|error| ConnectError::Unreachable(os_cause(&error)))?;
        secure(tcp, host, tls).await
    };
    match tokio::time::timeout(PATIENCE, handshake).await {
        Ok(Ok(_)) => true,
        Ok(Err(ConnectError::TlsInvalid { fault, .. })) => fault != TlsFault::NoResponse,
        Ok(Err(_)) | Err(_) => false,
    }
}

/// The error of a failed handshake: the fault of the certificate, if there is one, or that TLS is not spoken.
pub(crate) fn tls_invalid(error: &io::Error) -> ConnectError {
    let silent = matches!(
        error.kind(),
        io::ErrorKind::UnexpectedEof | io::ErrorKind::ConnectionReset | io::ErrorKind::BrokenPipe
    );
    let rustls = error.get_ref().and_then(|inner| inner.downcast_ref::<rustls::Error>());
    let other_language =
        matches!(rustls, Some(rustls::Error::InvalidMessage(_) | rustls::Error::InappropriateMessage { .. }));
    match database_net::tls_invalid(error) {
        ConnectError::TlsInvalid { fault: TlsFault::Handshake, source } if silent || other_language => {
            ConnectError::TlsInvalid { fault: TlsFault::NoResponse, source }
        }
        invalid => invalid,
    }
}
