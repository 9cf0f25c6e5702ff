//! Where the messages of a client end: PostgreSQL's protocol 3.0, and TLS records after a taken `SSLRequest`;
//! of other protocols TLS records, after what the client sends before them.

/// What clients of a server send before TLS, by which a [`Proxy`](super::Proxy) finds where messages end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Preface {
    /// PostgreSQL: an `SSLRequest`, which the server answers by one byte; or no TLS at all.
    Postgres,
    /// MySQL: one packet that asks for TLS, after the server's greeting. Plaintext is not taken apart.
    Mysql,
    /// Nothing: TLS begins at once.
    None,
}

/// The code in place of a protocol version that requests TLS.
const SSL_REQUEST: [u8; 4] = 80_877_103_u32.to_be_bytes();

/// The largest message that is parsed; a longer one is not PostgreSQL's.
const MESSAGE_LIMIT: usize = 16 * 1024 * 1024;

/// The form of the next message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Shape {
    /// Length and code, without a type: `SSLRequest`, `StartupMessage`, `CancelRequest`.
    Untyped,
    /// Type, then length.
    Typed,
    /// A packet of MySQL: length in three bytes, then a number.
    Packet,
    /// A TLS record: type, version, length.
    Record,
}

/// Splits the client's bytes into messages.
pub(super) struct Framing {
    shape: Shape,
}

impl Framing {
    pub(super) fn new(preface: Preface) -> Self {
        let shape = match preface {
            Preface::Postgres => Shape::Untyped,
            Preface::Mysql => Shape::Packet,
            Preface::None => Shape::Record,
        };
        Self { shape }
    }

    /// The length of the first message in `bytes`, as soon as it is complete.
    pub(super) fn first_message(&self, bytes: &[u8]) -> Option<usize> {
        let length = match self.shape {
            Shape::Untyped => read_u32(bytes, 0)?,
            Shape::Typed => read_u32(bytes, 1)?.saturating_add(1),
            Shape::Packet => 4 + usize::from(*bytes.first()?) + (usize::from(*bytes.get(1)?) << 8),
            Shape::Record => 5 + usize::from(u16::from_be_bytes([*bytes.get(3)?, *bytes.get(4)?])),
        };
        // An implausible length is passed on unchanged, for the server to refuse.
        let length = if (1..=MESSAGE_LIMIT).contains(&length) { length } else { bytes.len() };
        (bytes.len() >= length).then_some(length)
    }

    pub(super) fn is_ssl_request(&self, message: &[u8]) -> bool {
        self.shape == Shape::Untyped && message.get(4..8) == Some(&SSL_REQUEST)
    }

    /// What follows an `SSLRequest`, by the server's one byte.
    pub(super) fn answered(&mut self, answer: u8) {
        self.shape = if answer == b'S' { Shape::Record } else { Shape::Untyped };
    }

    pub(super) fn started(&mut self) {
        self.shape = match self.shape {
            Shape::Untyped | Shape::Typed => Shape::Typed,
            // The one packet before TLS asks for it.
            Shape::Packet | Shape::Record => Shape::Record,
        };
    }
}

fn read_u32(bytes: &[u8], at: usize) -> Option<usize> {
    let bytes: [u8; 4] = bytes.get(at..at + 4)?.try_into().ok()?;
    usize::try_from(u32::from_be_bytes(bytes)).ok()
}
