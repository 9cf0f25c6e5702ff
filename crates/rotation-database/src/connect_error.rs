//! The ways in which a login attempt can fail.

use thiserror::Error;

// Circle: a login runs a statement that may fail, and a statement may fail because of a login that it makes.
use crate::{Cause, StatementError};

/// A login attempt failed. What the core does next depends on the variant alone.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum ConnectError {
    /// The server rejects these credentials. Only in this case is another credential tried.
    #[error("the server refused the user name or password")]
    Refused(#[source] Cause),
    /// The server rejects a password that ends with a line break, which was probably stored by mistake.
    #[error("the server refused the password, which ends with a line break")]
    LineBreak(#[source] Cause),
    /// The server reports that the user does not exist.
    #[error("the server knows no such user")]
    NoSuchUser(#[source] Cause),
    /// The account exists but may not log in.
    #[error("the account is locked or may not log in")]
    Locked(#[source] Cause),
    /// The account or its password has expired.
    #[error("the account or its password has expired")]
    Expired(#[source] Cause),
    /// The server's access rules reject this client or transport.
    #[error("the server's access rules reject this client")]
    AccessRule(#[source] Cause),
    /// The connection limit is reached, for this user or for the server.
    #[error("the server has no connection left")]
    TooManyConnections(#[source] Cause),
    /// The server requires an authentication method that would disclose the password, or that is not
    /// supported.
    #[error("the server requires an authentication method that is refused")]
    AuthenticationMethod(#[source] Cause),
    /// The database that the secret names does not exist, or the engine does not report whether it is closed
    /// to the user.
    #[error("the database named by the secret cannot be opened")]
    NoDatabase(#[source] Cause),
    /// The database exists but is closed, to this user or to all users.
    #[error("the database is closed to the user")]
    DatabaseClosed(#[source] Cause),
    /// The server accepted the password, but something that runs at every login ended the session.
    #[error("the server accepted the password and then refused the session")]
    SessionRefused(#[source] Cause),
    /// The server itself reports that it offers no TLS. Only in this case may plaintext be tried.
    #[error("the server offers no TLS")]
    TlsUnavailable,
    /// The secret asks for plaintext, but the server accepts only TLS.
    #[error("the server accepts only TLS connections, but the secret asks for plaintext")]
    TlsRequired(#[source] Cause),
    /// TLS is offered but not acceptable.
    #[error("the server's TLS is not acceptable: {fault}")]
    TlsInvalid {
        /// The reason.
        fault: TlsFault,
        /// The cause.
        #[source]
        source: Cause,
    },
    /// The host name does not resolve.
    #[error("the host name does not resolve")]
    Dns(#[source] Cause),
    /// The host resolves to an address that cannot be a database's.
    #[error("the host name resolves to an address that is refused")]
    ForbiddenAddress,
    /// Nothing answers at the address.
    #[error("the server cannot be reached")]
    Unreachable(#[source] Cause),
    /// The server is starting, stopping or failing over.
    #[error("the server is not ready")]
    NotReady(#[source] Cause),
    /// The server reports before any login that it accepts no writes.
    #[error("the server is read-only")]
    ReadOnly(#[source] Cause),
    /// The server is not a member of the replica set that the secret names. No password was sent.
    #[error("the server is not a member of the replica set that the secret names")]
    SetDiffers(#[source] Cause),
    /// A member names a primary that the secret does not list. No password was sent.
    #[error("the primary of the replica set is not among the hosts of the secret")]
    PrimaryNotListed(#[source] Cause),
    /// The server's version is not supported.
    #[error("the server's version is not supported")]
    Unsupported(#[source] Cause),
    /// A proxy or pooler answered with its own error: the state of the server behind it is unknown.
    #[error("a proxy answered instead of the server behind it")]
    Proxy(#[source] Cause),
    /// The password is right, but the server then refused the first request.
    #[error("the login succeeded, but the server refused the first request")]
    Unusable(#[source] Box<StatementError>),
    /// The server did not answer in time.
    #[error("the server did not answer in time")]
    TimedOut,
    /// The peer accepted the login, but did not answer the first request in time.
    #[error("the login succeeded, but the first request had no answer in time")]
    Unanswered,
    /// The server violated its protocol.
    #[error("the server does not speak the protocol as expected")]
    Protocol(#[source] Cause),
}

impl ConnectError {
    /// Whether the server refused these credentials, so that another credential may be tried.
    pub fn is_refusal(&self) -> bool {
        matches!(self, Self::Refused(_) | Self::LineBreak(_) | Self::NoSuchUser(_))
    }

    /// Whether the refusal came from the server itself, so that a label may be moved or removed because of
    /// it.
    pub fn is_certain_refusal(&self) -> bool {
        match self {
            Self::Refused(cause) | Self::LineBreak(cause) | Self::NoSuchUser(cause) => !cause.is_unproven(),
            _ => false,
        }
    }
}

/// What is wrong with a server's TLS.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
pub enum TlsFault {
    /// The time is past `notAfter`.
    #[error("its certificate has expired")]
    Expired,
    /// The time is before `notBefore`.
    #[error("its certificate is not valid yet")]
    NotYetValid,
    /// The certificate is self-signed.
    #[error("its certificate is self-signed")]
    SelfSigned,
    /// The certificate was issued for other names.
    #[error("its certificate names another host")]
    WrongHost,
    /// The issuer of the certificate is not trusted.
    #[error("its certificate comes from an unknown authority")]
    UnknownAuthority,
    /// The server closes the connection, is silent, or sends something other than TLS where a handshake is
    /// expected. This does not show that the server offers no TLS: a man-in-the-middle can do the same.
    #[error("the handshake is not answered with TLS")]
    NoResponse,
    /// Anything else in the handshake.
    #[error("the handshake failed")]
    Handshake,
}
