//! What a proxy does to connections.

use std::time::Duration;

/// What happens to a connection.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Fault {
    /// Nothing.
    #[default]
    None,
    /// A fault, once the client has sent this much.
    At(Point, Action),
    /// Every message of the client is held back for this long.
    Delay(Duration),
    /// The client's `SSLRequest` is answered with `N` by the proxy, as a man-in-the-middle would; what the
    /// client then sends in cleartext goes to the server.
    StripTls,
}

/// A point in what the client sends on one connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Point {
    /// This message, counted from 1. The `SSLRequest` counts, then the TLS records; without TLS the startup
    /// message, the password messages, the queries, the `Terminate`.
    Message(usize),
    /// After this many bytes, which may be in the middle of a message.
    Byte(u64),
}

/// What happens at a [`Point`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Action {
    /// Both sides are closed; the server has not received the message, or only the bytes before the point.
    Cut,
    /// The server receives the message; once it answers, both sides are closed without the answer.
    CutReply,
    /// From here on nothing is passed on either way, and nothing is closed while the proxy lives.
    Hang,
    /// The server receives the message; from here on nothing from the server is passed on, and nothing is
    /// closed.
    HangReply,
}
