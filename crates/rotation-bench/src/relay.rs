//! A relay on loopback that counts connections and bytes.

use std::{
    io,
    ops::Sub,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
};

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{
        TcpListener, TcpStream,
        tcp::{OwnedReadHalf, OwnedWriteHalf},
    },
    task::JoinHandle,
};

/// Passes everything on to a port of this machine. It stops taking connections when dropped.
#[derive(Debug)]
pub struct Relay {
    port: u16,
    counts: Arc<Counts>,
    acceptor: JoinHandle<()>,
}

/// What has passed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Passed {
    /// Opened by clients.
    pub connections: u64,
    /// How often a client sent something after it had heard from the server, or first.
    pub round_trips: u64,
    /// Both ways, without the headers of TCP and IP.
    pub bytes: u64,
}

#[derive(Debug, Default)]
struct Counts {
    connections: AtomicU64,
    round_trips: AtomicU64,
    bytes: AtomicU64,
}

impl Sub for Passed {
    type Output = Self;

    fn sub(self, earlier: Self) -> Self {
        Self {
            connections: self.connections - earlier.connections,
            round_trips: self.round_trips - earlier.round_trips,
            bytes: self.bytes - earlier.bytes,
        }
    }
}

impl Relay {
    /// Listens on a port that the system chooses.
    ///
    /// # Errors
    /// No port is available.
    pub async fn start(to: u16) -> io::Result<Self> {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await?;
        let counts = Arc::new(Counts::default());
        let port = listener.local_addr()?.port();
        Ok(Self { port, acceptor: tokio::spawn(accept(listener, to, counts.clone())), counts })
    }

    /// The port on 127.0.0.1 that clients connect to.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// All that has passed so far.
    pub fn passed(&self) -> Passed {
        let read = |count: &AtomicU64| count.load(Ordering::Relaxed);
        Passed {
            connections: read(&self.counts.connections),
            round_trips: read(&self.counts.round_trips),
            bytes: read(&self.counts.bytes),
        }
    }
}

impl Drop for Relay {
    fn drop(&mut self) {
        self.acceptor.abort();
    }
}

async fn accept(listener: TcpListener, to: u16, counts: Arc<Counts>) {
    while let Ok((client, _)) = listener.accept().await {
        counts.connections.fetch_add(1, Ordering::Relaxed);
        // A server that cannot be reached appears to the client as a connection that is closed at once.
        let Ok(server) = TcpStream::connect(("127.0.0.1", to)).await else { continue };
        if client.set_nodelay(true).and_then(|()| server.set_nodelay(true)).is_err() {
            continue;
        }
        let (from_client, to_client) = client.into_split();
        let (from_server, to_server) = server.into_split();
        let turn = Arc::new(AtomicBool::new(true));
        tokio::spawn(pass(from_client, to_server, Side::Client, turn.clone(), counts.clone()));
        tokio::spawn(pass(from_server, to_client, Side::Server, turn, counts.clone()));
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Side {
    Client,
    Server,
}

/// Passes one direction on until it ends, and then ends the other side. `turn`: whether the client's next
/// bytes begin a round trip.
async fn pass(
    mut from: OwnedReadHalf,
    mut to: OwnedWriteHalf,
    side: Side,
    turn: Arc<AtomicBool>,
    counts: Arc<Counts>,
) {
    let mut buffer = vec![0; 16 * 1024];
    while let Ok(read @ 1..) = from.read(&mut buffer).await {
        if turn.swap(side == Side::Server, Ordering::Relaxed) && side == Side::Client {
            counts.round_trips.fetch_add(1, Ordering::Relaxed);
        }
        counts.bytes.fetch_add(u64::try_from(read).unwrap_or(u64::MAX), Ordering::Relaxed);
        if to.write_all(&buffer[..read]).await.is_err() {
            return;
        }
    }
    // The other side may have closed it already.
    let _ = to.shutdown().await;
}
