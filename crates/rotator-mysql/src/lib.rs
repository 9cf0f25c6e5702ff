//! Rotates MySQL and MariaDB passwords: single user and alternating users.
//!
//! ```text
//! MysqlEngine<Flavor> (impl Engine) -> connect: greeting, TLS, login -> MysqlSession (impl Session)
//!   single user   stage: read rights            commit: one statement
//!   alternating   stage: read both users        commit: mark the pair, make both equal, read again, set the password
//! ```
//!
//! Every statement that changes a user commits by itself here, so `stage` only reads, and `commit` does
//! everything in an order in which each prefix is harmless: rights first, the password last. A clone that is
//! being made has the pending password, so that the server's policy is met by the operator's own settings,
//! and is locked until it has its rights.
//!
//! # Single user without a gap
//! MySQL 8.0.14 and later keeps two passwords of an account: a primary one and a secondary one. An account
//! that has the privilege `APPLICATION_PASSWORD_ADMIN` gets the new password as its primary one, and the one
//! of `AWSCURRENT` stays as the secondary one until the next rotation takes its place (`RETAIN CURRENT
//! PASSWORD`). The statement names the primary password that it replaces (`REPLACE`), and the server refuses
//! it where that is another one: so a repeated change never pushes the password that applications use out of
//! the secondary slot. The change then goes on without `RETAIN`, which leaves the secondary slot as it is.
//! `DUAL_PASSWORD` is `auto`, `require` or `off`.
//!
//! Where none is to be kept, the secondary password is ended last (`DISCARD OLD PASSWORD`): by then it is the
//! one of this session. A master ends those of both users, the live user's once the stored forms tell that
//! `AWSCURRENT` is the primary one. A secondary password that nobody here may end is refused as soon as it is
//! known.
//!
//! # What the server gets to see of a password
//! MariaDB writes statements as they came into its general log, and some into its binary log; it takes
//! hashes, so it gets hashes, those of `ed25519` and `parsec` too. Only where a plugin is to check passwords
//! (`strict_password_validation`) does it refuse them and gets the password itself, by the statement that the
//! binary log keeps as a hash (`checked_password`); a note says so. MySQL takes one's own new password in the
//! clear alone (`ALTER USER USER() IDENTIFIED WITH ... AS` is no syntax), and replaces it by `<secret>`
//! before it writes the statement anywhere. Its hashes could be used by a master, and are not: they would go
//! round `validate_password` and the history of passwords, which the administrator has set up.
//!
//! # The clone
//! MySQL has no membership that makes one user another. So the clone is given whatever the original has, at
//! every rotation, for every host of the original: privileges of all levels, partial revokes, roles and
//! default roles, the authentication plugin, demands on TLS, limits of resources, the policy of passwords,
//! comment and attributes. An idle clone loses what the original has not, and the outcome names it. A live
//! clone loses nothing: the original gets what the clone gained, which is what it has beyond the rights that
//! both had when they were last equal (`live`). Whether an account is locked or expired is its state and no
//! right: the clone is neither.
//!
//! An account of the clone for a host that the original has no account for is never dropped. Where it lets in
//! the original's clients it is kept equal, where it lets in others it is locked (`hosts`).
//!
//! Both users carry the mark of the secret that the pair belongs to (`mark`): from MySQL 8.0.21 on the
//! attribute `rotation`, on MariaDB a role without rights. Without a mark, as on older servers and for clones
//! that other functions made, an account is the clone where both have exactly the same rights, and one that
//! neither could have given the other.

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

/// A server that speaks MySQL's protocol, of this flavor. Which statements it takes is known by what it says
/// of itself at the login, whatever the flavor. Cheap to clone; clones share one TLS configuration, which is
/// built at the first login that needs it.
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
