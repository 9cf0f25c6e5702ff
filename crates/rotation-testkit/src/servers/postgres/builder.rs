//! How a server is set up: `initdb`, its configuration, its access rules, its certificate.

use std::{
    fmt::Write as _,
    fs, io,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
    process::Stdio,
    sync::{Arc, Mutex},
};

use crate::{
    authority::{TestAuthority, TestCertificate, write_private},
    servers::{account::Account, guardian::Guardian},
};

use super::{PostgresServer, PostgresVersion, TestLogin, free_port, log, wait_until_ready};

/// How often another port is tried when somebody took the one that was free.
const PORT_ATTEMPTS: usize = 5;

/// The longest folder name that leaves room for a socket's name in `sockaddr_un` (108 bytes).
const SOCKET_FOLDER_LIMIT: usize = 80;

/// Whether and by which certificate a server speaks TLS.
#[derive(Clone, Debug)]
pub enum ServerTls {
    /// By a good certificate of the server's authority.
    Trusted,
    /// By this certificate.
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
    /// The machine did not do what was asked of it.
    #[error("{0}")]
    Io(Arc<io::Error>),
}

impl From<io::Error> for LaunchError {
    fn from(error: io::Error) -> Self {
        Self::Io(Arc::new(error))
    }
}

/// What a [`PostgresServer`] will be.
#[derive(Clone, Debug)]
pub struct PostgresBuilder {
    version: PostgresVersion,
    programs: Option<PathBuf>,
    authority: Option<Arc<TestAuthority>>,
    tls: ServerTls,
    client_authority: Option<String>,
    access: Vec<String>,
    settings: Vec<(String, String)>,
    md5: bool,
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

    /// Takes `initdb` and `postgres` from this folder.
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

    /// `ssl_ca_file`: checks the certificates of clients by this authority. Who must have one is up to
    /// [`access`](Self::access), for example `hostssl all all all scram-sha-256 clientcert=verify-ca`.
    #[must_use]
    pub fn client_authority(mut self, certificate_pem: impl Into<String>) -> Self {
        self.client_authority = Some(certificate_pem.into());
        self
    }

    /// Adds a line to `pg_hba.conf`, before those that let everybody in by password from 127.0.0.1 with or without
    /// TLS. The first line that matches decides.
    #[must_use]
    pub fn access(mut self, line: impl Into<String>) -> Self {
        self.access.push(line.into());
        self
    }

    /// Sets a parameter of `postgresql.conf`, over the launcher's own choice.
    #[must_use]
    pub fn setting(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.settings.push((name.into(), value.into()));
        self
    }

    /// `password_encryption = md5`, and logins by md5 (which serve roles with a SCRAM verifier as well).
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
    /// When the programs are missing, or when `initdb` or the server fails, with the server's own words.
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

    fn configure(
        &self,
        account: Account,
        folder: &Path,
        authority: &TestAuthority,
    ) -> Result<(), LaunchError> {
        let data = folder.join("data");
        let method = if self.md5 { "md5" } else { "scram-sha-256" };
        let mut settings: Vec<(&str, String)> = vec![
            ("listen_addresses", "127.0.0.1".to_owned()),
            ("unix_socket_directories", folder.to_string_lossy().into_owned()),
            ("password_encryption", method.to_owned()),
            ("log_line_prefix", log::LINE_PREFIX.to_owned()),
            ("log_connections", "on".to_owned()),
            ("log_disconnections", "on".to_owned()),
            ("log_statement", "all".to_owned()),
            ("lc_messages", "C".to_owned()),
            ("shared_buffers", "16MB".to_owned()),
            ("fsync", "off".to_owned()),
            ("full_page_writes", "off".to_owned()),
        ];
        let certificate = match &self.tls {
            ServerTls::Trusted => Some(authority.server()),
            ServerTls::Certificate(certificate) => Some(certificate.clone()),
            ServerTls::Off => None,
        };
        if let Some(certificate) = certificate {
            let (certificate_file, key_file) = (data.join("server.crt"), data.join("server.key"));
            certificate.write(&certificate_file, &key_file)?;
            account.own(&certificate_file)?;
            account.own(&key_file)?;
            settings.push(("ssl", "on".to_owned()));
        }
        if let Some(certificate) = &self.client_authority {
            write_owned(account, &data.join("clients.crt"), certificate)?;
            settings.push(("ssl_ca_file", "clients.crt".to_owned()));
        }
        settings.extend(self.settings.iter().map(|(name, value)| (name.as_str(), value.clone())));

        let mut text = String::from("include 'port.conf'\n");
        for (name, value) in settings {
            // In this file a quote is doubled and a backslash escapes.
            let value = value.replace('\\', "\\\\").replace('\'', "''");
            writeln!(text, "{name} = '{value}'").expect("a String takes everything");
        }
        write_owned(account, &data.join("postgresql.conf"), &text)?;

        let everybody = [format!("local all all {method}"), format!("host all all 127.0.0.1/32 {method}")];
        let access: Vec<&str> = self.access.iter().chain(&everybody).map(String::as_str).collect();
        write_owned(account, &data.join("pg_hba.conf"), &(access.join("\n") + "\n"))?;
        Ok(())
    }
}

/// A folder for the server, removed with the value that is returned.
fn new_folder(account: Account) -> io::Result<tempfile::TempDir> {
    let preferred = std::env::temp_dir();
    let parent =
        if preferred.as_os_str().len() > SOCKET_FOLDER_LIMIT { PathBuf::from("/tmp") } else { preferred };
    let folder = tempfile::Builder::new().prefix("rotators-postgres-").tempdir_in(parent)?;
    fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o700))?;
    account.own(folder.path())?;
    Ok(folder)
}

fn initdb(account: Account, programs: &Path, folder: &Path, admin: &TestLogin) -> Result<(), LaunchError> {
    let password_file = folder.join("password");
    write_owned(account, &password_file, &admin.password)?;
    let output = account
        .command(programs.join("initdb"))
        .args(["--no-sync", "--no-locale", "--encoding=UTF8", "--auth=scram-sha-256"])
        .arg(format!("--username={}", admin.username))
        .arg(format!("--pwfile={}", password_file.display()))
        .arg("-D")
        .arg(folder.join("data"))
        .env_clear()
        .env("PATH", "/usr/local/bin:/usr/bin:/bin")
        .env("LC_ALL", "C")
        .env("TZ", "UTC")
        .current_dir(folder)
        .stdin(Stdio::null())
        .output()?;
    fs::remove_file(&password_file)?;
    if output.status.success() {
        Ok(())
    } else {
        Err(LaunchError::Initdb(String::from_utf8_lossy(&output.stderr).into_owned()))
    }
}

/// Writes a file that only the server can read.
fn write_owned(account: Account, path: &Path, text: &str) -> io::Result<()> {
    write_private(path, text.as_bytes())?;
    account.own(path)
}
