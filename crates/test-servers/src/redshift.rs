//! A stand-in for Redshift: PostgreSQL with views of Redshift's catalog, behind a guard that speaks
//! Redshift's authentication and accepts the documented grammar of the statements that rotations send.
//! Everything else is refused with SQLSTATE 42601.
//!
//! It is not Redshift: it cannot show what the manual does not document.

mod grammar;
mod guard;
mod query;
mod tokens;

// Circle: the server starts the guard, and the guard works with what both share.
use std::{
    collections::BTreeMap,
    io,
    path::PathBuf,
    sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError},
    thread::{self, JoinHandle},
};

use tokio::{
    io::AsyncWriteExt,
    net::{TcpListener, TcpStream},
    sync::oneshot,
    task::JoinSet,
};
use tokio_rustls::TlsAcceptor;

use super::postgres::{LaunchError, PostgresServer, PostgresVersion, QueryError, TestLogin};
use crate::authority::TestAuthority;

/// The views and the guard's own state, for every database.
const CATALOGUE: &str = include_str!("redshift/catalogue.sql");

/// A running stand-in for Redshift, on a port that the system chose; TLS with a certificate of its
/// [`authority`](Self::authority). Dropping it ends it and removes its files.
pub struct RedshiftServer {
    shared: Arc<Shared>,
    port: u16,
    authority: TestAuthority,
    /// Dropped to end the thread.
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

/// What the guard's thread works with.
struct Shared {
    postgres: PostgresServer,
    socket: PathBuf,
    record: Mutex<Record>,
}

/// What clients did.
#[derive(Default)]
struct Record {
    /// Accepted and refused, by user.
    logins: BTreeMap<String, (usize, usize)>,
    statements: Vec<String>,
    refused: Vec<String>,
}

impl RedshiftServer {
    /// The one that all tests of this process share, started by the first that needs it. Blocks for a second
    /// or two.
    ///
    /// # Errors
    /// Why it could not be started; the same error for every caller.
    pub fn shared() -> Result<&'static Self, LaunchError> {
        static SERVER: OnceLock<Result<RedshiftServer, LaunchError>> = OnceLock::new();
        SERVER.get_or_init(Self::start).as_ref().map_err(Clone::clone)
    }

    /// A server of its own. Blocks for a second or two.
    ///
    /// # Errors
    /// PostgreSQL 16 is missing or does not start, or there is no port for the guard.
    pub fn start() -> Result<Self, LaunchError> {
        let builder = PostgresServer::builder(PostgresVersion::V16).md5();
        // No other account can open the folder of the socket.
        let postgres = builder.access("local all all trust").setting("max_connections", "200").start()?;
        let socket = postgres.socket_folder().join(format!(".s.PGSQL.{}", postgres.port()));
        let shared = Arc::new(Shared { postgres, socket, record: Mutex::default() });
        let authority = TestAuthority::new();
        let tls = TlsAcceptor::from(authority.server().server_config());
        let (send, receive) = std::sync::mpsc::channel();
        let own = Arc::clone(&shared);
        let (stop, stopped) = oneshot::channel::<()>();
        // A thread of its own: each test has a runtime that ends with it.
        let thread = thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
            let runtime = runtime.expect("the machine gives a runtime");
            runtime.block_on(async {
                let prepared = own.prepare().await;
                let listening = TcpListener::bind(("127.0.0.1", 0)).await;
                match (prepared, listening) {
                    (Ok(()), Ok(listener)) => {
                        let _ = send.send(listener.local_addr().map(|address| address.port()));
                        tokio::select! {
                            () = accept(listener, tls, own) => {}
                            _ = stopped => {}
                        }
                    }
                    (Err(error), _) => drop(send.send(Err(io::Error::other(error)))),
                    (_, Err(error)) => drop(send.send(Err(error))),
                }
            });
        });
        let port = receive.recv().map_err(io::Error::other)??;
        Ok(Self { shared, port, authority, stop: Some(stop), thread: Some(thread) })
    }

    /// The name to connect to, which the certificate carries.
    pub fn host(&self) -> &'static str {
        "localhost"
    }

    /// The guard's port on 127.0.0.1.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// The authority that signed the guard's certificate.
    pub fn authority(&self) -> &TestAuthority {
        &self.authority
    }

    /// The PostgreSQL behind the guard, for preparation and inspection.
    pub fn behind(&self) -> &PostgresServer {
        &self.shared.postgres
    }

    /// Statements that the guard refused so far.
    pub fn refused(&self) -> Vec<String> {
        lock(&self.shared.record).refused.clone()
    }

    /// How many logins of this user the guard accepted and refused so far.
    pub fn logins_of(&self, username: &str) -> (usize, usize) {
        lock(&self.shared.record).logins.get(username).copied().unwrap_or_default()
    }

    /// Every statement that was received, and the log of the server behind.
    pub fn log(&self) -> String {
        let statements = lock(&self.shared.record).statements.join("\n");
        format!("{statements}\n{}", self.behind().log())
    }

    /// Whether this is the user's password, by its stored form.
    ///
    /// # Errors
    /// The error of the server behind.
    pub async fn knows(&self, login: &TestLogin) -> Result<bool, QueryError> {
        let Some(stored) = self.shared.stored_password(&login.username).await? else { return Ok(false) };
        let text = |text: &str| format!("decode('{}', 'hex')", guard::hexadecimal(text.as_bytes()));
        let (password, user) = (text(&login.password), text(&login.username));
        let sql = match stored.strip_prefix("sha256|").and_then(|form| form.split_once('|')) {
            Some((digest, salt)) => {
                format!("SELECT encode(sha256({password} || decode('{salt}', 'hex')), 'hex') = '{digest}'")
            }
            None => format!("SELECT 'md5' || md5({password} || {user}) = '{stored}'"),
        };
        Ok(self.shared.value(&sql).await?.as_deref() == Some("t"))
    }
}

