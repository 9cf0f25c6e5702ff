//! What a server speaks.

/// The protocol whose frames a server puts around what it is told to say.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Protocol {
    /// A byte of kind and four of length; the first byte of a message is its kind.
    Postgres,
    /// Three bytes of length and one of sequence.
    MySql,
    /// A header of four numbers; the message is JSON, `{"$b": "text"}` in it stands for bytes.
    DocumentDb,
}
