//! The configuration of a server, and its start.

use std::{
    fmt::Write as _,
    fs, io,
    net::{SocketAddr, TcpStream},
    os::unix::fs::PermissionsExt,
    path::Path,
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

use super::{MysqlFlavor, MysqlServer, MysqlVersion, log, programs::Programs};

/// How long a server may take until it accepts connections.
const START_LIMIT: Duration = Duration::from_mins(1);

/// How often another port is tried when another process took the one that was free.
const PORT_ATTEMPTS: usize = 5;

/// Why a server could not be started.
#[derive(Clone, Debug, thiserror::Error)]
pub enum MysqlLaunchError {
    /// Neither the cache nor the machine has it.
    #[error("{0} is not on this machine: run {script}", script = .0.script())]
    Missing(MysqlVersion),
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
    /// An operation of the operating system failed.
    #[error("{0}")]
    Io(Arc<io::Error>),
}

impl From<io::Error> for MysqlLaunchError {
    fn from(error: io::Error) -> Self {
        Self::Io(Arc::new(error))
    }
}

/// The configuration of a [`MysqlServer`].
#[derive(Clone, Debug)]
pub struct MysqlBuilder {
    version: MysqlVersion,
    authority: Option<Arc<TestAuthority>>,
    tls: ServerTls,
    own_certificate: bool,
    settings: Vec<(String, String)>,
}

impl MysqlBuilder {
    pub(super) fn new(version: MysqlVersion) -> Self {
        let (tls, settings) = (ServerTls::Trusted, Vec::new());
        Self { version, authority: None, tls, own_certificate: false, settings }
    }

    /// Gives the server no certificate, so that it makes one for itself where it does so: MySQL in its data
    /// folder, MariaDB from 11.4 on in memory, another one at each start.
    #[must_use]
    pub fn own_certificate(mut self) -> Self {
        self.own_certificate = true;
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

    /// Sets an option of the server, in place of the launcher's own choice.
    #[must_use]
    pub fn setting(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.settings.push((name.into(), value.into()));
        self
    }

    /// Starts the server and waits until it accepts connections; blocks for some seconds.
    ///
    /// # Errors
    /// When the programs are missing or fail, with the server's own message.
    pub fn start(self) -> Result<MysqlServer, MysqlLaunchError> {
        let programs = Programs::find(self.version).ok_or(MysqlLaunchError::Missing(self.version))?;
        let account = Account::unprivileged()?;
        let folder = tempfile::Builder::new().prefix("rotators-mysql-").tempdir_in("/tmp")?;
        let path = folder.path();
        fs::set_permissions(path, fs::Permissions::from_mode(0o700))?;
        account.own(path)?;
        let admin =
            TestLogin { username: "admin".to_owned(), password: uuid::Uuid::new_v4().simple().to_string() };
        let authority = self.authority.clone().unwrap_or_else(|| Arc::new(TestAuthority::new()));
        let configuration = path.join("my.cnf");
        self.configure(&programs, account, path, &authority)?;
        programs.initialize(account, &configuration, &path.join("data"))?;
        write_owned(account, &path.join("init.sql"), &make_admin(&admin))?;

        let server = programs.command(account, &configuration);
        let mut port = choose_port(account, path)?;
        let mut guardian = Guardian::start(account, path, &path.join("log"), &server)?;
        for _ in 1..PORT_ATTEMPTS {
            match wait_until_ready(&guardian, path, port) {
                Err(MysqlLaunchError::Ended { log }) if log.contains("Bind on TCP/IP port") => {
                    port = choose_port(account, path)?;
                    guardian.restart("KILL")?;
                }
                Err(error) => return Err(error),
                Ok(()) => break,
            }
        }
        wait_until_ready(&guardian, path, port)?;
        Ok(MysqlServer {
            version: self.version,
            port,
            // From here on the guardian removes it.
            folder: folder.keep(),
            admin,
            authority,
            guardian: Mutex::new(guardian),
        })
    }

    fn configure(
        &self,
        programs: &Programs,
        account: Account,
        folder: &Path,
        authority: &TestAuthority,
    ) -> io::Result<()> {
        let place = folder.display();
        // Native asynchronous I/O has a limit for the whole machine (`fs.aio-max-nr`), which many servers at
        // once reach. When MariaDB starts, it removes all temporary tables that it finds, including those of
        // other servers. A client of a busy machine may take longer than 10 s to answer a greeting.
        let mut text = format!(
            "[mysqld]\n{places}datadir={place}/data\nsocket={place}/socket\npid-file={place}/pid\n\
             tmpdir={place}\n\
             bind-address=127.0.0.1\nskip-name-resolve\nsecure-file-priv=\ngeneral-log=1\n\
             general-log-file={place}/general.log\nlog-bin={place}/binlog\nserver-id=1\n\
             binlog-format=ROW\ninnodb-flush-log-at-trx-commit=2\nsync-binlog=0\n\
             innodb-buffer-pool-size=32M\ninnodb-use-native-aio=OFF\nperformance-schema=OFF\nmax-connections=200\n\
             connect-timeout=300\n",
            places = programs.places(),
        );
        text += match self.version.flavor() {
            MysqlFlavor::MySql => "mysqlx=OFF\nlog-error-verbosity=2\n",
            MysqlFlavor::MariaDb => "plugin-maturity=unknown\n",
        };
        let certificate = match &self.tls {
            _ if self.own_certificate => None,
            ServerTls::Trusted => Some(authority.server()),
            ServerTls::Certificate(certificate) => Some(certificate.clone()),
            ServerTls::Off => None,
        };
        match certificate {
            Some(certificate) => {
                let (certificate_file, key_file) = (folder.join("server.crt"), folder.join("server.key"));
                certificate.write(&certificate_file, &key_file)?;
                account.own(&certificate_file)?;
                account.own(&key_file)?;
                write_owned(account, &folder.join("ca.crt"), authority.certificate_pem())?;
                writeln!(
                    text,
                    "ssl-cert={place}/server.crt\nssl-key={place}/server.key\nssl-ca={place}/ca.crt"
                )
                .expect("a String takes everything");
            }
            // MySQL makes certificates for itself, unless it may not use any version of TLS.
            None if self.own_certificate => {}
            None if self.version == MysqlVersion::MySql9 => text += "auto-generate-certs=OFF\ntls-version=\n",
            None => text += "skip-ssl\n",
        }
        for (name, value) in &self.settings {
            writeln!(text, "{name}={value}").expect("a String takes everything");
        }
        writeln!(text, "!include {place}/start.cnf").expect("a String takes everything");
        write_owned(account, &folder.join("start.cnf"), "")?;
        write_owned(account, &folder.join("my.cnf"), &text)
    }
}

/// Writes what the server reads at a start but not while its data is created.
fn choose_port(account: Account, folder: &Path) -> io::Result<u16> {
    // Another process may take it before the server does; then another is tried.
    let port = std::net::TcpListener::bind(("127.0.0.1", 0))?.local_addr()?.port();
    let text = format!("[mysqld]\nport={port}\ninit-file={}/init.sql\n", folder.display());
    write_owned(account, &folder.join("start.cnf"), &text)?;
    Ok(port)
}

/// Statements of an init file, one a line, that may run at every start.
fn make_admin(admin: &TestLogin) -> String {
    let mut text = String::new();
    for host in ["localhost", "127.0.0.1"] {
        let (name, password) = (&admin.username, &admin.password);
        writeln!(text, "CREATE USER IF NOT EXISTS '{name}'@'{host}' IDENTIFIED BY '{password}';")
            .expect("a String takes everything");
        writeln!(text, "GRANT ALL ON *.* TO '{name}'@'{host}' WITH GRANT OPTION;")
            .expect("a String takes everything");
        writeln!(text, "GRANT PROXY ON ''@'' TO '{name}'@'{host}' WITH GRANT OPTION;")
            .expect("a String takes everything");
    }
    text
}

/// Waits until the server greets clients, which it does once its init file has run.
pub(super) fn wait_until_ready(
    guardian: &Guardian,
    folder: &Path,
    port: u16,
) -> Result<(), MysqlLaunchError> {
    let limit = Instant::now() + START_LIMIT;
    let address = SocketAddr::from(([127, 0, 0, 1], port));
    loop {
        let pid = fs::read_to_string(folder.join("pid")).unwrap_or_default();
        let greets = || {
            let stream = TcpStream::connect_timeout(&address, Duration::from_secs(1)).ok()?;
            stream.set_read_timeout(Some(Duration::from_secs(5))).ok()?;
            stream.peek(&mut [0]).ok().filter(|read| *read > 0)
        };
        if guardian.is_server(&pid) && greets().is_some() {
            return Ok(());
        }
        let tail = || log::tail(&folder.join("log"));
        if !guardian.server_runs() {
            return Err(MysqlLaunchError::Ended { log: tail() });
        }
        if Instant::now() > limit {
            return Err(MysqlLaunchError::NotReady { log: tail() });
        }
        thread::sleep(Duration::from_millis(20));
    }
}

/// Writes a file that only the server can read.
fn write_owned(account: Account, path: &Path, text: &str) -> io::Result<()> {
    write_private(path, text.as_bytes())?;
    account.own(path)
}
