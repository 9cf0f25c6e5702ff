//! A TCP proxy on loopback that makes the faults of a network on purpose.
//!
//! ```text
//! client ──> Proxy ──> server        counts what the client sends in messages:
//!             │                      PostgreSQL's own while in clear, TLS records once the server took TLS
//!             └─ Fault at a message or a byte: cut, hang, with or without the server having heard it
//! ```

mod framing;
mod relay;

use std::{
    collections::VecDeque,
    io,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use tokio::{
    net::{TcpListener, TcpStream},
    task::{JoinHandle, JoinSet},
};

/// What the proxy remembers of what clients sent, in bytes.
const RECORD_LIMIT: usize = 1024 * 1024;

/// What happens to a connection.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Fault {
    /// Nothing.
    #[default]
    None,
    /// Something, once the client has sent this much.
    At(Point, Action),
    /// Every message of the client is held back for this long.
    Delay(Duration),
    /// The client's `SSLRequest` is answered with `N` by the proxy, as a man in the middle would; what the client then
    /// says in clear goes to the server.
    StripTls,
}

/// A point in what the client sends on one connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Point {
    /// This message, counted from 1. The `SSLRequest` counts, then the TLS records; without TLS the startup message,
    /// the password messages, the queries, the `Terminate`.
    Message(usize),
    /// After this many bytes, be it in the middle of a message.
    Byte(u64),
}

/// What happens at a [`Point`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Action {
    /// Both sides are closed; the server has not heard the message, or only the bytes before the point.
    Cut,
    /// The server hears the message; once it answers, both sides are closed without the answer.
    CutReply,
    /// From here on nothing gets through either way, and nothing is closed while the proxy lives.
    Hang,
    /// The server hears the message; from here on nothing of the server gets through, and nothing is closed.
    HangReply,
}

/// A proxy in front of one server. It stops, and cuts all its connections, when dropped.
///
/// It runs as tasks of the runtime that started it.
pub struct Proxy {
    port: u16,
    shared: Arc<Shared>,
    acceptor: JoinHandle<()>,
}

struct Shared {
    /// `host:port` of the server.
    server: String,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    /// For the connections to come, in order; then `otherwise`.
    script: VecDeque<Fault>,
    otherwise: Fault,
    connections: usize,
    /// Of the newest connection.
    messages: usize,
    received: Vec<u8>,
}

impl Proxy {
    /// Listens on 127.0.0.1 on a port that the system chooses, and passes everything through.
    ///
    /// # Errors
    /// When no port can be had.
    pub async fn start(host: &str, port: u16) -> io::Result<Self> {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await?;
        let shared = Arc::new(Shared { server: format!("{host}:{port}"), state: Mutex::default() });
        Ok(Self {
            port: listener.local_addr()?.port(),
            acceptor: tokio::spawn(accept(listener, shared.clone())),
            shared,
        })
    }

    /// The port on 127.0.0.1 that clients connect to.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Sets the fault of every connection that is opened from now on, and forgets a script.
    pub fn set_fault(&self, fault: Fault) {
        let mut state = self.shared.state();
        state.script.clear();
        state.otherwise = fault;
    }

    /// Gives each of the next connections a fault of its own; those after it keep what [`set_fault`](Self::set_fault)
    /// said.
    pub fn script(&self, faults: impl IntoIterator<Item = Fault>) {
        self.shared.state().script = faults.into_iter().collect();
    }

    /// How many connections clients have opened so far.
    pub fn connections(&self) -> usize {
        self.shared.state().connections
    }

    /// How many messages the client of the newest connection has sent so far: how far a sweep over
    /// [`Point::Message`] must go.
    pub fn messages(&self) -> usize {
        self.shared.state().messages
    }

    /// What all clients have sent so far, at most the first MiB of it.
    pub fn received(&self) -> Vec<u8> {
        self.shared.state().received.clone()
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.acceptor.abort();
    }
}

impl std::fmt::Debug for Proxy {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Proxy")
            .field("port", &self.port)
            .field("server", &self.shared.server)
            .finish_non_exhaustive()
    }
}

impl Shared {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn opened(&self) -> Fault {
        let mut state = self.state();
        state.connections += 1;
        state.messages = 0;
        state.script.pop_front().unwrap_or(state.otherwise)
    }

    fn heard(&self, bytes: &[u8]) {
        let mut state = self.state();
        let room = RECORD_LIMIT.saturating_sub(state.received.len());
        state.received.extend_from_slice(&bytes[..bytes.len().min(room)]);
    }

    fn counted(&self, messages: usize) {
        self.state().messages = messages;
    }
}

async fn accept(listener: TcpListener, shared: Arc<Shared>) {
    // The set ends every connection with this future.
    let mut connections = JoinSet::new();
    while let Ok((client, _)) = listener.accept().await {
        let fault = shared.opened();
        let shared = shared.clone();
        connections.spawn(async move {
            // A server that cannot be reached shows to the client as a connection that is closed at once.
            if let Ok(server) = TcpStream::connect(&shared.server).await {
                let _ = relay::relay(client, server, fault, &shared).await;
            }
        });
        while connections.try_join_next().is_some() {}
    }
}
