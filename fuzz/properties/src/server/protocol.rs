//! The protocols of servers.

/// The protocol in whose frames a server sends its script.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Protocol {
    /// A byte of kind and four of length; the first byte of a message is its kind.
    Postgres,
    /// Three bytes of length and one of sequence.
    MySql,
    /// A header of four numbers; the message is JSON, `{"$b": "text"}` in it stands for bytes.
    DocumentDb,
}
