//! The configuration of a server, and its start.

// Circle: the files of a cluster are written from the builder's settings, as a part of its start.
use std::{
    io,
    path::{Path, PathBuf},
    process::Stdio,
    sync::{Arc, Mutex},
};

use crate::{
    account::Account,
    authority::{TestAuthority, TestCertificate},
    guardian::Guardian,
};

use super::{
    PostgresServer, PostgresVersion, TestLogin,
    cluster::{initdb, new_folder, write_owned},
    wait_until_ready,
};

/// How often another port is tried when another process took the one that was free.
const PORT_ATTEMPTS: usize = 5;

/// Whether a server speaks TLS, and with which certificate.
#[derive(Clone, Debug)]
pub enum ServerTls {
    /// With a valid certificate of the server's authority.
    Trusted,
    /// With this certificate.
    Certificate(TestCertificate),
    /// Not at all: an `SSLRequest` is answered with `N`.
    Off,
}

/// Why a server could not be started.
#[derive(Clone, Debug, thiserror::Error)]
pub enum LaunchError {
    /// Neither the cache nor the machine has it.
    #[error("{0} is not on this machine: run scripts/setup-postgres")]
    Missing(PostgresVersion),
    /// `initdb` failed.
    #[error("initdb failed: {0}")]
    Initdb(String),
    /// The server ended while it started.
    #[error("the server ended while it started: {log}")]
    Ended {
        /// The end of its log.
        log: String,
    },
    /// The server did not accept connections in time.
    #[error("the server was not ready within 30 s: {log}")]
    NotReady {
        /// The end of its log.
        log: String,
    },
    /// An operation of the operating system failed.
    #[error("{0}")]
    Io(Arc<io::Error>),
}

impl From<io::Error> for LaunchError {
    fn from(error: io::Error) -> Self {
        Self::Io(Arc::new(error))
    }
}

/// The configuration of a [`PostgresServer`].
#[derive(Clone, Debug)]
pub struct PostgresBuilder {
    version: PostgresVersion,
    programs: Option<PathBuf>,
    authority: Option<Arc<TestAuthority>>,
    pub(super) tls: ServerTls,
    pub(super) client_authority: Option<String>,
    pub(super) access: Vec<String>,
    pub(super) settings: Vec<(String, String)>,
    pub(super) md5: bool,
    port: Option<u16>,
}

impl PostgresBuilder {
    pub(super) fn new(version: PostgresVersion) -> Self {
        Self {
            version,
            programs: None,
            authority: None,
            tls: ServerTls::Trusted,
            client_authority: None,
            access: Vec::new(),
            settings: Vec::new(),
            md5: false,
            port: None,
        }
    }

    /// Uses `initdb` and `postgres` from this folder.
    #[must_use]
    pub fn programs(mut self, folder: impl Into<PathBuf>) -> Self {
        self.programs = Some(folder.into());
        self
    }

    /// The authority to sign the server's certificate (default: a new one).
    #[must_use]
    pub fn authority(mut self, authority: Arc<TestAuthority>) -> Self {
        self.authority = Some(authority);
        self
    }

    /// Whether and how the server speaks TLS (default [`ServerTls::Trusted`]).
    #[must_use]
    pub fn tls(mut self, tls: ServerTls) -> Self {
        self.tls = tls;
        self
    }

    /// `ssl_ca_file`: checks the certificates of clients against this authority. [`access`](Self::access)
    /// decides which clients must have one, for example `hostssl all all all scram-sha-256
    /// clientcert=verify-ca`.
    #[must_use]
    pub fn client_authority(mut self, certificate_pem: impl Into<String>) -> Self {
        self.client_authority = Some(certificate_pem.into());
        self
    }

    /// Adds a line to `pg_hba.conf`, before those that admit every user with a password from 127.0.0.1 with
    /// or without TLS. The first line that matches decides.
    #[must_use]
    pub fn access(mut self, line: impl Into<String>) -> Self {
        self.access.push(line.into());
        self
    }

    /// Sets a parameter of `postgresql.conf`, in place of the launcher's own choice.
    #[must_use]
    pub fn setting(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.settings.push((name.into(), value.into()));
        self
    }

    /// `password_encryption = md5`, and logins by md5 (which also work for roles with a SCRAM verifier).
    #[must_use]
    pub fn md5(mut self) -> Self {
        self.md5 = true;
        self
    }

    /// Listens on this port instead of one that the system chooses.
    #[must_use]
    pub fn port(mut self, port: u16) -> Self {
        self.port = Some(port);
        self
    }

    /// Starts the server and waits until it accepts connections; blocks for a second or two.
    ///
    /// # Errors
    /// When the programs are missing, or when `initdb` or the server fails, with the server's own message.
    pub fn start(self) -> Result<PostgresServer, LaunchError> {
        let account = Account::unprivileged()?;
        let folder = new_folder(account)?;
        let path = folder.path();
        let programs = self.reachable_programs(account, path)?;
        let admin =
            TestLogin { username: "admin".to_owned(), password: uuid::Uuid::new_v4().simple().to_string() };
        initdb(account, &programs, path, &admin)?;
        let authority = self.authority.clone().unwrap_or_else(|| Arc::new(TestAuthority::new()));
        self.configure(account, path, &authority)?;

        let mut postgres = account.command(programs.join("postgres"));
        postgres.arg("-D").arg(path.join("data")).env("LC_ALL", "C").env("TZ", "UTC");
        let mut port = self.choose_port(account, path)?;
        let mut guardian = Guardian::start(account, path, &path.join("log"), &postgres)?;
        for _ in 1..PORT_ATTEMPTS {
            match wait_until_ready(&guardian, path) {
                Err(LaunchError::Ended { log }) if log.contains("could not bind") => {
                    port = self.choose_port(account, path)?;
                    guardian.restart("INT")?;
                }
                Err(error) => return Err(error),
                Ok(()) => break,
            }
        }
        wait_until_ready(&guardian, path)?;
        Ok(PostgresServer {
            version: self.version,
            port,
            // From here on the guardian removes it.
            folder: folder.keep(),
            programs,
            admin,
            authority,
            account,
            guardian: Mutex::new(guardian),
        })
    }

    fn choose_port(&self, account: Account, folder: &Path) -> io::Result<u16> {
        let port = match self.port {
            Some(port) => port,
            None => free_port()?,
        };
        write_owned(account, &folder.join("data/port.conf"), &format!("port = {port}\n"))?;
        Ok(port)
    }

    /// The folder of the programs, or links to them where the server's account cannot reach it.
    fn reachable_programs(&self, account: Account, folder: &Path) -> Result<PathBuf, LaunchError> {
        let programs = self.programs.clone().or_else(|| self.version.programs());
        let programs = programs.ok_or(LaunchError::Missing(self.version))?.canonicalize()?;
        let runs = account
            .command(programs.join("postgres"))
            .arg("--version")
            .current_dir("/")
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .status()
            .is_ok_and(|status| status.success());
        let Some(installation) = programs.parent().filter(|_| !runs) else { return Ok(programs) };
        let copy = folder.join("programs");
        account.link_tree(installation, &copy)?;
        Ok(copy.join("bin"))
    }
}

/// A port that was free a moment ago. Another process may take it before the server does; then another is
/// tried.
fn free_port() -> io::Result<u16> {
    std::net::TcpListener::bind(("127.0.0.1", 0))?.local_addr().map(|address| address.port())
}
