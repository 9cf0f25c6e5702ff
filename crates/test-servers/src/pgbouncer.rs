//! `PgBouncer` in front of a PostgreSQL server, with a list of passwords of its own.

use std::{
    fmt::Write as _,
    fs, io,
    net::TcpStream,
    path::{Path, PathBuf},
    sync::Mutex,
    thread,
    time::{Duration, Instant},
};

use tokio_postgres::NoTls;

use super::{
    account::Account,
    guardian::Guardian,
    postgres::{PostgresServer, QueryError, TestLogin},
};
use crate::authority::write_private;

/// Where `scripts/setup-pgbouncer` unpacks them.
const CACHE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../.cache");
/// How long it may take until it accepts connections.
const START_LIMIT: Duration = Duration::from_secs(30);

/// The versions of `PgBouncer`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PoolerVersion {
    /// 1.18, of Debian bookworm.
    Old,
    /// 1.26 or later, of Debian unstable.
    Newest,
}

impl PoolerVersion {
    /// Both.
    pub const ALL: [Self; 2] = [Self::Old, Self::Newest];

    /// Where it was unpacked, with its libraries down to the C library.
    fn root(self) -> io::Result<PathBuf> {
        let folder = match self {
            Self::Old => "pgbouncer-1.18",
            Self::Newest => "pgbouncer",
        };
        Path::new(CACHE).join(folder).canonicalize().map_err(|_| missing())
    }
}

/// Where a pooler gets its users from.
#[derive(Clone, Debug)]
pub enum PoolerList {
    /// These names and passwords, whatever the server has (`auth_file`).
    File(Vec<TestLogin>),
    /// The server's users, queried as its superuser (`auth_query`).
    Query,
}

/// A running `PgBouncer`, on a port of 127.0.0.1 that the system chose, with TLS by a certificate of its
/// server's authority, in transaction pooling mode. It is stopped, and its folder removed, when this value
/// is dropped.
pub struct PgBouncer {
    port: u16,
    folder: PathBuf,
    /// The server's superuser, which may use the console.
    admin: TestLogin,
    /// Stops it when dropped.
    _guardian: Mutex<Guardian>,
}

impl PgBouncer {
    /// Starts the newest in front of this server and waits until it accepts connections.
    ///
    /// # Errors
    /// When the program is missing or does not start, with the end of its log.
    pub fn start(server: &PostgresServer, list: &PoolerList) -> io::Result<Self> {
        Self::start_version(PoolerVersion::Newest, server, list)
    }

    /// As [`start`](Self::start), of this version.
    ///
    /// # Errors
    /// As [`start`](Self::start).
    pub fn start_version(
        version: PoolerVersion,
        server: &PostgresServer,
        list: &PoolerList,
    ) -> io::Result<Self> {
        let root = version.root()?;
        let account = Account::unprivileged()?;
        let folder = tempfile::Builder::new().prefix("rotators-pgbouncer-").tempdir()?;
        account.own(folder.path())?;
        let port = std::net::TcpListener::bind(("127.0.0.1", 0))?.local_addr()?.port();
        let configuration = configure(account, folder.path(), port, server, list)?;
        // Where Debian has merged `/lib64` and `/lib` into `/usr`, and where it has not.
        let loader = ["usr/lib64", "lib64"].map(|folder| root.join(folder).join("ld-linux-x86-64.so.2"));
        let loader = loader.iter().find(|loader| loader.exists()).ok_or_else(missing)?;
        let libraries = ["usr/lib/x86_64-linux-gnu", "lib/x86_64-linux-gnu"].map(|folder| root.join(folder));
        let libraries = libraries.map(|folder| folder.display().to_string()).join(":");
        let mut command = account.command(loader);
        command
            .arg("--library-path")
            .arg(libraries)
            .arg(root.join("usr/sbin/pgbouncer"))
            .arg(configuration)
            .env("LC_ALL", "C");
        let log = folder.path().join("log");
        let guardian = Guardian::start(account, folder.path(), &log, &command)?;
        let limit = Instant::now() + START_LIMIT;
        while TcpStream::connect(("127.0.0.1", port)).is_err() {
            if Instant::now() > limit || !guardian.server_runs() {
                return Err(io::Error::other(fs::read_to_string(&log).unwrap_or_default()));
            }
            thread::sleep(Duration::from_millis(5));
        }
        // From here on the guardian removes the folder.
        let admin = server.admin().clone();
        Ok(Self { port, folder: folder.keep(), admin, _guardian: Mutex::new(guardian) })
    }

    /// Its port on 127.0.0.1.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Runs a command of its console (`RECONNECT`, `SET server_login_retry = 0`), where its list is that of
    /// the server.
    ///
    /// # Errors
    /// Its error, or that it does not admit the server's superuser.
    pub async fn console(&self, command: &str) -> Result<(), QueryError> {
        let connecting = tokio_postgres::Config::new()
            .host("127.0.0.1")
            .port(self.port)
            .user(&self.admin.username)
            .password(&self.admin.password)
            .dbname("pgbouncer")
            .connect(NoTls)
            .await;
        let (client, connection) = connecting.map_err(|error| QueryError::from(&error))?;
        tokio::spawn(connection);
        client.simple_query(command).await.map(drop).map_err(|error| QueryError::from(&error))
    }

    /// Everything in its log.
    pub fn log(&self) -> String {
        fs::read_to_string(self.folder.join("log")).unwrap_or_default()
    }
}

impl std::fmt::Debug for PgBouncer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("PgBouncer").field("port", &self.port).finish_non_exhaustive()
    }
}

fn missing() -> io::Error {
    io::Error::other("PgBouncer is not on this machine: run scripts/setup-pgbouncer")
}

/// Writes the files that it reads at its start.
fn configure(
    account: Account,
    folder: &Path,
    port: u16,
    server: &PostgresServer,
    list: &PoolerList,
) -> io::Result<PathBuf> {
    let (certificate, key) = (folder.join("server.crt"), folder.join("server.key"));
    server.authority().server().write(&certificate, &key)?;
    let mut users = String::new();
    let (logins, query) = match list {
        PoolerList::File(logins) => (logins.clone(), String::new()),
        PoolerList::Query => {
            (vec![server.admin().clone()], format!("auth_user = {}\n", server.admin().username))
        }
    };
    for login in logins {
        let quoted = |text: &str| text.replace('"', "\"\"");
        writeln!(users, "\"{}\" \"{}\"", quoted(&login.username), quoted(&login.password))
            .expect("a String takes everything");
    }
    let list_file = folder.join("users.txt");
    write_private(&list_file, users.as_bytes())?;
    let text = format!(
        "[databases]\n* = host={} port={}\n[pgbouncer]\nlisten_addr = 127.0.0.1\nlisten_port = {port}\n\
         unix_socket_dir =\nadmin_users = {}\nauth_type = scram-sha-256\nauth_file = {}\n{query}pool_mode = \
         transaction\ndefault_pool_size = 2\nserver_login_retry = 600\nquery_wait_timeout = 2\n\
         client_tls_sslmode = allow\nclient_tls_cert_file = {}\nclient_tls_key_file = {}\n",
        server.socket_folder().display(),
        server.port(),
        server.admin().username,
        list_file.display(),
        certificate.display(),
        key.display()
    );
    let configuration = folder.join("pgbouncer.ini");
    write_private(&configuration, text.as_bytes())?;
    for path in [&certificate, &key, &list_file, &configuration] {
        account.own(path)?;
    }
    Ok(configuration)
}
