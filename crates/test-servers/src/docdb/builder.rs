//! The configuration of a server, and its start.

use std::{
    fs, io,
    net::{SocketAddr, TcpStream},
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
    process::{Command, Stdio},
    sync::{Arc, Mutex},
    thread,
    time::{Duration, Instant},
};

use crate::{
    account::Account,
    authority::{TestAuthority, write_private},
    guardian::Guardian,
    postgres::{ServerTls, TestLogin},
};

use super::{
    DocdbServer,
    client::{Client, DocdbQueryError},
    judge::Judge,
    product::{DocdbProduct, MongoVersion},
    settings::{Mongod, secantus},
};

/// How long a server may take until it accepts connections.
const START_LIMIT: Duration = Duration::from_mins(1);

/// Why a server could not be started.
#[derive(Clone, Debug, thiserror::Error)]
pub enum DocdbLaunchError {
    /// It is not in the cache.
    #[error("{0} is not on this machine: run scripts/{script}", script = .0.script())]
    Missing(DocdbProduct),
    /// The server ended while it started.
    #[error("the server ended while it started: {log}")]
    Ended {
        /// The end of its log.
        log: String,
    },
    /// The server did not accept connections in time, or had no primary.
    #[error("the server was not ready within 60 s: {log}")]
    NotReady {
        /// The end of its log.
        log: String,
    },
    /// The administrator could not be created.
    #[error("the administrator could not be created: {0}")]
    Administrator(#[from] DocdbQueryError),
    /// An operation of the operating system failed.
    #[error("{0}")]
    Io(Arc<io::Error>),
}

impl From<io::Error> for DocdbLaunchError {
    fn from(error: io::Error) -> Self {
        Self::Io(Arc::new(error))
    }
}

/// The configuration of a [`DocdbServer`].
#[derive(Clone, Debug)]
pub struct DocdbBuilder {
    product: DocdbProduct,
    authority: Option<Arc<TestAuthority>>,
    tls: ServerTls,
    parameters: Vec<(String, String)>,
    authorization: bool,
    /// The name of a replica set and the secret by which its members authenticate each other.
    replica_set: Option<(String, String)>,
    admin: TestLogin,
}

impl DocdbBuilder {
    pub(super) fn new() -> Self {
        Self {
            product: DocdbProduct::MongoDb(MongoVersion::V6_0),
            authority: None,
            tls: ServerTls::Trusted,
            parameters: Vec::new(),
            authorization: true,
            replica_set: None,
            admin: TestLogin {
                username: "admin".to_owned(),
                password: uuid::Uuid::new_v4().simple().to_string(),
            },
        }
    }

