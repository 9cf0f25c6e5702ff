//! A server that speaks MySQL's protocol maliciously, or as a version without a test server.
//!
//! It follows the manual's chapter "MySQL Client/Server Protocol", version 10 of the greeting.

mod login;
mod script;
mod session;
mod wire;

use std::{
    io,
    sync::{Arc, Mutex},
};

use tokio::{
    net::{TcpListener, TcpStream},
    task::{JoinHandle, JoinSet},
};

pub use script::{Moment, MysqlAnswer, MysqlGreeting, MysqlMischief, MysqlScript};
use script::{Record, lock};
use wire::Wire;

/// A running malicious server on 127.0.0.1. It stops when dropped. It runs as tasks of the runtime that
/// started it.
pub struct MaliciousMysql {
    port: u16,
    record: Arc<Mutex<Record>>,
    acceptor: JoinHandle<()>,
}

impl MaliciousMysql {
    /// Starts a server.
    ///
    /// # Errors
    /// When no port is available.
    pub async fn start(mischief: MysqlMischief, greeting: MysqlGreeting) -> io::Result<Self> {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await?;
        let port = listener.local_addr()?.port();
        let record = Arc::new(Mutex::new(Record::default()));
        let acceptor = tokio::spawn(accept(listener, Arc::new((mischief, greeting)), record.clone()));
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

    /// The number of bytes that the server has sent so far, including those in the system's buffers.
    pub fn sent(&self) -> u64 {
        lock(&self.record).sent
    }

    /// The statements that were received so far.
    pub fn statements(&self) -> Vec<String> {
        lock(&self.record).statements.clone()
    }

    /// The payloads of all packets that clients sent so far, inside TLS as well, at most the first MiB. Once
    /// the connection has turned malicious, the heads of the packets are included.
    pub fn received(&self) -> Vec<u8> {
        lock(&self.record).received.bytes()
    }
}

impl Drop for MaliciousMysql {
    fn drop(&mut self) {
        self.acceptor.abort();
    }
}

impl std::fmt::Debug for MaliciousMysql {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("MaliciousMysql").field("port", &self.port).finish_non_exhaustive()
    }
}

async fn accept(
    listener: TcpListener,
    character: Arc<(MysqlMischief, MysqlGreeting)>,
    record: Arc<Mutex<Record>>,
) {
    // The set ends every connection when this future is dropped.
    let mut connections = JoinSet::new();
    while let Ok((stream, _)) = listener.accept().await {
        lock(&record).connections += 1;
        let (character, record) = (character.clone(), record.clone());
        connections.spawn(async move {
            // A client that closes the connection is what tests expect.
            let _ = meet(stream, &character.0, &character.1, &record).await;
        });
        while connections.try_join_next().is_some() {}
    }
}

async fn meet(
    stream: TcpStream,
    mischief: &MysqlMischief,
    greeting: &MysqlGreeting,
    record: &Mutex<Record>,
) -> io::Result<()> {
    stream.set_nodelay(true)?;
    let mut wire = Wire::new(stream, record);
    if wire.turns_bad(mischief, Moment::Greeting).await? {
        return Ok(());
    }
    wire.send(&login::greeting(greeting)).await?;
    let first = wire.read().await?;
    match &greeting.tls {
        Some(certificate) if first.len() == login::TLS_REQUEST => {
            let mut wire = wire.encrypt(certificate).await?;
            wire.read().await?;
            login::answer(wire, mischief, greeting).await
        }
        _ => login::answer(wire, mischief, greeting).await,
    }
}
