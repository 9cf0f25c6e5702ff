//! How a login attempt may fail.

use thiserror::Error;

// Circle: a statement of the login may fail, and a statement may fail by a login that it makes.
use crate::{Cause, StatementError};

/// A login attempt failed. What the core does next depends on the variant alone.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum ConnectError {
    /// The server says no to these credentials. The one case in which another credential is tried.
    #[error("the server refused the user name or password")]
    Refused(#[source] Cause),
    /// The server says no to a password that ends with a line break, which hardly anybody means to store.
    #[error("the server refused the password, which ends with a line break")]
    LineBreak(#[source] Cause),
    /// The server says that there is no such user.
    #[error("the server knows no such user")]
    NoSuchUser(#[source] Cause),
    /// The account exists and may not log in.
    #[error("the account is locked or may not log in")]
    Locked(#[source] Cause),
    /// The account or its password has expired.
    #[error("the account or its password has expired")]
    Expired(#[source] Cause),
    /// The server's access rules do not let this client or transport in.
    #[error("the server's access rules reject this client")]
    AccessRule(#[source] Cause),
    /// No connection is left, for this user or at all.
    #[error("the server has no connection left")]
    TooManyConnections(#[source] Cause),
    /// The server asks for an authentication that would give the password away, or that we do not speak.
    #[error("the server asks for an authentication method that is refused")]
    AuthenticationMethod(#[source] Cause),
    /// The database that the secret names is not there, or the engine does not say whether it is closed to
    /// the user.
    #[error("the database named by the secret cannot be opened")]
    NoDatabase(#[source] Cause),
    /// The database is there and closed, to this user or to everybody.
    #[error("the database is closed to the user")]
    DatabaseClosed(#[source] Cause),
    /// The server took the password, and something that runs at every login ended the session.
    #[error("the server took the password and then refused the session")]
    SessionRefused(#[source] Cause),
    /// The server itself says that it offers no TLS. The one case in which plaintext may be tried.
    #[error("the server offers no TLS")]
    TlsUnavailable,
    /// The secret asks for plaintext, and the server takes TLS alone.
    #[error("the server takes connections over TLS alone, and the secret asks for plaintext")]
    TlsRequired(#[source] Cause),
    /// TLS is offered and not good.
    #[error("the server's TLS is not acceptable: {fault}")]
    TlsInvalid {
        /// Why.
        fault: TlsFault,
        /// The cause.
        #[source]
        source: Cause,
    },
    /// The host name does not resolve.
    #[error("the host name does not resolve")]
    Dns(#[source] Cause),
    /// The host resolves to an address that no database has.
    #[error("the host name resolves to an address that is refused")]
    ForbiddenAddress,
    /// Nothing answers at the address.
    #[error("the server cannot be reached")]
    Unreachable(#[source] Cause),
    /// The server is starting, stopping or failing over.
    #[error("the server is not ready")]
    NotReady(#[source] Cause),
    /// The server says, before anybody has logged in, that it takes no writes.
    #[error("the server is read-only")]
    ReadOnly(#[source] Cause),
    /// The server is not a member of the replica set that the secret names. No password was sent.
    #[error("the server is not of the replica set that the secret names")]
    SetDiffers(#[source] Cause),
    /// A member names a primary that the secret does not. No password was sent.
    #[error("the primary of the replica set is not among the hosts of the secret")]
    PrimaryNotListed(#[source] Cause),
    /// The server is of a version that we do not speak with.
    #[error("the server's version is not supported")]
    Unsupported(#[source] Cause),
    /// A proxy or pooler answered with an error of its own: nothing is known of the server behind it.
    #[error("a proxy answered, and not the server behind it")]
    Proxy(#[source] Cause),
    /// The password is right, and the server then refused the first request.
    #[error("the server let the user in and refused the first request")]
    Unusable(#[source] Box<StatementError>),
    /// The server did not answer in time.
    #[error("the server did not answer in time")]
    TimedOut,
    /// Whoever is at the address has let the user in, and has not answered the first request in time.
    #[error("the user was let in, and the first request had no answer in time")]
    Unanswered,
    /// The server broke its own protocol.
    #[error("the server does not speak the protocol as expected")]
    Protocol(#[source] Cause),
}

impl ConnectError {
    /// Whether the server refused these credentials, so that another credential may be tried.
    pub fn is_refusal(&self) -> bool {
        matches!(self, Self::Refused(_) | Self::LineBreak(_) | Self::NoSuchUser(_))
    }

    /// Whether that was the server's own word, so that a label may be moved or removed for it.
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
    /// Past `notAfter`.
    #[error("its certificate has expired")]
    Expired,
    /// Before `notBefore`.
    #[error("its certificate is not valid yet")]
    NotYetValid,
    /// Issued by itself.
    #[error("its certificate is self-signed")]
    SelfSigned,
    /// Issued for other names.
    #[error("its certificate names another host")]
    WrongHost,
    /// Issued by somebody who is not trusted.
    #[error("its certificate comes from an unknown authority")]
    UnknownAuthority,
    /// The server ends the connection, is silent, or answers in another language, where a handshake is due.
    /// Not its own word that it offers no TLS: anybody in the middle can do the same.
    #[error("nothing answers the handshake as TLS does")]
    NoResponse,
    /// Anything else in the handshake.
    #[error("the handshake failed")]
    Handshake,
}
