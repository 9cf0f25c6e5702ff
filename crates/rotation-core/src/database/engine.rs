//! The port to a database: what an engine must be able to do, and how it may fail.

use thiserror::Error;

use super::{Credentials, Login, Password, PasswordRule, UserPair};
use crate::deadline::Deadline;

/// A kind of database. The set is open: a new engine implements this and [`Session`], and writes no word of labels.
pub trait Engine {
    /// Names, defaults and limits.
    const PROFILE: EngineProfile;

    /// A connection that is logged in. Dropping it closes the connection and takes back what is not committed.
    type Session: Session;

    /// One login attempt over one transport, without a retry or a fallback of its own. The core decides about order,
    /// fallbacks and time; the deadline is given so that the engine can bound what a dropped future leaves behind.
    async fn connect(
        &self,
        login: &Login,
        transport: Transport,
        deadline: Deadline,
    ) -> Result<Self::Session, ConnectError>;
}

impl<E: Engine> Engine for &E {
    const PROFILE: EngineProfile = E::PROFILE;
    type Session = E::Session;

    async fn connect(
        &self,
        login: &Login,
        transport: Transport,
        deadline: Deadline,
    ) -> Result<Self::Session, ConnectError> {
        (**self).connect(login, transport, deadline).await
    }
}

/// A connection to a database as one user.
pub trait Session {
    /// Proves that the user can do work: one trivial query.
    async fn probe(&mut self) -> Result<(), StatementError>;

    /// Prepares a change so that [`Session::commit`] has nothing left to find out. Where the engine has
    /// transactions, the change is made inside one; where it has none, this only reads. Either way nobody else sees
    /// a difference yet, and dropping the session takes all of it back.
    async fn stage(&mut self, change: &Change<'_>, deadline: Deadline) -> Result<(), StatementError>;

    /// Makes the staged change final. Afterwards the new password logs in; a clone had its grants before that.
    /// Returns notes for people: lower-case sentences without values.
    async fn commit(self) -> Result<Vec<String>, StatementError>;
}

/// A change to prepare.
#[derive(Clone, Copy, Debug)]
pub enum Change<'a> {
    /// The session's own user gets another password.
    OwnPassword {
        /// The one to set.
        new: &'a Password,
    },
    /// The session's user, a master, brings the other user of a pair to equal and gives it this password.
    OtherUser {
        /// Both users.
        pair: &'a UserPair,
        /// The user that applications log in as now: one of the pair. Its password stays.
        live: &'a super::Username,
        /// The other one of the pair, with the password to set.
        next: &'a Credentials,
    },
}

/// How a connection is protected.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Transport {
    /// TLS with chain and name verified.
    Tls,
    /// No protection.
    Plaintext,
}

/// What the core must know about an engine.
#[derive(Clone, Copy, Debug)]
pub struct EngineProfile {
    /// For people: `PostgreSQL`.
    pub name: &'static str,
    /// Values of the secret's `engine` that this function takes.
    pub engines: &'static [&'static str],
    /// The same, for an error message.
    pub engines_text: &'static str,
    /// Where `port` is absent.
    pub default_port: u16,
    /// Where `dbname` is absent.
    pub default_database: Option<&'static str>,
    /// What the name of the second user ends in.
    pub clone_suffix: &'static str,
    /// The longest user name.
    pub name_limit: NameLimit,
    /// Names that are never rotated by alternating users: the service's own.
    pub reserved_users: &'static [&'static str],
    /// What the engine demands of passwords.
    pub password_rule: PasswordRule,
}

/// How an engine counts the length of a name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NameLimit {
    /// At most so many bytes of UTF-8.
    Bytes(usize),
    /// At most so many characters.
    Characters(usize),
}

impl NameLimit {
    /// Whether the name is short enough to be kept whole.
    pub fn admits(self, name: &str) -> bool {
        match self {
            Self::Bytes(limit) => name.len() <= limit,
            Self::Characters(limit) => name.chars().count() <= limit,
        }
    }
}

