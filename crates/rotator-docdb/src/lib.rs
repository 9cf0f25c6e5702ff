//! Rotates passwords of DocumentDB and MongoDB: single user and alternating users.
//!
//! ```text
//! DocumentDb (impl Engine) ─ connect ─> DocumentDbSession (impl Session)
//!   dial, TLS │ greeting │ SCRAM: start, continue                          3 round trips after TLS
//!   single user   read own mechanisms │ set password
//!   alternating   read both users │ create the clone whole, or: grant, revoke, look again │ set password
//! ```
//!
//! # Why no driver
//! A rotation needs ten commands on one connection. They are implemented here, without MongoDB's driver:
//!
//! - The driver supports wire version 9 and later. DocumentDB 3.6 and 4.0, which are in use, have 6 and 7;
//!   they would need a second, older driver. This crate supports version 6 and later, and greets older
//!   servers to name them.
//! - The driver waits out its server selection (30 s by default) where a certificate is refused at once,
//!   opens three connections for one command, and keeps monitors that outlive an attempt. Here one attempt is
//!   one connection, and dropping the future ends it.
//! - The driver does not accept a custom TLS configuration.
//! - `mongodb` 3.9 with the fewest features adds 52 crates to those of the PostgreSQL function, the crate
//!   `bson` alone 16, and 0.64 MiB to its zip; this crate adds none.
//!
//! # Design decisions
//! - **TLS.** The protocol has no message for "I offer no TLS": a server without it closes the connection or
//!   stays silent, and so may a man-in-the-middle. Plaintext is spoken on `"ssl": false` only, whatever
//!   `REQUIRE_TLS` is. A server that does not speak TLS is
//!   [`TlsFault::NoResponse`](rotation_database::TlsFault).
//! - **Where users live.** A user belongs to a database: `authdb`, else `dbname` (as in AWS's templates),
//!   else `admin`. The master logs in where its own secret names, and changes users where the rotated secret
//!   names.
//! - **Primary.** A member that is not the primary is refused before a password is sent, with a code of its
//!   own. Of the members that a secret lists, the one that takes writes gets the login; a primary that the
//!   secret does not name is named in the error and not followed.
//! - **Majority.** The function waits until a majority has a write, and also a password that an earlier
//!   attempt has set: a failover rolls back what one member alone has.
//! - **Atomicity.** User management has no transactions, but one command is one document. A missing clone is
//!   created with its roles and its password at once, so no crash leaves a clone that logs in and may do
//!   less. An existing one gets its privileges first, is read again, and gets its password last.
//! - **Options that a server does not know** (write concern, `customData`, mechanisms) are left out one form
//!   after another, down to the password alone, and the outcome reports that. What operators rely on is not
//!   left out.
//! - **The password is sent as it is,** inside TLS: there is no verifier form. Servers redact it in their
//!   logs.

mod code;
mod command;
mod confirmed;
mod connection;
mod dial;
mod document;
mod environment;
mod fault;
mod greeting;
mod json;
mod mark;
mod master;
mod moves;
mod pair;
mod primary;
mod privileges;
mod profile;
mod replication;
mod role;
mod scram;
mod session;
mod shell;
mod test_command;
mod user;
mod wire;

use std::{net::IpAddr, time::SystemTime};

use database_net::{LazyTls, TlsSettings};
use rotation_core::Deadline;
use rotation_database::{Cause, ConnectError, Engine, EngineProfile, Login, Transport};

use connection::Connection;
use profile::DEFAULT_HOME;

pub use session::DocumentDbSession;

/// DocumentDB or MongoDB. Cheap to clone; clones share one TLS configuration, which is built at the first
/// login that needs it.
#[derive(Clone, Debug)]
pub struct DocumentDb {
    tls: LazyTls,
}

impl DocumentDb {
    /// An engine with these TLS settings.
    pub fn new(tls: TlsSettings) -> Self {
        Self { tls: LazyTls::new(tls) }
    }
}

impl Engine for DocumentDb {
    const PROFILE: EngineProfile = profile::PROFILE;

    type Session = DocumentDbSession;

    async fn connect(
        &self,
        login: &Login,
        transport: Transport,
        deadline: Deadline,
    ) -> Result<Self::Session, ConnectError> {
        let home = database_name(login.home.as_deref())?;
        let pair_home = database_name(login.database.as_deref())?;
        let tls = self.tls.config();
        let connection = Connection::open(login, &home, transport, tls, deadline).await?;
        Ok(DocumentDbSession::new(connection, login.credentials.username.clone(), home, pair_home))
    }

    async fn addresses(&self, login: &Login) -> Result<Vec<IpAddr>, ConnectError> {
        let (mut found, mut failure) = (Vec::<IpAddr>::new(), None);
        for member in login.endpoints() {
            match database_net::addresses(&login.only_at(member)).await {
                Ok(addresses) => {
                    let new: Vec<_> = addresses.into_iter().filter(|new| !found.contains(new)).collect();
                    found.extend(new);
                }
                Err(error) => failure = Some(error),
            }
        }
        match failure {
            Some(error) if found.is_empty() => Err(error),
            _ => Ok(found),
        }
    }

    fn chain_valid_until(&self) -> Option<SystemTime> {
        self.tls.chain_valid_until()
    }
}

/// A name that a database can have ("MongoDB Limits and Thresholds"), so that nothing else is sent inside it.
fn database_name(name: Option<&str>) -> Result<String, ConnectError> {
    let name = name.unwrap_or(DEFAULT_HOME);
    if name.len() > 63 || name.contains(['/', '\\', '.', ' ', '"', '$', '*', '<', '>', ':', '|', '?', '\0']) {
        return Err(ConnectError::NoDatabase(Cause::new("not a name that a database can have")));
    }
    Ok(name.to_owned())
}
