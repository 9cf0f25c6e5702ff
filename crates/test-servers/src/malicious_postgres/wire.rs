//! Messages in and out.

use std::{io, sync::Mutex};

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};

use super::script::{Record, lock};
use crate::heard::listen;

/// The largest message that a client under test may send.
const MESSAGE_LIMIT: usize = 1024 * 1024;

pub(super) struct Wire<'a, S> {
    stream: S,
    pub(super) record: &'a Mutex<Record>,
}

/// A message of the client.
pub(super) struct Message {
    pub(super) kind: u8,
    pub(super) body: Vec<u8>,
}

impl<'a, S: AsyncRead + AsyncWrite + Unpin> Wire<'a, S> {
    pub(super) fn new(stream: S, record: &'a Mutex<Record>) -> Self {
        Self { stream, record }
    }

    pub(super) fn into_inner(self) -> S {
        self.stream
    }

    /// A message without a type: the first one of a connection.
    pub(super) async fn read_untyped(&mut self) -> io::Result<Vec<u8>> {
        let length = self.stream.read_u32().await?;
        self.read_body(length).await
    }

    pub(super) async fn read(&mut self) -> io::Result<Message> {
        let kind = self.stream.read_u8().await?;
        let length = self.stream.read_u32().await?;
        let body = self.read_body(length).await?;
        if kind == b'p' {
            lock(self.record).password_messages += 1;
        }
        Ok(Message { kind, body })
    }

    async fn read_body(&mut self, length: u32) -> io::Result<Vec<u8>> {
        // The length includes itself.
        let length = usize::try_from(length).unwrap_or(usize::MAX).saturating_sub(4);
        if length > MESSAGE_LIMIT {
            return Err(io::Error::other("the client's message is too long"));
        }
        let mut body = vec![0; length];
        self.stream.read_exact(&mut body).await?;
        lock(self.record).received.add(&body);
        Ok(body)
    }

    pub(super) async fn send(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.stream.write_all(bytes).await?;
        self.stream.flush().await
    }

    /// Reads, records and never answers, until the client leaves. What was received is recorded even where
    /// this is cancelled.
    pub(super) async fn wait_for_the_end(&mut self) -> io::Result<()> {
        listen(&mut self.stream, |bytes| lock(self.record).received.add(bytes)).await
    }
}

pub(super) fn is_ssl_request(startup: &[u8]) -> bool {
    startup == 80_877_103_u32.to_be_bytes()
}

/// A message of the server.
pub(super) fn message(kind: u8, body: &[u8]) -> Vec<u8> {
    let length = u32::try_from(body.len() + 4).expect("the server's messages are short");
    [&[kind], length.to_be_bytes().as_slice(), body].concat()
}

/// `Authentication...` of some type.
pub(super) fn authentication(kind: u32, data: &[u8]) -> Vec<u8> {
    message(b'R', &[kind.to_be_bytes().as_slice(), data].concat())
}

/// `ErrorResponse`.
pub(super) fn error(severity: &str, code: &str, text: &str) -> Vec<u8> {
    message(b'E', format!("S{severity}\0V{severity}\0C{code}\0M{text}\0\0").as_bytes())
}

/// `ReadyForQuery`.
pub(super) fn ready(status: u8) -> Vec<u8> {
    message(b'Z', &[status])
}
