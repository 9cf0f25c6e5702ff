//! What a server is asked to be, and its start.

use std::{
    fmt::Write as _,
    fs, io,
    net::{SocketAddr, TcpStream},
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
    process::{Command, Stdio},
    sync::{Arc, Mutex},
    thread,
    time::{Duration, Instant},
};

use serde_json::json;

use crate::{
    authority::{TestAuthority, write_private},
    servers::{
        account::Account,
        guardian::Guardian,
        postgres::{ServerTls, TestLogin},
    },
};

use super::{
    DocdbServer,
    client::{Client, DocdbQueryError, Who},
};

/// Where `scripts/setup-docdb` puts what it fetches.
const CACHE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../.cache/docdb");

/// How long a server may take until it accepts connections.
const START_LIMIT: Duration = Duration::from_mins(1);

/// Why a server could not be started.
#[derive(Clone, Debug, thiserror::Error)]
pub enum DocdbLaunchError {
    /// It is not in the cache.
    #[error("SecantusDB is not on this machine: run scripts/setup-docdb")]
    Missing,
    /// The server ended while it started.
    #[error("the server ended while it started: {log}")]
    Ended {
        /// The end of its log.
        log: String,
    },
    /// The server did not accept connections in time.
    #[error("the server was not ready within 60 s: {log}")]
    NotReady {
        /// The end of its log.
        log: String,
    },
    /// The administrator could not be made.
    #[error("the administrator could not be made: {0}")]
    Administrator(#[from] DocdbQueryError),
    /// The machine did not do what was asked of it.
    #[error("{0}")]
    Io(Arc<io::Error>),
}

impl From<io::Error> for DocdbLaunchError {
    fn from(error: io::Error) -> Self {
        Self::Io(Arc::new(error))
    }
}

/// What a [`DocdbServer`] will be.
#[derive(Clone, Debug)]
pub struct DocdbBuilder {
    authority: Option<Arc<TestAuthority>>,
    tls: ServerTls,
}

impl DocdbBuilder {
    pub(super) fn new() -> Self {
        Self { authority: None, tls: ServerTls::Trusted }
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

    /// Starts the server, makes the administrator and starts it again with authentication; blocks for some seconds.
    ///
    /// # Errors
    /// When the programs are missing or fail, with the server's own words.
    pub fn start(self) -> Result<DocdbServer, DocdbLaunchError> {
        let python = Path::new(CACHE).join("bin/python3");
        if !Path::new(CACHE).join("installed").is_file() {
            return Err(DocdbLaunchError::Missing);
        }
        let folder = tempfile::Builder::new().prefix("rotators-docdb-").tempdir_in("/tmp")?;
        let path = folder.path();
        let account = reaching(&python)?;
        fs::set_permissions(path, fs::Permissions::from_mode(0o700))?;
        account.own(path)?;
        let authority = self.authority.clone().unwrap_or_else(|| Arc::new(TestAuthority::new()));
        let trusted = self.write_certificates(account, path, &authority)?;
        let admin =
            TestLogin { username: "admin".to_owned(), password: uuid::Uuid::new_v4().simple().to_string() };
        let port = std::net::TcpListener::bind(("127.0.0.1", 0))?.local_addr()?.port();
        let server = Self::command(account, path);

        configure(account, path, port, false, !matches!(self.tls, ServerTls::Off))?;
        let mut guardian = Guardian::start(account, path, &path.join("log"), &server)?;
        wait_until_ready(&guardian, path, port)?;
        let mut client = Client::start(&python, port, &trusted)?;
        let create = json!({"createUser": admin.username, "pwd": admin.password,
            "roles": [{"role": "root", "db": "admin"}]});
        client.run(None, "admin", &[create])?;
        configure(account, path, port, true, !matches!(self.tls, ServerTls::Off))?;
        guardian.restart("TERM")?;
        wait_until_ready(&guardian, path, port)?;
        let mut client = Client::start(&python, port, &trusted)?;
        let who = Who { login: &admin, home: "admin", keep: true };
        client.run(Some(who), "admin", &[json!({"ping": 1})])?;
        Ok(DocdbServer {
            port,
            // From here on the guardian removes it.
            folder: folder.keep(),
            admin,
            authority,
            client: Arc::new(Mutex::new(client)),
            _guardian: Mutex::new(guardian),
        })
    }

    /// Gives the file of the authority that a client shall trust, or nothing where there is no TLS.
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
        write_private(&trusted, authority.certificate_pem().as_bytes())?;
        for file in [&chain, &key, &trusted] {
            account.own(file)?;
        }
        Ok(trusted)
    }

    fn command(account: Account, folder: &Path) -> Command {
        let mut command = account.command(Path::new(CACHE).join("bin/secantusd-py"));
        command.arg("--config").arg(folder.join("secantusd.toml"));
        command.env("HOME", folder).env("PYTHONDONTWRITEBYTECODE", "1").env("LC_ALL", "C.UTF-8");
        command
    }
}

fn configure(account: Account, folder: &Path, port: u16, auth: bool, tls: bool) -> io::Result<()> {
    let place = folder.display();
    let mut text = format!(
        "[server]\nhost = \"127.0.0.1\"\nport = {port}\nstorage_path = \"{place}/data\"\nlog_level = \"DEBUG\"\n\
         auth = {auth}\nstandalone = true\n[storage]\ncache_size = \"64M\"\n"
    );
    if tls {
        write!(text, "[tls]\ncert_file = \"{place}/server.crt\"\nkey_file = \"{place}/server.key\"\n")
            .expect("a String takes everything");
    }
    let file = folder.join("secantusd.toml");
    write_private(&file, text.as_bytes())?;
    account.own(&file)
}

/// An unprivileged account, or ours where that one cannot reach the program, as below a home folder.
fn reaching(program: &Path) -> io::Result<Account> {
    let account = Account::unprivileged()?;
    let mut trial = account.command(program);
    let trial = trial.arg("--version").current_dir("/").stdout(Stdio::null()).stderr(Stdio::null()).status();
    Ok(if trial.is_ok_and(|status| status.success()) { account } else { Account::Ours })
}

/// Waits until the server takes connections.
fn wait_until_ready(guardian: &Guardian, folder: &Path, port: u16) -> Result<(), DocdbLaunchError> {
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
