//! PostgreSQL, started for tests and the demo.

mod builder;
mod cluster;
mod fixtures;
mod log;
mod version;

// Circle: a builder starts the server, the server gives out its builder, and the start reads the server's
// log.
use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, OnceLock, PoisonError},
    thread,
    time::{Duration, Instant},
};

use tokio_postgres::NoTls;

use crate::authority::{TestAuthority, write_private};

use super::{account::Account, guardian::Guardian};

pub use builder::{LaunchError, PostgresBuilder, ServerTls};
pub use fixtures::{QueryError, TestLogin};
pub use log::FailedLogin;
pub use version::PostgresVersion;

/// How long a server may take until it accepts connections.
const START_LIMIT: Duration = Duration::from_secs(30);

/// A running PostgreSQL server of its own, with its own data, on a port that the system chose.
///
/// It listens on 127.0.0.1 (use the name `localhost`) and on a Unix socket, speaks TLS with a certificate of
/// its [`authority`](Self::authority), stores passwords as SCRAM verifiers, and logs every statement and
/// every login. It is stopped at once, and its folder removed, when this value is dropped or when this
/// process ends in any way.
pub struct PostgresServer {
    version: PostgresVersion,
    port: u16,
    folder: PathBuf,
    programs: PathBuf,
    admin: TestLogin,
    authority: Arc<TestAuthority>,
    account: Account,
    guardian: Mutex<Guardian>,
}

/// How a server is stopped before it starts again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stop {
    /// SIGKILL of the postmaster: the next start recovers from the write-ahead log what was committed.
    Crash,
    /// PostgreSQL's "fast" shutdown: sessions are ended, everything is written.
    Fast,
}

impl PostgresServer {
    /// Prepares a server with TLS and SCRAM; [`PostgresBuilder::start`] starts it.
    pub fn builder(version: PostgresVersion) -> PostgresBuilder {
        PostgresBuilder::new(version)
    }

    /// The server of this version that all tests of this process share, started by the first that needs it.
    ///
    /// Blocks for a second or two when it starts. Use names of your own
    /// ([`create_database`](Self::create_database), [`create_role`](Self::create_role)) and do not change the
    /// server's settings.
    ///
    /// # Errors
    /// Why it could not be started; the same error for every caller.
    pub fn shared(version: PostgresVersion) -> Result<&'static Self, LaunchError> {
        type Slot = OnceLock<Result<PostgresServer, LaunchError>>;
        static SERVERS: Mutex<BTreeMap<PostgresVersion, &'static Slot>> = Mutex::new(BTreeMap::new());
        let slot: &'static Slot = SERVERS
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .entry(version)
            .or_insert_with(|| Box::leak(Box::default()));
        slot.get_or_init(|| Self::builder(version).start()).as_ref().map_err(Clone::clone)
    }

    /// The requested version.
    pub fn version(&self) -> PostgresVersion {
        self.version
    }

    /// The name to connect to, which the server's certificate carries.
    pub fn host(&self) -> &'static str {
        "localhost"
    }

    /// The folder of `initdb` and `postgres`.
    pub fn programs(&self) -> &Path {
        &self.programs
    }

    /// The TCP port on 127.0.0.1.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// The folder of the Unix socket, in the form that libpq accepts as a host.
    pub fn socket_folder(&self) -> &Path {
        &self.folder
    }

    /// The authority that signed the server's certificate, unless another certificate was given.
    pub fn authority(&self) -> &TestAuthority {
        &self.authority
    }

    /// The superuser. A rotation must never need it; it is for preparation and inspection.
    pub fn admin(&self) -> &TestLogin {
        &self.admin
    }

    /// Stops the server and starts it again on the same port with the same data. Blocks until it accepts
    /// connections.
    ///
    /// # Errors
    /// When it does not come back within 30 s.
    pub fn restart(&self, stop: Stop) -> Result<(), LaunchError> {
        let signal = match stop {
            Stop::Crash => "KILL",
            Stop::Fast => "INT",
        };
        let mut guardian = self.guardian.lock().unwrap_or_else(PoisonError::into_inner);
        let limit = Instant::now() + START_LIMIT;
        loop {
            guardian.restart(signal)?;
            match wait_until_ready(&guardian, &self.folder) {
                // After a crash the sessions of the old server keep its shared memory for another moment.
                Err(LaunchError::Ended { .. }) if Instant::now() < limit => {
                    thread::sleep(Duration::from_millis(50));
                }
                outcome => return outcome,
            }
        }
    }

    /// Turns the server into a hot standby, like the old primary after a failover: users and data stay, and
    /// every write is refused with SQLSTATE 25006. Blocks until it accepts connections;
    /// [`promote`](Self::promote) reverts it.
    ///
    /// # Errors
    /// As [`restart`](Self::restart).
    pub fn demote(&self) -> Result<(), LaunchError> {
        let signal = self.data_folder().join("standby.signal");
        write_private(&signal, b"")?;
        self.account.own(&signal)?;
        self.restart(Stop::Fast)
    }

    /// Makes a demoted server writable again.
    ///
    /// # Errors
    /// When the server refuses, for example because it is no standby.
    pub async fn promote(&self) -> Result<(), QueryError> {
        self.execute("postgres", "SELECT pg_promote(true, 30)").await
    }

    fn data_folder(&self) -> PathBuf {
        self.folder.join("data")
    }

    /// A connection over the Unix socket, where TLS is not used.
    async fn connect(&self, login: &TestLogin, database: &str) -> Result<tokio_postgres::Client, QueryError> {
        let connecting = async {
            let mut config = tokio_postgres::Config::new();
            if login == &self.admin {
                // The log, where tests look for passwords, must show what the program under test did, not
                // what the tests did.
                config.options("-c log_statement=none -c log_min_error_statement=panic");
            }
            let (client, connection) = config
                .host_path(&self.folder)
                .port(self.port)
                .user(&login.username)
                .password(&login.password)
                .dbname(database)
                .application_name("test-servers")
                .connect(NoTls)
                .await?;
            // Ends when the client is dropped; errors before that reach the client.
            tokio::spawn(connection);
            Ok::<_, tokio_postgres::Error>(client)
        };
        match tokio::time::timeout(START_LIMIT, connecting).await {
            Ok(connected) => connected.map_err(|error| QueryError::from(&error)),
            Err(_) => Err(QueryError { code: None, message: "no connection within 30 s".to_owned() }),
        }
    }
}

impl std::fmt::Debug for PostgresServer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("PostgresServer")
            .field("version", &self.version)
            .field("port", &self.port)
            .finish_non_exhaustive()
    }
}

/// Waits for the status in the eighth line of `postmaster.pid`, which `pg_ctl` uses, too.
fn wait_until_ready(guardian: &Guardian, folder: &Path) -> Result<(), LaunchError> {
    let limit = Instant::now() + START_LIMIT;
    loop {
        let status = fs::read_to_string(folder.join("data/postmaster.pid")).unwrap_or_default();
        let mut lines = status.lines();
        let ours = lines.next().is_some_and(|pid| guardian.is_server(pid));
        if ours && lines.nth(6).is_some_and(|word| word.trim() == "ready") {
            return Ok(());
        }
        let tail = || log::tail(&folder.join("log"));
        if !guardian.server_runs() {
            return Err(LaunchError::Ended { log: tail() });
        }
        if Instant::now() > limit {
            return Err(LaunchError::NotReady { log: tail() });
        }
        thread::sleep(Duration::from_millis(5));
    }
}
