//! The ways in which a statement can fail.

use thiserror::Error;

use crate::{Cause, ConnectError};

/// A statement failed.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
#[error("{fault}{}", .statement.map(|name| format!(" ({name})")).unwrap_or_default())]
pub struct StatementError {
    /// Why it failed.
    pub fault: StatementFault,
    /// The kind of the statement, never its text: `alter role`.
    pub statement: Option<&'static str>,
    /// The cause, without values.
    #[source]
    pub source: Option<Cause>,
    /// Whether more than the new password was left to change when it failed, so that a login with that
    /// password does not show whether the change was made. Always false where a change takes effect as a
    /// whole.
    pub is_before_password: bool,
}

impl StatementError {
    /// An error that names no statement and no cause.
    pub fn new(fault: StatementFault) -> Self {
        Self { fault, statement: None, source: None, is_before_password: false }
    }

    /// The same, where more than the new password was left to change.
    #[must_use]
    pub fn before_password(self) -> Self {
        Self { is_before_password: true, ..self }
    }

    /// The server's answer by its code alone, without text from a statement or a server.
    pub(super) fn answer(&self) -> String {
        match (&self.source, &self.fault) {
            (Some(cause), _) => cause.to_string(),
            (None, StatementFault::Other { code }) => code.clone(),
            (None, _) => "no code of the server".to_owned(),
        }
    }
}

/// What to do with a user that a master cannot rotate.
pub const SINGLE_USER: &str = "Rotate this user with the single-user strategy.";

/// Why a statement failed, by who can fix it.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum StatementFault {
    /// The caller: this server accepts no writes.
    #[error("the server is read-only")]
    ReadOnly,
    /// The database's administrator: a privilege is missing.
    #[error("a privilege is missing: {needed}")]
    PrivilegeMissing {
        /// The statement that grants it, for an administrator to run; it contains only names of roles.
        needed: String,
    },
    /// The database's administrator: only members of `rds_password` may change passwords.
    #[error("the server lets only members of rds_password change passwords")]
    PasswordsRestricted,
    /// The database's administrator: the server's policy refuses the password.
    #[error("the server's password policy refused the new password ({rule})")]
    PasswordPolicy {
        /// The rule, by the server's error number or code.
        rule: String,
    },
    /// The database's administrator: the user no longer exists.
    #[error("there is no such user")]
    NoSuchUser,
    /// The database's administrator: the validity of the user has expired.
    #[error("the validity of the user's password has expired")]
    Expired,
    /// The database's administrator: a user of the pair may not log in at present.
    #[error("{user} {bar}")]
    UserBarred {
        /// Which user, by its name.
        user: String,
        /// Why not.
        bar: UserBar,
        /// The statement that lets the user log in again.
        needed: String,
    },
    /// The secret's owner: the live user is named like a clone, but there is no user of which it could be the
    /// clone.
    #[error(
        "the name {clone} is that of a clone, and there is no user {original} that it could be the clone of"
    )]
    OriginalMissing {
        /// The live user.
        clone: String,
        /// Its name without the suffix of clones.
        original: String,
    },
    /// The secret's owner: the two users do not belong together.
    #[error("the other user of the pair exists and is not known to be a clone of this one")]
    CloneNotRecognized,
    /// The secret's owner: another secret rotates the same pair of users.
    #[error("the users belong to another secret: {secret}")]
    OtherSecret {
        /// The other secret: account and name, or what the mark contains instead.
        secret: String,
    },
    /// The database's administrator: the clone has what the original cannot get.
    #[error("the clone has what the original lacks: {what}")]
    CloneExceeds {
        /// Names of objects, privileges and attributes; a bounded number of them.
        what: String,
        /// The statements that grant it to the original or revoke it from the clone.
        needed: String,
    },
    /// The database's administrator: the clone logs in but does not act as the original.
    #[error("the clone logs in, but its session does not act as the original")]
    SessionDiffers {
        /// The statements after which it does.
        needed: String,
    },
    /// The database's administrator: the user has a second password, and neither user nor master may end it.
    #[error("a password that was replaced still logs in")]
    OldPasswordActive {
        /// The statement after which a rotation ends it. `None` where the next rotation does so without it.
        needed: Option<String>,
    },
    /// The secret's owner: the user has other accounts, for other hosts, that log in with the same password.
    #[error("the user has more accounts that log in with AWSCURRENT: {accounts}")]
    OtherAccounts {
        /// Their names; a bounded number of them.
        accounts: String,
    },
    /// The secret's owner: this user must not be rotated with this strategy, or at all.
    #[error("this user cannot be rotated: {why}")]
    NotRotatable {
        /// Why.
        why: &'static str,
        /// What to do instead: a sentence, such as [`SINGLE_USER`].
        remedy: &'static str,
    },
    /// The operator: the server refuses the lock that serializes the rotations of one user.
    #[error("the server refuses the lock that serializes rotations")]
    LockUnavailable {
        /// The statement or setting that makes the server grant it, for an administrator.
        needed: &'static str,
    },
    /// Another session changed the same user at the same time.
    #[error("another session changed the user at the same time")]
    Busy,
    /// A proxy or pooler answered the first request with its own error: the state of the server behind it is
    /// unknown.
    #[error("a proxy answered instead of the server behind it")]
    Proxy,
    /// A pooler logged in to the server only for this request, and the server refused that login.
    #[error("the server refused the login that a pooler made for this request")]
    LoginRefused(#[source] Box<ConnectError>),
    /// The connection ended before the answer: the statement may have taken effect.
    #[error("the connection was lost")]
    ConnectionLost,
    /// The server stopped the statement at its time limit.
    #[error("the statement took too long")]
    TimedOut,
    /// The statement is in effect, but a majority of the replica set has not confirmed it: a failover could
    /// roll it back.
    #[error("a majority of the replica set has not confirmed the password")]
    MajorityMissing,
    /// Anything else, by the server's own code.
    #[error("{}", refused_by(code))]
    Other {
        /// SQLSTATE, error number, or command error code. Where the server sent none, a text of this program,
        /// which contains spaces.
        code: String,
    },
}

impl StatementFault {
    /// The server's own code, which its manual explains.
    pub(super) fn server_code(&self) -> Option<&str> {
        match self {
            Self::Other { code } if !code.contains(' ') => Some(code),
            _ => None,
        }
    }
}

fn refused_by(code: &str) -> String {
    if code.contains(' ') {
        code.to_owned()
    } else {
        format!("the server refused the statement with code {code}")
    }
}

/// Why a user may not log in.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
#[non_exhaustive]
pub enum UserBar {
    /// An administrator has locked it.
    #[error("may not log in")]
    Locked,
    /// Its validity has expired.
    #[error("is past the end of its validity")]
    Expired,
}
