//! Rotates PostgreSQL passwords: single user and alternating users.
//!
//! ```text
//! Postgres (impl Engine) ─ connect ─> PostgresSession (impl Session)
//!   single user   begin, read settings │ set password │ commit                            3 round trips
//!   alternating   begin, read pair     │ correct the clone, read pair again │ set password │ commit
//!                 └ Pair::corrections: what the clone lacks, as statements; none on most rotations
//! ```
//!
//! Everything happens in one transaction that the caller commits. Until then no other session sees a change,
//! and a dropped session rolls all of it back. The server only ever sees verifiers of passwords.
//!
//! # The clone
//! With [`CloneObjects::Original`] the clone is a member of the original and becomes it at login (`ALTER ROLE
//! clone SET role`). What it creates belongs to the original. It may at once use what the original is
//! granted, and loses at once what the original loses. Its one direct membership is therefore the original;
//! other memberships are revoked. Attributes and settings are not inherited, so every rotation reconciles
//! them.
//!
//! `RESET ROLE`, `SET SESSION AUTHORIZATION DEFAULT` and `DISCARD ALL`, which some connection pools send,
//! return to the original. A session that runs `SET ROLE NONE` acts as the clone, and the server checks
//! CONNECT before the clone has become another role. In both cases it has the original's privileges by
//! inheritance: from version 16 its membership is `INHERIT`, whatever the clone's own INHERIT is, which
//! equals the original's; before, the clone is `INHERIT` even where the original is not. The next rotation
//! hands what it creates as itself to the original, unless an application is using it at that moment.
//!
//! Privileges that were granted to the clone itself are reported and not revoked. They have no effect while
//! its session acts as the original; they apply at CONNECT and after `SET ROLE NONE`.

mod adoption;
mod clone_objects;
mod correction;
mod environment;
mod excess;
mod excess_query;
mod facts;
mod mark;
mod memberships;
mod original_session;
mod pair;
mod password_storage;
mod permission;
mod prepared;
mod profile;
mod recognition;
mod session;
mod session_user;
mod setting;
mod statements;

use std::{net::IpAddr, time::SystemTime};

use database_net::{LazyTls, TlsSettings};
use postgres_session::SaltedPasswords;
use rotation_core::Deadline;
use rotation_database::{ConnectError, Engine, EngineProfile, Login, Transport};

pub use clone_objects::CloneObjects;
pub use session::PostgresSession;

/// The application name that the server's lists of sessions show.
const APPLICATION_NAME: &str = "secret-rotation";

/// PostgreSQL, on RDS, Aurora or anywhere else. Cheap to clone; clones share one TLS configuration, which is
/// built at the first login that needs it.
#[derive(Clone, Debug)]
pub struct Postgres {
    tls: LazyTls,
    clone_objects: CloneObjects,
    /// From the verifier that setSecret stores to testSecret's login with it.
    salted: SaltedPasswords,
}

impl Postgres {
    /// An engine with these TLS settings.
    pub fn new(tls: TlsSettings, clone_objects: CloneObjects) -> Self {
        Self { tls: LazyTls::new(tls), clone_objects, salted: SaltedPasswords::default() }
    }
}

impl Engine for Postgres {
    const PROFILE: EngineProfile = profile::PROFILE;

    type Session = PostgresSession;

    async fn connect(
        &self,
        login: &Login,
        transport: Transport,
        deadline: Deadline,
    ) -> Result<Self::Session, ConnectError> {
        let tls = self.tls.config();
        let connection =
            postgres_session::connect(login, transport, tls, APPLICATION_NAME, &self.salted, deadline)
                .await?;
        let username = login.credentials.username.clone();
        Ok(PostgresSession::new(connection, username, self.clone_objects, self.salted.clone()))
    }

    async fn addresses(&self, login: &Login) -> Result<Vec<IpAddr>, ConnectError> {
        postgres_session::addresses(login).await
    }

    fn chain_valid_until(&self) -> Option<SystemTime> {
        self.tls.chain_valid_until()
    }
}
