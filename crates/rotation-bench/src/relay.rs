//! A relay on loopback that counts connections and bytes.

use std::{
    io,
    ops::Sub,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
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
pub(crate) struct Relay {
    port: u16,
    counts: Arc<Counts>,
    acceptor: JoinHandle<()>,
}

/// What has passed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Passed {
    /// Opened by clients.
    pub connections: u64,
    /// Both ways, without the headers of TCP and IP.
    pub bytes: u64,
}

#[derive(Debug, Default)]
struct Counts {
    connections: AtomicU64,
    bytes: AtomicU64,
}

impl Sub for Passed {
    type Output = Self;

    fn sub(self, earlier: Self) -> Self {
        Self { connections: self.connections - earlier.connections, bytes: self.bytes - earlier.bytes }
    }
}

impl Relay {
    pub(crate) async fn start(to: u16) -> io::Result<Self> {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await?;
        let counts = Arc::new(Counts::default());
        let port = listener.local_addr()?.port();
        Ok(Self { port, acceptor: tokio::spawn(accept(listener, to, counts.clone())), counts })
    }

    pub(crate) fn port(&self) -> u16 {
        self.port
    }

    /// All that has passed so far.
    pub(crate) fn passed(&self) -> Passed {
        let read = |count: &AtomicU64| count.load(Ordering::Relaxed);
        Passed { connections: read(&self.counts.connections), bytes: read(&self.counts.bytes) }
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
        tokio::spawn(pass(from_client, to_server, counts.clone()));
        tokio::spawn(pass(from_server, to_client, counts.clone()));
    }
}

/// Passes one direction on until it ends; then the other side is told so.
async fn pass(mut from: OwnedReadHalf, mut to: OwnedWriteHalf, counts: Arc<Counts>) {
    let mut buffer = vec![0; 16 * 1024];
    while let Ok(read @ 1..) = from.read(&mut buffer).await {
        counts.bytes.fetch_add(u64::try_from(read).unwrap_or(u64::MAX), Ordering::Relaxed);
        if to.write_all(&buffer[..read]).await.is_err() {
            return;
        }
    }
    // The other side may have closed it already.
    let _ = to.shutdown().await;
}
