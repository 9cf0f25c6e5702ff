//! A server without a protocol: it sends the same bytes to every client.

use std::{
    io,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    task::{JoinHandle, JoinSet},
    time::sleep,
};

use super::heard::{Heard, listen};

/// A server on 127.0.0.1 that answers the first bytes on a connection, whatever they are, with its own, and
/// then only listens. It stops when dropped. It runs as tasks of the runtime that started it.
#[derive(Debug)]
pub struct MaliciousBytes {
    port: u16,
    record: Arc<Mutex<Record>>,
    acceptor: JoinHandle<()>,
}

/// What clients did.
#[derive(Debug, Default)]
struct Record {
    connections: usize,
    received: Heard,
}

impl MaliciousBytes {
    /// Starts a server with this answer: at once, or, where `each` is not zero, one byte after each such
    /// interval.
    ///
    /// # Errors
    /// When no port is available.
    pub async fn start(answer: Vec<u8>, each: Duration) -> io::Result<Self> {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await?;
        let port = listener.local_addr()?.port();
        let record = Arc::new(Mutex::new(Record::default()));
        let acceptor = tokio::spawn(accept(listener, Arc::new(answer), each, record.clone()));
        Ok(Self { port, record, acceptor })
    }

    /// The port on 127.0.0.1.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// The number of connections that were opened so far.
    pub fn connections(&self) -> usize {
        self.record.lock().unwrap_or_else(PoisonError::into_inner).connections
    }

    /// All bytes that clients sent so far, at most the first MiB.
    pub fn received(&self) -> Vec<u8> {
        self.record.lock().unwrap_or_else(PoisonError::into_inner).received.bytes()
    }
}

impl Drop for MaliciousBytes {
    fn drop(&mut self) {
        self.acceptor.abort();
    }
}

async fn accept(listener: TcpListener, answer: Arc<Vec<u8>>, each: Duration, record: Arc<Mutex<Record>>) {
    // The set ends every connection when this future is dropped.
    let mut connections = JoinSet::new();
    while let Ok((stream, _)) = listener.accept().await {
        record.lock().unwrap_or_else(PoisonError::into_inner).connections += 1;
        let (answer, record) = (answer.clone(), record.clone());
        connections.spawn(async move {
            // A client that closes the connection is what tests expect.
            let _ = meet(stream, &answer, each, &record).await;
        });
        while connections.try_join_next().is_some() {}
    }
}

async fn meet(stream: TcpStream, answer: &[u8], each: Duration, record: &Mutex<Record>) -> io::Result<()> {
    stream.set_nodelay(true)?;
    let (mut reader, mut writer) = stream.into_split();
    let hear = |bytes: &[u8]| record.lock().unwrap_or_else(PoisonError::into_inner).received.add(bytes);
    let mut bytes = vec![0; 64 * 1024];
    let first = reader.read(&mut bytes).await?;
    hear(&bytes[..first]);
    // Further bytes are recorded while the answer is sent.
    let listen = listen(&mut reader, hear);
    let speak = async {
        if each.is_zero() {
            return writer.write_all(answer).await;
        }
        for byte in answer {
            writer.write_all(&[*byte]).await?;
            sleep(each).await;
        }
        Ok(())
    };
    tokio::try_join!(listen, speak)?;
    Ok(())
}
