//! Rotates Amazon Redshift passwords, provisioned and serverless: single user and alternating users.
//!
//! ```text
//! Redshift (impl Engine) ─ connect ─> RedshiftSession (impl Session)
//!   single user   begin, who am I   │ set password │ commit                              3 round trips
//!   alternating   begin, read pair  │ correct the clone, read pair again │ set password │ commit
//!                 └ Pair::corrections: what the clone lacks or has too much, as statements
//! ```
//!
//! # What is tested, and how
//! **No line of this crate has ever met a real Redshift server.** None is available for tests. Every
//! statement follows a page of the "Amazon Redshift Database Developer Guide", named where the statement is
//! built. The tests run all of them on PostgreSQL with views that imitate Redshift's catalog, through a guard
//! that accepts only Redshift's documented grammar and refuses the rest. Only a real server can show: the
//! text form of the SHA-256 salt, what the views show to a master that is no superuser, and the order of
//! locks.
//!
//! # The clone
//! Redshift has no membership of a user in a user, so every rotation grants the clone the privileges of the
//! original one by one: attributes, settings, groups, roles, privileges on databases, schemas, relations,
//! functions, procedures and languages, default privileges. What the clone owns is handed to the original; on
//! what the original owns, the clone is granted what can be granted. A group, `<original>:clone`, that no
//! other user is in identifies the clone; a clone that AWS's template made is adopted where `ADOPT_CLONES` is
//! true.
//!
//! What cannot be cloned inside a transaction, or at all, is named in the notes: privileges on external
//! schemas, scoped permissions, privileges on columns and datashares, and everything in databases other than
//! the secret's.
//!
//! # Dialect
//! Redshift has no savepoints: a refused statement ends the transaction, so nothing is tried that may fail.
//! Names are exact, because the transaction turns `enable_case_sensitive_identifier` on. Backslashes escape
//! inside literals, so values that contain one are refused instead of guessed.

mod answer;
mod batch;
mod clone;
mod default_privilege;
mod environment;
mod grant;
mod mark;
mod options;
mod pair;
mod password_form;
mod profile;
mod quote;
mod rights;
mod session;
mod setting;
#[cfg(test)]
mod snapshots;
mod statements;
mod user;

use std::{net::IpAddr, time::SystemTime};

use database_net::{LazyTls, TlsSettings};
use rotation_core::Deadline;
use rotation_database::{ConnectError, Engine, EngineProfile, Login, Transport};

pub use options::Options;
pub use password_form::PasswordForm;
pub use session::RedshiftSession;

/// The application name that the server's lists of sessions show.
const APPLICATION_NAME: &str = "secret-rotation";

/// Amazon Redshift. Cheap to clone; clones share one TLS configuration, which is built at the first login
/// that needs it.
#[derive(Clone, Debug)]
pub struct Redshift {
    tls: LazyTls,
    options: Options,
}

impl Redshift {
    /// An engine with these TLS settings.
    pub fn new(tls: TlsSettings, options: Options) -> Self {
        Self { tls: LazyTls::new(tls), options }
    }
}

impl Engine for Redshift {
    const PROFILE: EngineProfile = profile::PROFILE;

    type Session = RedshiftSession;

    async fn connect(
        &self,
        login: &Login,
        transport: Transport,
        deadline: Deadline,
    ) -> Result<Self::Session, ConnectError> {
        let tls = self.tls.config();
        let connecting =
            postgres_session::connect_to_redshift(login, transport, tls, APPLICATION_NAME, deadline);
        Ok(RedshiftSession::new(connecting.await?, self.options))
    }

    async fn addresses(&self, login: &Login) -> Result<Vec<IpAddr>, ConnectError> {
        postgres_session::addresses(login).await
    }

    fn chain_valid_until(&self) -> Option<SystemTime> {
        self.tls.chain_valid_until()
    }
}
