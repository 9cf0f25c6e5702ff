//! TLS over a TCP connection.

use std::{io, sync::Arc};

use rustls::ClientConfig;
use rustls_pki_types::ServerName;
use thiserror::Error;
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;

use crate::stream::Stream;

/// Why TLS was not established.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum HandshakeError {
    /// No certificate can be for this host, so nothing was sent.
    #[error("a name that no certificate can bear")]
    Name,
    /// The handshake failed. [`certificate_fault`](crate::certificate_fault) returns the certificate's fault,
    /// where that is the reason.
    #[error("the handshake failed")]
    Failed(#[source] io::Error),
}

/// TLS with this configuration, which verifies that the server is `host`: a name, with or without a trailing
/// dot, or an address. Nothing may have been exchanged before, except what the protocol has before TLS.
///
/// # Errors
/// [`HandshakeError`]. The connection is closed then.
///
/// # Cancel safety
/// Dropping the future closes the socket.
pub async fn handshake(
    tcp: TcpStream,
    host: &str,
    config: &Arc<ClientConfig>,
) -> Result<Stream, HandshakeError> {
    let name = server_name(host).ok_or(HandshakeError::Name)?;
    match TlsConnector::from(Arc::clone(config)).connect(name, tcp).await {
        Ok(stream) => Ok(Stream::Tls(Box::new(stream))),
        Err(error) => Err(HandshakeError::Failed(error)),
    }
}

/// The host in the form of certificates. `None` where no certificate can name it.
pub(crate) fn server_name(host: &str) -> Option<ServerName<'static>> {
    ServerName::try_from(host.trim_end_matches('.').to_owned()).ok()
}
