//! The way to the server of a login: addresses, TCP, and why TLS failed, in the types of `rotation-core`. No
//! other file of this crate uses them.
//!
//! What follows on the connection is the engine's own protocol; each requests TLS in its own way.

use std::{
    io,
    net::{IpAddr, SocketAddr},
};

use rotation_core::Deadline;
use rotation_database::{Cause, ConnectError, Host, Login, TlsFault};
use tokio::net::{TcpStream, lookup_host};

use crate::{
    fault::{CertificateFault, certificate_fault},
    handshake::HandshakeError,
};

/// More addresses than any endpoint has; a longer answer is truncated.
const MOST_ADDRESSES: usize = 16;

/// A TCP connection to the address that the login is pinned to, or else to the first address of its host that
/// answers. The name is resolved again each time, so that a failover is followed.
///
/// # Errors
/// [`ConnectError::Dns`], [`ConnectError::ForbiddenAddress`] where the name leads to none that a database may
/// have, and [`ConnectError::Unreachable`] or [`ConnectError::TimedOut`] of the last address tried.
///
/// # Cancel safety
/// Dropping the future closes the socket.
pub async fn dial(login: &Login, deadline: Deadline) -> Result<TcpStream, ConnectError> {
    let addresses = candidates(login).await?;
    let mut failure = ConnectError::TimedOut;
    for (tried, address) in addresses.iter().enumerate() {
        // An address that drops packets must leave time for those after it.
        let shares = u32::try_from(addresses.len() - tried).unwrap_or(u32::MAX);
        let share = deadline.at_most(deadline.remaining() / shares);
        match share.bound(TcpStream::connect(address)).await {
            Ok(Ok(stream)) => {
                // Small messages are sent at once; if the option cannot be set, that is no reason to give up.
                let _ = stream.set_nodelay(true);
                return Ok(stream);
            }
            Ok(Err(error)) => failure = ConnectError::Unreachable(os_cause(&error)),
            Err(_) => failure = ConnectError::TimedOut,
        }
    }
    Err(failure)
}

/// The current addresses of the login's host that a database may have, at least one. Connects nowhere.
///
/// # Errors
/// [`ConnectError::Dns`] and [`ConnectError::ForbiddenAddress`], as [`dial`].
pub async fn addresses(login: &Login) -> Result<Vec<IpAddr>, ConnectError> {
    let found = resolve(&login.host, login.port).await?;
    Ok(found.into_iter().map(|address| address.ip()).collect())
}

/// The addresses to connect to: a pinned address must follow the same rule as those that a name resolves to.
async fn candidates(login: &Login) -> Result<Vec<SocketAddr>, ConnectError> {
    match login.address {
        Some(address) => permitted(vec![SocketAddr::new(address, login.port)]),
        None => resolve(&login.host, login.port).await,
    }
}

/// The addresses of the host that a database may have, at least one.
async fn resolve(host: &Host, port: u16) -> Result<Vec<SocketAddr>, ConnectError> {
    let found: Vec<SocketAddr> = match host.as_str().parse::<IpAddr>() {
        Ok(address) => vec![SocketAddr::new(address, port)],
        Err(_) => match lookup_host((host.as_str(), port)).await {
            Ok(found) => found.take(MOST_ADDRESSES).collect(),
            Err(error) => return Err(ConnectError::Dns(os_cause(&error))),
        },
    };
    permitted(found)
}

/// Those of a name's addresses that a database may have.
fn permitted(found: Vec<SocketAddr>) -> Result<Vec<SocketAddr>, ConnectError> {
    if found.is_empty() {
        return Err(ConnectError::Dns(Cause::new("no address")));
    }
    let permitted: Vec<_> = found.into_iter().filter(|found| Host::may_resolve_to(found.ip())).collect();
    if permitted.is_empty() { Err(ConnectError::ForbiddenAddress) } else { Ok(permitted) }
}

impl From<HandshakeError> for ConnectError {
    fn from(error: HandshakeError) -> Self {
        match error {
            HandshakeError::Name => {
                Self::TlsInvalid { fault: TlsFault::WrongHost, source: Cause::new(error.to_string()) }
            }
            HandshakeError::Failed(error) => tls_invalid(&error),
        }
    }
}

/// Why TLS failed, in the handshake or after it: the fault of the certificate, if there is one.
pub fn tls_invalid(error: &io::Error) -> ConnectError {
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

/// The operating system's error by its kind and number, which reveal no address.
pub fn os_cause(error: &io::Error) -> Cause {
    match error.raw_os_error() {
        Some(code) => Cause::new(format!("{} (os error {code})", error.kind())),
        None => Cause::new(error.kind().to_string()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Answers that a resolver may give; no resolver can be made to give them on a test machine.
    #[track_caller]
    fn check(answer: &[&str]) -> Result<Vec<String>, ConnectError> {
        let answer = answer.iter().map(|address| SocketAddr::new(address.parse().unwrap(), 5432)).collect();
        Ok(permitted(answer)?.iter().map(|address| address.ip().to_string()).collect())
    }

    /// A host name that resolves to no possible database address is refused.
    #[test]
    fn name_of_no_database() {
        for forbidden in ["169.254.169.254", "fd00:ec2::254", "fe80::1", "0.0.0.0", "224.0.0.1"] {
            let outcome = check(&[forbidden]);
            assert!(matches!(outcome, Err(ConnectError::ForbiddenAddress)), "{forbidden}: {outcome:?}");
        }
        assert!(matches!(check(&[]), Err(ConnectError::Dns(_))));
        // One permitted address is enough, and the others are left out.
        assert_eq!(check(&["169.254.169.254", "10.0.0.7"]).unwrap(), ["10.0.0.7"]);
    }
}
