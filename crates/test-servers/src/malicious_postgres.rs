//! A server that speaks PostgreSQL's protocol maliciously, or gives an answer that no test server can be made
//! to give.
//!
//! It follows the manual's chapter "Frontend/Backend Protocol", version 3.0.

mod login;
mod script;
mod session;
mod wire;

use std::{
    io,
    sync::{Arc, Mutex},
};

use tokio::{
    io::AsyncWriteExt,
    net::{TcpListener, TcpStream},
    task::{JoinHandle, JoinSet},
};
use tokio_rustls::TlsAcceptor;

use crate::authority::TestCertificate;

pub use script::{PostgresMischief, Scripted, ScriptedAnswer};
use script::{Record, lock};
use wire::Wire;

/// A running malicious server on 127.0.0.1. It stops when dropped. It runs as tasks of the runtime that
/// started it.
pub struct MaliciousPostgres {
    port: u16,
    record: Arc<Mutex<Record>>,
    acceptor: JoinHandle<()>,
}

impl MaliciousPostgres {
    /// Starts a server without TLS: it answers an `SSLRequest` with `N`.
    ///
    /// # Errors
    /// When no port is available.
    pub async fn start(mischief: PostgresMischief) -> io::Result<Self> {
        Self::serve(mischief, None).await
    }

    /// Starts a server that speaks TLS with this certificate.
    ///
    /// # Errors
    /// When no port is available.
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

    /// The number of connections that were opened so far.
    pub fn connections(&self) -> usize {
        lock(&self.record).connections
    }

    /// The number of messages with a password, a hash or a SCRAM exchange (type `p`) that were received so
    /// far.
    pub fn password_messages(&self) -> usize {
        lock(&self.record).password_messages
    }

    /// The statements that were received so far, by either query protocol.
    pub fn statements(&self) -> Vec<String> {
        lock(&self.record).statements.clone()
    }

    /// The content of the clients' messages so far, inside TLS as well, at most the first MiB. Where nothing
    /// was answered any more, the heads of the messages are included.
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
    // The set ends every connection when this future is dropped.
    let mut connections = JoinSet::new();
    while let Ok((stream, _)) = listener.accept().await {
        lock(&record).connections += 1;
        let (mischief, tls, record) = (mischief.clone(), tls.clone(), record.clone());
        connections.spawn(async move {
            // A client that closes the connection is what tests expect.
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
