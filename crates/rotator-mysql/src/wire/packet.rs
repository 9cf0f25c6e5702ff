//! Packets: three bytes of length, one of sequence, a payload; and the answers to a statement.

use std::{
    fmt, io,
    net::IpAddr,
    pin::Pin,
    task::{Context, Waker},
};

use database_net::Stream;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use zeroize::Zeroizing;

/// The largest packet that is read. Answers to our statements are names and grants.
const PACKET_LIMIT: usize = 1024 * 1024;

/// The most bytes of memory that the rows of one statement take.
const ANSWER_LIMIT: usize = 16 * 1024 * 1024;

/// A row of text, `None` for null. Invalid UTF-8 is replaced; only password hashes have any.
pub(crate) type Row = Vec<Option<String>>;

/// What went wrong on the wire.
#[derive(Debug)]
pub(crate) enum WireError {
    /// The server reported it, in an error packet.
    Server(ServerError),
    /// The connection failed.
    Io(io::Error),
    /// The server violated the protocol, or asked for what is refused.
    Protocol(&'static str),
}

/// An error of the server. Its message is not kept: it may quote the statement.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct ServerError {
    pub(crate) code: u16,
}

impl From<io::Error> for WireError {
    fn from(error: io::Error) -> Self {
        Self::Io(error)
    }
}

/// A stream cut into packets.
pub(crate) struct Packets<S = Stream> {
    stream: S,
    sequence: u8,
}

impl<S> fmt::Debug for Packets<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Packets").finish_non_exhaustive()
    }
}

/// The result of a statement: rows, or none.
pub(crate) type Answer = Vec<Row>;

impl<S: AsyncRead + AsyncWrite + Unpin> Packets<S> {
    /// The packets of a connection from this number on, over whatever stream carries them now.
    pub(crate) fn over(stream: S, sequence: u8) -> Self {
        Self { stream, sequence }
    }

    /// Reads one packet; an error of the server counts as one.
    pub(crate) async fn read(&mut self) -> Result<Zeroizing<Vec<u8>>, WireError> {
        let mut header = [0; 4];
        self.stream.read_exact(&mut header).await?;
        let length = usize::from(header[0]) | usize::from(header[1]) << 8 | usize::from(header[2]) << 16;
        if header[3] != self.sequence {
            return Err(WireError::Protocol("a packet out of order"));
        }
        if length > PACKET_LIMIT {
            return Err(WireError::Protocol("a packet that is too large"));
        }
        self.sequence = self.sequence.wrapping_add(1);
        let mut payload = Zeroizing::new(vec![0; length]);
        self.stream.read_exact(&mut payload).await?;
        Ok(payload)
    }

    pub(crate) async fn write(&mut self, payload: &[u8]) -> Result<(), WireError> {
        let length = u32::try_from(payload.len()).unwrap_or(u32::MAX);
        let [low, middle, high, rest] = length.to_le_bytes();
        if rest != 0 || length == 0x00ff_ffff {
            return Err(WireError::Protocol("a statement that is too large"));
        }
        // Header and payload in one write: without Nagle's algorithm each write is a segment of its own.
        let mut packet = Zeroizing::new(Vec::with_capacity(payload.len() + 4));
        packet.extend_from_slice(&[low, middle, high, self.sequence]);
        packet.extend_from_slice(payload);
        self.sequence = self.sequence.wrapping_add(1);
        self.stream.write_all(&packet).await?;
        self.stream.flush().await?;
        Ok(())
    }

    /// The sequence number of the next packet.
    pub(crate) fn sequence(&self) -> u8 {
        self.sequence
    }
}

impl Packets {
    /// The address at the other end.
    pub(crate) fn peer(&self) -> Option<IpAddr> {
        self.stream.peer()
    }

    /// Sends `COM_QUIT`, as far as that is possible without waiting. A server that finds the connection
    /// closed instead counts an aborted client, and may log it.
    pub(crate) fn say_farewell(&mut self) {
        let mut context = Context::from_waker(Waker::noop());
        let mut stream = Pin::new(&mut self.stream);
        if stream.as_mut().poll_write(&mut context, &[1, 0, 0, 0, 1]).is_ready() {
            let _ = stream.poll_flush(&mut context);
        }
    }

