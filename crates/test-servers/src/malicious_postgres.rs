//! A server that speaks PostgreSQL's protocol in bad faith, or with one answer that no test server can be brought to.
//!
//! It follows the manual's chapter "Frontend/Backend Protocol", version 3.0.

mod login;
mod session;
mod wire;

use std::{
    io,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use tokio::{
    io::AsyncWriteExt,
    net::{TcpListener, TcpStream},
    task::{JoinHandle, JoinSet},
};
use tokio_rustls::TlsAcceptor;

use crate::authority::TestCertificate;

use super::heard::Heard;
use wire::Wire;

/// What the server does to everybody who connects.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PostgresMischief {
    /// Asks for the password in clear (authentication type 3), and refuses whatever comes.
    CleartextPassword,
    /// Asks for the password by MD5 (type 5), and refuses whatever comes.
    Md5Password,
    /// Asks for the password by this authentication type with these words, and refuses whatever comes.
    Asks(u32, Vec<u8>),
    /// Asks for SCRAM-SHA-256 with this many iterations, and refuses whatever comes.
    ScramIterations(u32),
    /// Answers the startup message with one byte of a message without end at each of these intervals.
    DripFeed(Duration),
    /// Answers the startup message with a message of 1 GiB, of which this much comes at once and nothing after it.
    OversizedMessage(usize),
    /// Takes the connection and never says a word, not even about TLS.
    Silent,
    /// Refuses the login with this SQLSTATE and message.
    RefusesLogin(String, String),
    /// Lets everybody in without a password and answers statements: the first [`Scripted`] whose text the statement
    /// contains (in any case of letters) decides; other statements succeed with no rows.
    Answers(Vec<Scripted>),
}

/// The answer to one kind of statement.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Scripted {
    /// A part of the statement's text.
    pub statement: String,
    /// What is answered.
    pub answer: ScriptedAnswer,
}

/// What a [`PostgresMischief::Answers`] server answers to a statement.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ScriptedAnswer {
    /// An ERROR with this SQLSTATE and message.
    Error(String, String),
    /// Rows of one column, as text.
    Rows(Vec<String>),
    /// The connection is closed.
    Close,
    /// Nothing, ever.
    Silence,
}

/// A running malicious server on 127.0.0.1. It stops when dropped. It runs as tasks of the runtime that started it.
pub struct MaliciousPostgres {
    port: u16,
    record: Arc<Mutex<Record>>,
    acceptor: JoinHandle<()>,
}

/// What clients did.
#[derive(Default)]
struct Record {
    connections: usize,
    password_messages: usize,
    statements: Vec<String>,
    received: Heard,
}

impl MaliciousPostgres {
    /// Starts a server without TLS: it answers an `SSLRequest` with `N`.
    ///
    /// # Errors
    /// When no port can be had.
    pub async fn start(mischief: PostgresMischief) -> io::Result<Self> {
        Self::serve(mischief, None).await
    }

    /// Starts a server that speaks TLS by this certificate.
    ///
    /// # Errors
    /// When no port can be had.
    pub async fn start_with_tls(
        mischief: PostgresMischief,
        certificate: &TestCertificate,
    ) -> io::Result<Self> {
        Self::serve(mischief, Some(TlsAcceptor::from(certificate.server_config()))).await
    }

    async fn serve(mischief: PostgresMischief, tls: Option<TlsAcceptor>) -> io::Result<Self> {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await?;
        let port = listener.local_addr()?.port();
        let record = Arc::new(Mutex::new(Record::default()));
        let acceptor = tokio::spawn(accept(listener, Arc::new(mischief), tls, record.clone()));
        Ok(Self { port, record, acceptor })
    }

    /// The port on 127.0.0.1.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// How many connections were opened so far.
    pub fn connections(&self) -> usize {
        lock(&self.record).connections
    }

    /// How many messages with a password, a hash or a SCRAM exchange (type `p`) came so far.
    pub fn password_messages(&self) -> usize {
        lock(&self.record).password_messages
    }

    /// The statements that came so far, by either query protocol.
    pub fn statements(&self) -> Vec<String> {
        lock(&self.record).statements.clone()
    }

    /// What messages of clients hold so far, inside TLS as well, at most the first MiB. Where nothing was answered any more, the
    /// heads of the messages too.
    pub fn received(&self) -> Vec<u8> {
        lock(&self.record).received.bytes()
    }
}

impl Drop for MaliciousPostgres {
    fn drop(&mut self) {
        self.acceptor.abort();
    }
}

impl std::fmt::Debug for MaliciousPostgres {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("MaliciousPostgres").field("port", &self.port).finish_non_exhaustive()
    }
}

async fn accept(
    listener: TcpListener,
    mischief: Arc<PostgresMischief>,
    tls: Option<TlsAcceptor>,
    record: Arc<Mutex<Record>>,
) {
    // The set ends every connection with this future.
    let mut connections = JoinSet::new();
    while let Ok((stream, _)) = listener.accept().await {
        lock(&record).connections += 1;
        let (mischief, tls, record) = (mischief.clone(), tls.clone(), record.clone());
        connections.spawn(async move {
            // A client that runs away is what tests wait for.
            let _ = meet(stream, &mischief, tls, &record).await;
        });
        while connections.try_join_next().is_some() {}
    }
}

async fn meet(
    stream: TcpStream,
    mischief: &PostgresMischief,
    tls: Option<TlsAcceptor>,
    record: &Mutex<Record>,
) -> io::Result<()> {
    stream.set_nodelay(true)?;
    let mut plain = Wire::new(stream, record);
    if *mischief == PostgresMischief::Silent {
        return plain.wait_for_the_end().await;
    }
    let startup = plain.read_untyped().await?;
    if !wire::is_ssl_request(&startup) {
        return login::login(plain, mischief).await;
    }
    let mut stream = plain.into_inner();
    let Some(tls) = tls else {
        stream.write_all(b"N").await?;
        let mut plain = Wire::new(stream, record);
        plain.read_untyped().await?;
        return login::login(plain, mischief).await;
    };
    stream.write_all(b"S").await?;
    let mut encrypted = Wire::new(tls.accept(stream).await?, record);
    encrypted.read_untyped().await?;
    login::login(encrypted, mischief).await
}

fn lock(record: &Mutex<Record>) -> MutexGuard<'_, Record> {
    record.lock().unwrap_or_else(PoisonError::into_inner)
}
