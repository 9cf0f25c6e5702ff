//! Messages of MongoDB's wire protocol over TCP or TLS, bounded in both directions.
//!
//! `OP_MSG` with one section carries everything but the greeting, which is sent as `OP_QUERY`: the one form
//! of a greeting that every version accepts, including those that are too old to be rotated, which the error
//! then names.

use std::{io, net::IpAddr};

use database_net::Stream;
use thiserror::Error;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use zeroize::Zeroizing;

use crate::document::{Document, Reader};

const OP_REPLY: i32 = 1;
const OP_QUERY: i32 = 2004;
const OP_MSG: i32 = 2013;
const HEADER: usize = 16;

/// The longest message that a server may send: one user with its roles has kilobytes.
const LONGEST_REPLY: usize = 1024 * 1024;
/// All that a server may send in one session.
const MOST_IN_SESSION: usize = 8 * 1024 * 1024;

/// Why no reply came.
#[derive(Debug, Error)]
pub(crate) enum WireError {
    /// The connection failed; the message may have arrived.
    #[error("the connection was lost")]
    Lost(#[source] io::Error),
    #[error("a message of the server is too long")]
    TooLong,
    #[error("the server sends without end")]
    TooMuch,
    #[error("a message of the server is malformed or out of place")]
    Malformed,
}

/// A connection that sends one message and waits for its answer. Dropping it closes the socket.
pub(crate) struct Wire {
    stream: Stream,
    request: i32,
    received: usize,
}

/// The server's answer, in memory that is cleared.
pub(crate) struct Reply(Zeroizing<Vec<u8>>);

impl Reply {
    pub(crate) fn reader(&self) -> Reader<'_> {
        Reader::parse(&self.0).expect("it was checked when it arrived")
    }
}

impl Wire {
    pub(crate) fn new(stream: Stream) -> Self {
        Self { stream, request: 0, received: 0 }
    }

    /// The address at the other end.
    pub(crate) fn peer(&self) -> Option<IpAddr> {
        self.stream.peer()
    }

    /// Sends the greeting to `admin` and waits for the answer.
    pub(crate) async fn greet(&mut self, greeting: &Document) -> Result<Reply, WireError> {
        let mut body = vec![0; 4];
        body.extend(b"admin.$cmd\0");
        body.extend(0_i32.to_le_bytes());
        body.extend((-1_i32).to_le_bytes());
        body.extend(greeting.as_bytes());
        self.send(OP_QUERY, &body).await?;
        let reply = self.receive(OP_REPLY).await?;
        // Flags, cursor, start, count: the document is the one that was requested.
        match reply.split_at_checked(20) {
            Some((head, document)) if head[16..] == 1_i32.to_le_bytes() => checked(document),
            _ => Err(WireError::Malformed),
        }
    }

    /// Sends a command and waits for the answer.
    pub(crate) async fn run(&mut self, command: &Document) -> Result<Reply, WireError> {
        let mut body = Zeroizing::new(Vec::with_capacity(command.as_bytes().len() + 5));
        body.extend([0; 5]);
        body.extend(command.as_bytes());
        self.send(OP_MSG, &body).await?;
        let reply = self.receive(OP_MSG).await?;
        // No flags, as none are needed, and one section of kind 0.
        match reply.split_at_checked(5) {
            Some(([0, 0, 0, 0, 0], document)) => checked(document),
            _ => Err(WireError::Malformed),
        }
    }

    async fn send(&mut self, operation: i32, body: &[u8]) -> Result<(), WireError> {
        self.request += 1;
        let length = i32::try_from(HEADER + body.len()).map_err(|_| WireError::TooLong)?;
        let mut message = Zeroizing::new(Vec::with_capacity(HEADER + body.len()));
        for number in [length, self.request, 0, operation] {
            message.extend(number.to_le_bytes());
        }
        message.extend(body);
        self.stream.write_all(&message).await.map_err(WireError::Lost)?;
        self.stream.flush().await.map_err(WireError::Lost)
    }

    /// The body of the answer to the latest message.
    async fn receive(&mut self, operation: i32) -> Result<Zeroizing<Vec<u8>>, WireError> {
        let mut header = [0; HEADER];
        self.stream.read_exact(&mut header).await.map_err(WireError::Lost)?;
        let number =
            |at: usize| i32::from_le_bytes([header[at], header[at + 1], header[at + 2], header[at + 3]]);
        let length = usize::try_from(number(0)).map_err(|_| WireError::Malformed)?;
        if length > LONGEST_REPLY {
            return Err(WireError::TooLong);
        }
        if length < HEADER || number(8) != self.request || number(12) != operation {
            return Err(WireError::Malformed);
        }
        self.received += length;
        if self.received > MOST_IN_SESSION {
            return Err(WireError::TooMuch);
        }
        let mut body = Zeroizing::new(vec![0; length - HEADER]);
        self.stream.read_exact(&mut body).await.map_err(WireError::Lost)?;
        Ok(body)
    }
}

fn checked(document: &[u8]) -> Result<Reply, WireError> {
    Reader::parse(document).map_err(|_| WireError::Malformed)?;
    Ok(Reply(Zeroizing::new(document.to_vec())))
}
