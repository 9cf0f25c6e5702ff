//! A TCP proxy on loopback that injects the faults of a network.
//!
//! ```text
//! client ──> Proxy ──> server        counts what the client sends in messages:
//!             │                      PostgreSQL's own before TLS, TLS records once the server took TLS;
//!             │                      TLS records of other protocols, after their `Preface`
//!             └─ Fault at a message or a byte: cut, hang, with or without the server having heard it
//! ```

mod fault;
mod framing;
mod relay;
mod state;

use std::{
    io,
    sync::{Arc, Mutex},
};

use tokio::{
    net::{TcpListener, TcpStream},
    task::{JoinHandle, JoinSet},
};

pub use fault::{Action, Fault, Point};
pub use framing::Preface;
use state::Shared;

/// A proxy in front of one server. It stops, and cuts all its connections, when dropped.
///
/// It runs as tasks of the runtime that started it.
pub struct Proxy {
    port: u16,
    shared: Arc<Shared>,
    acceptor: JoinHandle<()>,
}

impl Proxy {
    /// Listens on 127.0.0.1 on a port that the system chooses, and passes everything through.
    ///
    /// # Errors
    /// When no port is available.
    pub async fn start(host: &str, port: u16) -> io::Result<Self> {
        Self::before(host, port, Preface::Postgres).await
    }

    /// The same before a server whose clients begin a connection like this.
    ///
    /// # Errors
    /// When no port can be had.
    pub async fn before(host: &str, port: u16, preface: Preface) -> io::Result<Self> {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await?;
        let shared = Arc::new(Shared { server: format!("{host}:{port}"), preface, state: Mutex::default() });
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

    /// Gives each of the next connections a fault of its own; those after it keep the one that
    /// [`set_fault`](Self::set_fault) set.
    pub fn script(&self, faults: impl IntoIterator<Item = Fault>) {
        self.shared.state().script = faults.into_iter().collect();
    }

    /// How many connections clients have opened so far.
    pub fn connections(&self) -> usize {
        self.shared.state().connections
    }

    /// How many connections have met their [`Fault::At`] so far.
    pub fn faults(&self) -> usize {
        self.shared.state().faults
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

async fn accept(listener: TcpListener, shared: Arc<Shared>) {
    // The set ends every connection when this future is dropped.
    let mut connections = JoinSet::new();
    while let Ok((client, _)) = listener.accept().await {
        let fault = shared.opened();
        let shared = shared.clone();
        connections.spawn(async move {
            // A server that cannot be reached appears to the client as a connection that is closed at once.
            if let Ok(server) = TcpStream::connect(&shared.server).await {
                let _ = relay::relay(client, server, fault, &shared).await;
            }
        });
        while connections.try_join_next().is_some() {}
    }
}
