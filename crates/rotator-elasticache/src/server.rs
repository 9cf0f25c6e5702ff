//! The port to a server: one login, and the four commands of a master.

use std::net::IpAddr;

use rotation_core::Deadline;
use rotation_database::{ConnectError, Login, StatementError, Transport};

use crate::acl::{AclUser, PasswordChange};

/// Servers that speak RESP, or a fake of them. Every method may be dropped at any await.
pub trait Servers {
    /// A connection that is logged in.
    type Session: Session;

    /// Logs in once, by `AUTH` within `HELLO`, and lets the server answer one more request as this user.
    ///
    /// # Errors
    /// [`ConnectError`] by what the server, or the way to it, answered; causes hold codes alone.
    async fn open(
        &self,
        login: &Login,
        transport: Transport,
        deadline: Deadline,
    ) -> Result<Self::Session, ConnectError>;
}

/// A connection that is logged in. Dropping it closes the connection.
pub trait Session {
    /// The address at the other end.
    fn peer(&self) -> Option<IpAddr>;

    /// `ACL GETUSER`; `None` where there is no such user.
    ///
    /// # Errors
    /// [`StatementError`], like all methods below.
    async fn user(&mut self, name: &str) -> Result<Option<AclUser>, StatementError>;

    /// `ROLE` and the answer to `HELLO`: whether the server is alone.
    async fn company(&mut self) -> Result<Company, StatementError>;

    /// `ACL SAVE`: the file then has the users as they are in memory.
    async fn save(&mut self) -> Result<Saved, StatementError>;

    /// `ACL SETUSER`: makes the change as a whole or not at all. It may have been made where the answer is
    /// lost.
    async fn change(&mut self, name: &str, change: &PasswordChange) -> Result<(), StatementError>;
}

/// Whether there are more servers, whose users a change does not reach: users are not replicated.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Company {
    /// A server of its own.
    Alone,
    /// It has replicas.
    Replicas,
    /// It follows another server.
    Replica,
    /// It is a member of a cluster, or a sentinel.
    Member,
}

impl Company {
    /// A clause for messages.
    pub(crate) fn words(self) -> &'static str {
        match self {
            Self::Alone => "stands alone",
            Self::Replicas => "has replicas",
            Self::Replica => "is a replica",
            Self::Member => "is a member of a cluster, or a sentinel",
        }
    }
}

/// What came of `ACL SAVE`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Saved {
    /// The file has the users.
    Saved,
    /// The server is configured without such a file.
    NoFile,
}
