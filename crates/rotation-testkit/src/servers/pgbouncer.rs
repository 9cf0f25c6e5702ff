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

use super::{
    account::Account,
    guardian::Guardian,
    postgres::{PostgresServer, TestLogin},
};
use crate::authority::write_private;

/// Where `scripts/setup-pgbouncer` unpacks it.
const CACHE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../.cache/pgbouncer");
/// How long it may take until it accepts connections.
const START_LIMIT: Duration = Duration::from_secs(30);

/// Whom a pooler believes.
#[derive(Clone, Debug)]
pub enum PoolerList {
    /// These names and passwords, whatever the server knows (`auth_file`).
    File(Vec<TestLogin>),
    /// Whom the server knows, asked as its superuser (`auth_query`).
    Query,
}

/// A running `PgBouncer`, on a port of 127.0.0.1 that the system chose, with TLS by a certificate of its server's authority
/// and a pool for each transaction. It is stopped, and its folder removed, when this value is dropped.
pub struct PgBouncer {
    port: u16,
    folder: PathBuf,
    /// Stops it when dropped.
    _guardian: Mutex<Guardian>,
}

impl PgBouncer {
    /// Starts one in front of this server and waits until it accepts connections.
    ///
    /// # Errors
    /// When the program is missing or does not start, with the end of its log.
    pub fn start(server: &PostgresServer, list: &PoolerList) -> io::Result<Self> {
        let root = Path::new(CACHE).canonicalize().map_err(|_| missing())?;
        let account = Account::unprivileged()?;
        let folder = tempfile::Builder::new().prefix("rotators-pgbouncer-").tempdir()?;
        account.own(folder.path())?;
        let port = std::net::TcpListener::bind(("127.0.0.1", 0))?.local_addr()?.port();
        let configuration = configure(account, folder.path(), port, server, list)?;
        let mut command = account.command(root.join("usr/lib64/ld-linux-x86-64.so.2"));
        command
            .arg("--library-path")
            .arg(root.join("usr/lib/x86_64-linux-gnu"))
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
        Ok(Self { port, folder: folder.keep(), _guardian: Mutex::new(guardian) })
    }

    /// Its port on 127.0.0.1.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// All that it wrote down.
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

/// Writes what it reads at its start.
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
         unix_socket_dir =\nauth_type = scram-sha-256\nauth_file = {}\n{query}pool_mode = transaction\n\
         default_pool_size = 2\nserver_login_retry = 600\nclient_tls_sslmode = allow\nclient_tls_cert_file = {}\nclient_tls_key_file = {}\n",
        server.socket_folder().display(),
        server.port(),
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
