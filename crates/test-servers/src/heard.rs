//! The record of what clients send to a server.

use std::io;

use tokio::io::{AsyncRead, AsyncReadExt};

/// The size of the record, in bytes.
const LIMIT: usize = 1024 * 1024;

/// What clients sent: at most the first MiB of it.
#[derive(Clone, Debug, Default)]
pub(super) struct Heard(Vec<u8>);

impl Heard {
    pub(super) fn add(&mut self, bytes: &[u8]) {
        let room = LIMIT.saturating_sub(self.0.len());
        self.0.extend_from_slice(&bytes[..bytes.len().min(room)]);
    }

    pub(super) fn bytes(&self) -> Vec<u8> {
        self.0.clone()
    }
}

/// Reads and never answers, until the client leaves. What was received is recorded even where this is
/// cancelled.
pub(super) async fn listen(stream: &mut (impl AsyncRead + Unpin), hear: impl Fn(&[u8])) -> io::Result<()> {
    let mut bytes = vec![0; 64 * 1024];
    loop {
        match stream.read(&mut bytes).await? {
            0 => return Ok(()),
            length => hear(&bytes[..length]),
        }
    }
}
