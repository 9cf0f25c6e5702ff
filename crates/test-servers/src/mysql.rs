//! MySQL and MariaDB, started for tests and the demo.

mod builder;
mod fixtures;
mod flavor;
mod log;
mod programs;

// Circle: a builder starts the server, the server gives out its builder, and the start reads the server's
// log.
use std::{
    collections::BTreeMap,
    path::PathBuf,
    sync::{Arc, Mutex, OnceLock, PoisonError},
};

use crate::authority::TestAuthority;

use super::{guardian::Guardian, postgres::TestLogin};

pub use builder::{MysqlBuilder, MysqlLaunchError};
pub use fixtures::MysqlQueryError;
pub use flavor::{MysqlFlavor, MysqlVersion};

/// A running MySQL or MariaDB server of its own, with its own data, on a port that the system chose.
///
/// It listens on 127.0.0.1 (use the name `localhost`) and on a Unix socket, speaks TLS with a certificate of
/// its [`authority`](Self::authority), writes every login and every statement into its general log, and every
/// change into its binary log. It is stopped at once, and its folder removed, when this value is dropped or
/// when this process ends in any way.
pub struct MysqlServer {
    version: MysqlVersion,
    port: u16,
    folder: PathBuf,
    admin: TestLogin,
    authority: Arc<TestAuthority>,
    guardian: Mutex<Guardian>,
}

impl MysqlServer {
    /// Prepares a server with TLS; [`MysqlBuilder::start`] starts it.
    pub fn builder(version: impl Into<MysqlVersion>) -> MysqlBuilder {
        MysqlBuilder::new(version.into())
    }

    /// The server of this version that all tests of this process share, started by the first that needs it.
    ///
    /// Blocks for some seconds when it starts. Use names of your own and do not change the server's settings.
    ///
    /// # Errors
    /// Why it could not be started; the same error for every caller.
    pub fn shared(version: impl Into<MysqlVersion>) -> Result<&'static Self, MysqlLaunchError> {
        type Slot = OnceLock<Result<MysqlServer, MysqlLaunchError>>;
        static SERVERS: Mutex<BTreeMap<MysqlVersion, &'static Slot>> = Mutex::new(BTreeMap::new());
        let version = version.into();
        let slot: &'static Slot = SERVERS
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .entry(version)
            .or_insert_with(|| Box::leak(Box::default()));
        slot.get_or_init(|| Self::builder(version).start()).as_ref().map_err(Clone::clone)
    }

    /// The flavor of the server.
    pub fn flavor(&self) -> MysqlFlavor {
        self.version.flavor()
    }

    /// Its version.
    pub fn version(&self) -> MysqlVersion {
        self.version
    }

    /// The name to connect to, which the server's certificate carries.
    pub fn host(&self) -> &'static str {
        "localhost"
    }

    /// The TCP port on 127.0.0.1.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// The authority that signed the server's certificate, unless another certificate was given.
    pub fn authority(&self) -> &TestAuthority {
        &self.authority
    }

    /// A user with every privilege. A rotation must never need it; it is for preparation and inspection.
    pub fn admin(&self) -> &TestLogin {
        &self.admin
    }

    /// Ends the server with SIGKILL and starts it again on the same port with the same data. Blocks until
    /// it accepts connections.
    ///
    /// # Errors
    /// When it does not come back within 60 s.
    pub fn crash(&self) -> Result<(), MysqlLaunchError> {
        let mut guardian = self.guardian.lock().unwrap_or_else(PoisonError::into_inner);
        guardian.restart("KILL")?;
        builder::wait_until_ready(&guardian, &self.folder, self.port)
    }

    /// Whether the server has ended, as it does when a defect of its own crashes it.
    pub fn has_ended(&self) -> bool {
        !self.guardian.lock().unwrap_or_else(PoisonError::into_inner).server_runs()
    }
}

impl std::fmt::Debug for MysqlServer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("MysqlServer")
            .field("version", &self.version)
            .field("port", &self.port)
            .finish_non_exhaustive()
    }
}
