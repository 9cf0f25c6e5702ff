//! The errors that concern a secret's document and its database.

use rotation_core::{CredentialSource, DocumentError, RelatedSecretError, SecretId, StoreError, TimedOut};
use thiserror::Error;

use crate::{ConnectError, DatabaseLookupError, Remedies, StatementError};

/// The credentials of the master secret.
pub const MASTER_SECRET: CredentialSource = CredentialSource::Related("the master secret");

/// The database could not be brought into the state that the pending document describes, or is not in it.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum DatabaseError {
    /// The secret's owner: pending must open the same server.
    #[error("the pending version names another host or port than the current one")]
    HostDiffers,
    /// The secret's owner: pending must name the user whose turn it is.
    #[error("the pending version does not name the user whose turn it is")]
    UserDiffers,
    /// The secret's owner: the master secret's value is not usable.
    #[error("the master secret cannot be used")]
    MasterDocument(#[source] DocumentError),
    /// The operator: the master secret cannot be read.
    #[error("the master secret cannot be read")]
    MasterUnreadable(#[source] StoreError),
    /// The operator: the master secret has no `AWSCURRENT` value.
    #[error("the master secret {0} has no current value")]
    MasterEmpty(SecretId),
    /// The secret's owner: nothing names the server of the master.
    #[error("the master secret holds only a user name and a password, and none of its tags names a server")]
    MasterOwnerUnknown,
    /// The secret's owner: the server that manages the master secret does not exist or is not ready.
    #[error("the server that manages the master secret does not exist, or has no endpoint yet")]
    MasterOwnerNotFound,
    /// The secret's owner: the master must manage the same server.
    #[error("the master is on another host than the secret, and neither host follows the other")]
    MasterHostDiffers,
    /// The secret's owner: the master secret must name the member at which `AWSCURRENT` has logged in.
    #[error("the master secret does not name {member}, which is the primary")]
    MasterLacksMember {
        /// Host and port.
        member: String,
    },
    /// The secret's owner: at the server on which the master writes, `AWSCURRENT` does not log in.
    #[error("the user of AWSCURRENT does not log in at {host}:{port}, where the master would change it")]
    WriterUnproven {
        /// The master's host.
        host: String,
        /// The master's port.
        port: u16,
        /// Why the login failed.
        #[source]
        error: ConnectError,
    },
    /// The secret's owner: an RDS Proxy knows a new password only once it is `AWSCURRENT`, so a single user
    /// cannot be tested.
    #[error("the secret's host is an RDS Proxy")]
    HostIsProxy,
    /// The secret's owner: the server that accepts the writes runs another engine.
    #[error("the server of the master runs another engine than this function rotates")]
    MasterEngineDiffers,
    /// The operator: the lookup does not describe a replica's source.
    #[error("the source of a replica does not exist, or has no endpoint yet")]
    SourceNotFound,
    /// The operator: the servers could not be looked up.
    #[error(transparent)]
    DatabaseLookup(#[from] DatabaseLookupError),
    /// The service: the change was made, but has not reached the server that the secret names.
    #[error("the change was made on the writer, but the replica has not received it yet")]
    ReplicaLags(#[source] ConnectError),
    /// The secret's owner: `masterarn` is not the one that this function was deployed with.
    #[error("the secret's `masterarn` is not the master secret that this function was deployed for")]
    MasterNotDeployed,
    /// The secret's owner: a master cannot manage itself by alternating.
    #[error("the secret is its own master secret, or holds the same user")]
    MasterSameAsSecret,
    /// The database's administrator: this credential was refused, and there is no other one to try.
    #[error("login with {credential} failed")]
    Login {
        /// The credential of the login.
        credential: CredentialSource,
        /// What the server answered.
        #[source]
        error: ConnectError,
        /// The engine's text for the hint.
        remedies: &'static Remedies,
    },
    /// The database's administrator: no stored credential logs in.
    #[error("the server refused AWSCURRENT and AWSPENDING, and AWSPREVIOUS does not help")]
    NoCredentialAccepted {
        /// The engine's text for the hint.
        remedies: &'static Remedies,
    },
    /// A statement failed.
    #[error("a statement run with {credential} failed")]
    Statement {
        /// The credential of the connection.
        credential: CredentialSource,
        /// What the server answered.
        #[source]
        error: StatementError,
        /// The engine's text for the hint.
        remedies: &'static Remedies,
    },
    /// The operator, or the secret's owner: their test query failed.
    #[error("the test query failed ({answer})")]
    TestQuery {
        /// The server's code, or the reason why there is none.
        answer: String,
    },
    /// The database was still working when the deadline passed.
    #[error("the database did not finish in time")]
    TimedOut(#[from] TimedOut),
}

/// The only related secret of a database is its master secret.
impl From<RelatedSecretError> for DatabaseError {
    fn from(error: RelatedSecretError) -> Self {
        match error {
            RelatedSecretError::Document(error) => Self::MasterDocument(error),
            RelatedSecretError::Unreadable(error) => Self::MasterUnreadable(error),
            RelatedSecretError::Empty(secret) => Self::MasterEmpty(secret),
        }
    }
}