    /// The product (default: MongoDB 6.0).
    #[must_use]
    pub fn product(mut self, product: DocdbProduct) -> Self {
        self.product = product;
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

    /// A parameter of MongoDB's server (`setParameter`).
    #[must_use]
    pub fn parameter(mut self, name: &str, value: &str) -> Self {
        self.parameters.push((name.to_owned(), value.to_owned()));
        self
    }

    /// Whether MongoDB's server checks the privileges of users (default: it does). It checks passwords in any
    /// case.
    #[must_use]
    pub fn authorization(mut self, authorization: bool) -> Self {
        self.authorization = authorization;
        self
    }

    /// A member of this replica set, which has not joined yet.
    pub(super) fn member(mut self, replica_set: &str, key: &str) -> Self {
        self.replica_set = Some((replica_set.to_owned(), key.to_owned()));
        self
    }

    /// Starts the server with authentication and creates the administrator; blocks for some seconds.
    ///
    /// # Errors
    /// When the programs are missing or fail, with the server's own message.
    pub fn start(self) -> Result<DocdbServer, DocdbLaunchError> {
        let server = self.launch()?;
        server.create_admin()?;
        if self.product == DocdbProduct::SecantusDb {
            // Before there is an administrator, the only way in is to run without authentication.
            let path = &server.folder;
            self.configure(server.account, path, server.port, true)?;
            server.guardian().restart("TERM")?;
            wait_until_ready(&server.guardian(), path, server.port)?;
        }
        server.check_admin()?;
        Ok(server)
    }

    /// Starts the server's process, without an administrator.
    pub(super) fn launch(&self) -> Result<DocdbServer, DocdbLaunchError> {
        if !self.product.is_there() {
            return Err(DocdbLaunchError::Missing(self.product));
        }
        let folder = tempfile::Builder::new().prefix("rotators-docdb-").tempdir_in("/tmp")?;
        let path = folder.path();
        let account = self.reaching()?;
        fs::set_permissions(path, fs::Permissions::from_mode(0o700))?;
        account.own(path)?;
        let data = path.join("data");
        fs::create_dir(&data)?;
        account.own(&data)?;
        let authority = self.authority.clone().unwrap_or_else(|| Arc::new(TestAuthority::new()));
        let trusted = self.write_certificates(account, path, &authority)?;
        if let Some((_, key)) = &self.replica_set {
            own_file(account, &path.join("members.key"), key)?;
        }
        let port = std::net::TcpListener::bind(("127.0.0.1", 0))?.local_addr()?.port();
        self.configure(account, path, port, false)?;
        let server = self.command(account, path);
        let guardian = Guardian::start(account, path, &path.join("log"), &server)?;
        wait_until_ready(&guardian, path, port)?;
        let client = Client::start(&DocdbProduct::python(), port, &trusted)?;
        Ok(DocdbServer {
            product: self.product,
            port,
            // From here on the guardian removes it.
            folder: folder.keep(),
            account,
            admin: self.admin.clone(),
            authority,
            client: Arc::new(Mutex::new(client)),
            guardian: Mutex::new(guardian),
            judge: Judge::default(),
            built: self.clone(),
        })
    }

    /// Returns the file of the authority that a client must trust, or nothing where there is no TLS.
    fn write_certificates(
        &self,
        account: Account,
        folder: &Path,
        authority: &TestAuthority,
    ) -> io::Result<PathBuf> {
        let certificate = match &self.tls {
            ServerTls::Off => return Ok(PathBuf::new()),
            ServerTls::Trusted => authority.server(),
            ServerTls::Certificate(certificate) => certificate.clone(),
        };
        let (chain, key, trusted) =
            (folder.join("server.crt"), folder.join("server.key"), folder.join("ca.crt"));
        certificate.write(&chain, &key)?;
        // MongoDB's server expects both in one file.
        own_file(
            account,
            &folder.join("server.pem"),
            &(fs::read_to_string(&chain)? + &fs::read_to_string(&key)?),
        )?;
        write_private(&trusted, authority.certificate_pem().as_bytes())?;
        for file in [&chain, &key, &trusted] {
            account.own(file)?;
        }
        Ok(trusted)
    }

    /// Writes the server's configuration.
    pub(super) fn configure(&self, account: Account, folder: &Path, port: u16, auth: bool) -> io::Result<()> {
        let (place, tls) = (folder.display().to_string(), !matches!(self.tls, ServerTls::Off));
        let text = match self.product {
            DocdbProduct::SecantusDb => secantus(&place, port, auth, tls),
            DocdbProduct::MongoDb(_) => {
                let replica_set = self.replica_set.as_ref().map(|(name, _)| name.as_str());
                let (parameters, authorization) = (&self.parameters[..], self.authorization);
                Mongod { folder: &place, port, tls, parameters, authorization, replica_set }.text()
            }
        };
        own_file(account, &folder.join("settings"), &text)
    }

    fn command(&self, account: Account, folder: &Path) -> Command {
        let mut command = account.command(self.product.program());
        command.arg("--config").arg(folder.join("settings"));
        command.env("HOME", folder).env("PYTHONDONTWRITEBYTECODE", "1").env("LC_ALL", "C.UTF-8");
        command.env("LD_LIBRARY_PATH", self.product.libraries());
        command
    }

    /// An unprivileged account, or the current one where that one cannot reach the program, as below a home
    /// folder.
    fn reaching(&self) -> io::Result<Account> {
        let account = Account::unprivileged()?;
        let mut trial = account.command(self.product.program());
        let trial = trial.arg("--help").env("LD_LIBRARY_PATH", self.product.libraries());
        let trial = trial.current_dir("/").stdout(Stdio::null()).stderr(Stdio::null()).status();
        Ok(if trial.is_ok_and(|status| status.success()) { account } else { Account::Ours })
    }
}

fn own_file(account: Account, file: &Path, text: &str) -> io::Result<()> {
    write_private(file, text.as_bytes())?;
    account.own(file)
}

/// Waits until the server accepts connections.
pub(super) fn wait_until_ready(
    guardian: &Guardian,
    folder: &Path,
    port: u16,
) -> Result<(), DocdbLaunchError> {
    let limit = Instant::now() + START_LIMIT;
    let address = SocketAddr::from(([127, 0, 0, 1], port));
    loop {
        if TcpStream::connect_timeout(&address, Duration::from_secs(1)).is_ok() {
            return Ok(());
        }
        let log = || super::read(&folder.join("log"));
        if !guardian.server_runs() {
            return Err(DocdbLaunchError::Ended { log: log() });
        }
        if Instant::now() > limit {
            return Err(DocdbLaunchError::NotReady { log: log() });
        }
        thread::sleep(Duration::from_millis(20));
    }
}
