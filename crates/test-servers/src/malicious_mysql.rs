//! A server that speaks MySQL's protocol in bad faith, or as a version that no test server is of.
//!
//! It follows the manual's chapter "MySQL Client/Server Protocol", version 10 of the greeting.

mod login;
mod session;
mod wire;

use std::{
    io,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use tokio::{
    net::{TcpListener, TcpStream},
    task::{JoinHandle, JoinSet},
};

use crate::authority::TestCertificate;

use super::heard::Heard;
use wire::Wire;

/// What the server does to everybody who connects.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum MysqlMischief {
    /// Asks for the password by this plugin (`AuthSwitchRequest`), and refuses whatever comes.
    SwitchesTo(&'static str),
    /// Asks for the password by `parsec` and wants a key of so many rounds, by one factor after another; refuses whatever comes.
    AsksForRounds(Vec<u8>),
    /// Asks for the whole password, offers this public key (PEM) to encrypt it with once the client asks for one, and
    /// refuses whatever comes.
    OffersKey(String),
    /// The same without waiting until the client asks.
    PushesKey(String),
    /// Refuses the login with this error number and message.
    RefusesLogin(u16, String),
    /// From this moment on, one packet of 16 MiB after another.
    Oversized(Moment),
    /// From this moment on, one byte of a packet without end at each of these intervals.
    DripFeed(Moment, Duration),
    /// From this moment on, nothing.
    Silent(Moment),
    /// Lets everybody in without a look at the password and answers statements: the first [`MysqlScript`] whose text
    /// the statement contains decides; other statements succeed with no rows.
    Answers(Vec<MysqlScript>),
}

/// When a connection turns bad.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Moment {
    /// In place of the server's first packet.
    Greeting,
    /// In place of the answer to the login.
    Login,
    /// In place of the answer to the first statement.
    Statement,
}

/// The answers to one kind of statement.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MysqlScript {
    /// A part of the statement's text.
    pub statement: String,
    /// What is answered, one after the other; the last one goes on for ever.
    pub answers: Vec<MysqlAnswer>,
}

/// What a [`MysqlMischief::Answers`] server answers to a statement.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum MysqlAnswer {
    /// An error with this number and message.
    Error(u16, String),
    /// Rows of equal length.
    Rows(Vec<Vec<Option<String>>>),
    /// A request for this file of the client (`LOCAL INFILE`).
    LocalFile(String),
    /// Rows of so many nulls, without end.
    Nulls(u8),
}

/// What the server says of itself.
#[derive(Clone, Debug)]
pub struct MysqlGreeting {
    /// Its version.
    pub version: String,
    /// The authentication plugin that it begins with.
    pub plugin: String,
    /// The certificate by which it speaks TLS, if it offers TLS.
    pub tls: Option<TestCertificate>,
}

impl Default for MysqlGreeting {
    fn default() -> Self {
        Self { version: "8.4.5".to_owned(), plugin: "caching_sha2_password".to_owned(), tls: None }
    }
}

/// A running malicious server on 127.0.0.1. It stops when dropped. It runs as tasks of the runtime that started it.
pub struct MaliciousMysql {
    port: u16,
    record: Arc<Mutex<Record>>,
    acceptor: JoinHandle<()>,
}

/// What clients did, and what was done to them.
#[derive(Default)]
struct Record {
    connections: usize,
    sent: u64,
    statements: Vec<String>,
    received: Heard,
}

impl MaliciousMysql {
    /// Starts a server.
    ///
    /// # Errors
    /// When no port can be had.
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

    /// How many connections were opened so far.
    pub fn connections(&self) -> usize {
        lock(&self.record).connections
    }

    /// How many bytes the server got rid of so far, those in the system's buffers included.
    pub fn sent(&self) -> u64 {
        lock(&self.record).sent
    }

    /// The statements that came so far.
    pub fn statements(&self) -> Vec<String> {
        lock(&self.record).statements.clone()
    }

    /// The payloads of all packets that clients sent so far, inside TLS as well, at most the first MiB. Of what a server hears
    /// that has turned bad, the heads of the packets too.
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
    // The set ends every connection with this future.
    let mut connections = JoinSet::new();
    while let Ok((stream, _)) = listener.accept().await {
        lock(&record).connections += 1;
        let (character, record) = (character.clone(), record.clone());
        connections.spawn(async move {
            // A client that runs away is what tests wait for.
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

fn lock(record: &Mutex<Record>) -> MutexGuard<'_, Record> {
    record.lock().unwrap_or_else(PoisonError::into_inner)
}