    /// Runs one statement (`COM_QUERY`).
    pub(crate) async fn query(&mut self, sql: &str) -> Result<Answer, WireError> {
        self.query_up_to(sql, ANSWER_LIMIT).await
    }

    /// The same, with rows that take at most this number of bytes of memory.
    pub(crate) async fn query_up_to(&mut self, sql: &str, most: usize) -> Result<Answer, WireError> {
        self.sequence = 0;
        let mut command = Zeroizing::new(Vec::with_capacity(sql.len() + 1));
        command.push(0x03);
        command.extend_from_slice(sql.as_bytes());
        self.write(&command).await?;
        let head = self.read().await?;
        let columns = match head.first() {
            Some(0x00) => return Ok(Vec::new()),
            Some(0xff) => return Err(error(&head)),
            Some(0xfb) => return Err(WireError::Protocol("a request for a local file")),
            _ => Reader::new(&head).length()?,
        };
        if columns == 0 || columns > 256 {
            return Err(WireError::Protocol("a result of more columns than were asked for"));
        }
        for _ in 0..columns {
            self.read().await?;
        }
        if !is_end(&self.read().await?) {
            return Err(WireError::Protocol("no end of the columns"));
        }
        let mut rows = Vec::new();
        let mut taken = 0;
        loop {
            let packet = self.read().await?;
            if is_end(&packet) {
                return Ok(rows);
            }
            if packet.first() == Some(&0xff) {
                return Err(error(&packet));
            }
            // A null is one byte of the packet, and yet a field like any other here.
            taken += packet.len() + size_of::<Row>() + columns * size_of::<Option<String>>();
            if taken > most {
                return Err(WireError::Protocol("an answer that is too large"));
            }
            let mut reader = Reader::new(&packet);
            rows.push((0..columns).map(|_| reader.text()).collect::<Result<_, _>>()?);
        }
    }
}

fn is_end(packet: &[u8]) -> bool {
    packet.first() == Some(&0xfe) && packet.len() < 9
}

/// Parses the error in a packet that begins with `0xff`.
pub(super) fn error(packet: &[u8]) -> WireError {
    match packet.get(1..3) {
        Some(&[low, high]) => WireError::Server(ServerError { code: u16::from_le_bytes([low, high]) }),
        _ => WireError::Protocol("an error without a number"),
    }
}

/// Parses a payload. Missing data is a protocol violation, never a panic.
pub(crate) struct Reader<'a> {
    rest: &'a [u8],
}

impl<'a> Reader<'a> {
    pub(crate) fn new(payload: &'a [u8]) -> Self {
        Self { rest: payload }
    }

    pub(crate) fn take(&mut self, count: usize) -> Result<&'a [u8], WireError> {
        let (taken, rest) =
            self.rest.split_at_checked(count).ok_or(WireError::Protocol("a packet cut short"))?;
        self.rest = rest;
        Ok(taken)
    }

    pub(crate) fn byte(&mut self) -> Result<u8, WireError> {
        Ok(self.take(1)?[0])
    }

    /// The bytes before the next zero byte, or before the end where there is none.
    pub(crate) fn string(&mut self) -> &'a [u8] {
        let end = self.rest.iter().position(|byte| *byte == 0).unwrap_or(self.rest.len());
        let (text, rest) = self.rest.split_at(end);
        self.rest = rest.get(1..).unwrap_or_default();
        text
    }

    pub(crate) fn length(&mut self) -> Result<usize, WireError> {
        let size = match self.byte()? {
            small @ 0..=0xfa => return Ok(usize::from(small)),
            0xfc => 2,
            0xfd => 3,
            0xfe => 8,
            _ => return Err(WireError::Protocol("no length where one is due")),
        };
        let bytes = self.take(size)?;
        let length = bytes.iter().rev().fold(0_u64, |sum, byte| sum << 8 | u64::from(*byte));
        usize::try_from(length).map_err(|_| WireError::Protocol("a length beyond all memory"))
    }

    fn text(&mut self) -> Result<Option<String>, WireError> {
        if self.rest.first() == Some(&0xfb) {
            self.rest = &self.rest[1..];
            return Ok(None);
        }
        let length = self.length()?;
        Ok(Some(String::from_utf8_lossy(self.take(length)?).into_owned()))
    }
}