impl Drop for RedshiftServer {
    /// The guard is dropped first: it uses the server behind it.
    fn drop(&mut self) {
        drop(self.stop.take());
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

impl std::fmt::Debug for RedshiftServer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("RedshiftServer").field("port", &self.port).finish_non_exhaustive()
    }
}

impl Shared {
    async fn prepare(&self) -> Result<(), QueryError> {
        // Users change their own passwords, whose form is a setting; a grant like this applies to the whole
        // server.
        self.postgres.execute("postgres", "GRANT SET ON PARAMETER redshift.password TO PUBLIC").await?;
        self.postgres.execute("template1", CATALOGUE).await?;
        self.postgres.execute("postgres", CATALOGUE).await
    }

    fn remember(&self, statement: &str, refused: bool) {
        let mut record = lock(&self.record);
        record.statements.push(statement.to_owned());
        if refused {
            record.refused.push(statement.to_owned());
        }
    }

    async fn value(&self, sql: &str) -> Result<Option<String>, QueryError> {
        let rows = self.postgres.query("postgres", sql).await?;
        Ok(rows.into_iter().next().and_then(|row| row.into_iter().next()).flatten())
    }

    /// `md5...`, or `sha256|digest|salt`; none for a user without one or past its expiry.
    async fn stored_password(&self, user: &str) -> Result<Option<String>, QueryError> {
        let user = user.replace('\'', "''");
        self.value(&format!(
            "SELECT coalesce(redshift.setting(r.rolconfig, 'password'), a.rolpassword) FROM pg_authid a \
             JOIN pg_roles r ON r.oid = a.oid WHERE a.rolname = '{user}' \
             AND coalesce(a.rolvaliduntil > now(), true)"
        ))
        .await
    }
}

async fn accept(listener: TcpListener, tls: TlsAcceptor, shared: Arc<Shared>) {
    let mut connections = JoinSet::new();
    while let Ok((stream, _)) = listener.accept().await {
        let (tls, shared) = (tls.clone(), Arc::clone(&shared));
        connections.spawn(async move {
            // A client that closes the connection is what tests expect.
            let _ = meet(stream, &tls, &shared).await;
        });
        while connections.try_join_next().is_some() {}
    }
}

async fn meet(mut stream: TcpStream, tls: &TlsAcceptor, shared: &Shared) -> io::Result<()> {
    stream.set_nodelay(true)?;
    let startup = guard::read_untyped(&mut stream).await?;
    if startup != 80_877_103_u32.to_be_bytes() {
        return guard::serve(stream, &startup, shared).await;
    }
    stream.write_all(b"S").await?;
    let mut stream = tls.accept(stream).await?;
    let startup = guard::read_untyped(&mut stream).await?;
    guard::serve(stream, &startup, shared).await
}

fn lock(record: &Mutex<Record>) -> MutexGuard<'_, Record> {
    record.lock().unwrap_or_else(PoisonError::into_inner)
}