/// The cause of a database error in the engine's words: a code of the server, an error of the operating system.
///
/// Whoever makes one vouches that it holds no value of a secret and no text of a statement: a server's message may
/// quote both, so only its code goes in.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
#[error("{0}")]
pub struct Cause(String);

impl Cause {
    /// A cause with this text.
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }
}

/// A login attempt failed. What the core does next depends on the variant alone.
#[derive(Debug, Error)]
pub enum ConnectError {
    /// The server says no to these credentials. The one case in which another credential is tried.
    #[error("the server refused the user name or password")]
    Refused(#[source] Cause),
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
    /// The database that the secret names is not there or closed to the user.
    #[error("the database named by the secret cannot be opened")]
    NoDatabase(#[source] Cause),
    /// The server itself says that it offers no TLS. The one case in which plaintext may be tried.
    #[error("the server offers no TLS")]
    TlsUnavailable,
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
    /// The server did not answer in time.
    #[error("the server did not answer in time")]
    TimedOut,
    /// The server broke its own protocol, or is too old.
    #[error("the server does not speak the protocol as expected")]
    Protocol(#[source] Cause),
}

impl ConnectError {
    /// Whether the server refused these credentials, so that another credential may be tried.
    pub fn is_refusal(&self) -> bool {
        matches!(self, Self::Refused(_) | Self::NoSuchUser(_))
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
    /// Anything else in the handshake.
    #[error("the handshake failed")]
    Handshake,
}

/// A statement failed.
#[derive(Debug, Error)]
#[error("{fault}{}", .statement.map(|name| format!(" ({name})")).unwrap_or_default())]
pub struct StatementError {
    /// What was wrong.
    pub fault: StatementFault,
    /// Which statement, by its kind and never by its text: `alter role`.
    pub statement: Option<&'static str>,
    /// The cause, scrubbed.
    #[source]
    pub source: Option<Cause>,
}

impl StatementError {
    /// An error that names no statement and no cause.
    pub fn new(fault: StatementFault) -> Self {
        Self { fault, statement: None, source: None }
    }
}

/// Why a statement failed, by who can mend it.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum StatementFault {
    /// The caller: this server takes no writes.
    #[error("the server is read-only")]
    ReadOnly,
    /// The database's administrator: a privilege is missing.
    #[error("a privilege is missing: {needed}")]
    PrivilegeMissing {
        /// What would give it, for an administrator to run; names of roles only.
        needed: String,
    },
    /// The database's administrator: passwords may be changed by members of `rds_password` only.
    #[error("the server lets only members of rds_password change passwords")]
    PasswordsRestricted,
    /// The database's administrator: the server's policy does not take the password.
    #[error("the server's password policy refused the new password ({rule})")]
    PasswordPolicy {
        /// The rule, by the server's error number or code.
        rule: String,
    },
    /// The database's administrator: the user is not there any more.
    #[error("there is no such user")]
    NoSuchUser,
    /// The database's administrator: the user's validity is over.
    #[error("the validity of the user's password is over")]
    Expired,
    /// The secret's owner: the two users do not belong together.
    #[error("the other user of the pair exists and is no clone of this one")]
    NotKin,
    /// The secret's owner: this user is not one to alternate.
    #[error("alternating users is refused for this user: {why}")]
    NotAlternating {
        /// Why.
        why: &'static str,
    },
    /// Somebody else changed the same user at the same time.
    #[error("the user was changed by somebody else at the same time")]
    Busy,
    /// The connection ended before the answer: the statement may have taken effect.
    #[error("the connection was lost")]
    ConnectionLost,
    /// The server stopped the statement at its time limit.
    #[error("the statement took too long")]
    TimedOut,
    /// Anything else, by the server's own code.
    #[error("the server refused the statement with code {code}")]
    Other {
        /// SQLSTATE, error number, or command error code.
        code: String,
    },
}
