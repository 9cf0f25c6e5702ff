//! Rotates MySQL and MariaDB passwords: single user and alternating users.
//!
//! ```text
//! MysqlEngine<Flavor> (impl Engine) -> connect: greeting, TLS, login -> MysqlSession (impl Session)
//!   single user   stage: read rights     │ commit: one statement
//!   alternating   stage: read both users │ commit: mark the pair, reconcile, read again, set the password
//! ```
//!
//! Every statement that changes a user commits by itself here. So `stage` only reads, and `commit` does
//! everything in an order in which each prefix is harmless: privileges first, the password last. A clone that
//! is being created has the pending password, so that it meets the server's policy by the operator's own
//! settings, and is locked until it has its privileges.
//!
//! # Single user without a gap
//! MySQL 8.0.14 and later keeps two passwords of an account: a primary one and a secondary one. An account
//! that has the privilege `APPLICATION_PASSWORD_ADMIN` gets the new password as its primary one. The password
//! of `AWSCURRENT` stays as the secondary one until the next rotation replaces it (`RETAIN CURRENT
//! PASSWORD`). The statement names the primary password that it replaces (`REPLACE`), and the server refuses
//! it where the primary password is another one: so a repeated change never pushes the password that
//! applications use out of the secondary slot. The change then goes on without `RETAIN`, which leaves the
//! secondary slot as it is. `DUAL_PASSWORD` is `auto`, `require` or `off`.
//!
//! Where no second password is to be kept, it is discarded last (`DISCARD OLD PASSWORD`): by then it is the
//! password of this session. A master discards those of both users, the live user's once the stored forms
//! show that `AWSCURRENT` is the primary one. A secondary password that the session's user may not discard is
//! refused as soon as it is detected.
//!
//! # What the server sees of a password
//! MariaDB writes statements unchanged into its general log, and some into its binary log. It accepts hashes,
//! so it gets hashes, including those of `ed25519` and `parsec`. Only where a plugin checks passwords
//! (`strict_password_validation`) does it refuse them. It then gets the password itself, by the statement
//! that the binary log keeps as a hash (`checked_password`), and a note reports that. MySQL accepts a user's
//! own new password only in cleartext (`ALTER USER USER() IDENTIFIED WITH ... AS` is no syntax), and replaces
//! it by `<secret>` before it logs the statement anywhere. A master could use its hashes, but does not: they
//! would bypass `validate_password` and the password history, which the administrator has set up.
//!
//! # The clone
//! MySQL has no membership that makes one user another. So every rotation gives the clone whatever the
//! original has, for every host of the original: privileges of all levels, partial revokes, roles and default
//! roles, the authentication plugin, TLS requirements, resource limits, the password policy, comment and
//! attributes. An idle clone loses what the original does not have, and the outcome names it. A live clone
//! loses nothing: the original gets what the clone gained, which is what it has beyond the privileges that
//! both had when they were last equal (`live`). Whether an account is locked or expired is its state and no
//! privilege: the clone is neither. right: the clone is neither. An account of the clone for a host for which
//! the original has no account is never dropped. Where it admits the original's clients it is kept equal;
//! where it admits others it is locked (`hosts`). the original's clients it is kept equal, where it lets in
//! others it is locked (`hosts`). Both users carry the mark of the secret that the pair belongs to (`mark`):
//! from MySQL 8.0.21 on the attribute `rotation`, on MariaDB a role without privileges. Without a mark, as on
//! older servers and for clones that other functions made, an account counts as the clone where both have
//! exactly the same privileges, and at least one that neither could have given the other. neither could have
//! given the other.

mod account;
mod authentication;
mod checked_password;
mod connect;
mod connection;
mod correction;
mod definers;
mod dialect;
mod entry;
mod environment;
mod facts;
mod fault;
mod flavor;
mod grants;
mod held;
mod hosts;
mod idle;
mod keys;
mod lexer;
mod listing;
mod live;
mod lockout;
mod mark;
mod marking;
mod master;
mod notes;
mod other;
mod own;
mod own_account;
mod own_entries;
mod own_mark;
mod pair;
mod profile;
mod quote;
mod recognition;
mod remediation;
mod retired_plugin;
mod second_password;
mod session;
mod session_settings;
mod settings;
mod shown;
mod statement;
mod stored_form;
mod stored_password;
mod turns;
mod wire;
mod work;
mod writable;

use std::{fmt, marker::PhantomData, net::IpAddr, time::SystemTime};

use database_net::{LazyTls, TlsSettings};
use rotation_core::Deadline;
use rotation_database::{ConnectError, Engine, EngineProfile, Login, Transport};

pub use flavor::{Flavor, MariaDbFlavor, MySqlFlavor};
pub use session::MysqlSession;
pub use settings::{DualPassword, SelfSigned, Settings};
pub use shown::{ShownAccount, plan_clone};

/// MySQL, on RDS, Aurora or anywhere else.
pub type MySql = MysqlEngine<MySqlFlavor>;

/// MariaDB, on RDS or anywhere else.
pub type MariaDb = MysqlEngine<MariaDbFlavor>;

/// A server that speaks MySQL's protocol, of this flavor. What it reports about itself at the login decides
/// which statements it gets, whatever the flavor. Cheap to clone; clones share one TLS configuration, which
/// is built at the first login that needs it.
#[derive(Clone)]
pub struct MysqlEngine<F> {
    tls: LazyTls,
    settings: Settings,
    flavor: PhantomData<F>,
}

impl<F> MysqlEngine<F> {
    /// An engine with these settings.
    pub fn new(tls: TlsSettings, settings: Settings) -> Self {
        Self { tls: LazyTls::new(tls), settings, flavor: PhantomData }
    }
}

impl<F> fmt::Debug for MysqlEngine<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MysqlEngine").field("settings", &self.settings).finish_non_exhaustive()
    }
}

impl<F: Flavor> Engine for MysqlEngine<F> {
    const PROFILE: EngineProfile = profile::profile::<F>();

    type Session = MysqlSession;

    async fn connect(
        &self,
        login: &Login,
        transport: Transport,
        deadline: Deadline,
    ) -> Result<Self::Session, ConnectError> {
        let tls = self.tls.client();
        let connection = connect::connect(login, transport, tls, self.settings.self_signed, deadline).await?;
        Ok(MysqlSession::new(connection, login.credentials.clone(), self.settings))
    }

    async fn addresses(&self, login: &Login) -> Result<Vec<IpAddr>, ConnectError> {
        database_net::addresses(login).await
    }

    fn chain_valid_until(&self) -> Option<SystemTime> {
        self.tls.chain_valid_until()
    }
}
