//! Why a login or a session ends on this side.

use thiserror::Error;

/// What the server did that is refused.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
pub(crate) enum Violation {
    #[error("the server asks for the password in cleartext")]
    Cleartext,
    #[error("authentication type {0}")]
    Method(u32),
    #[error("the server offers no SASL mechanism of SCRAM-SHA-256")]
    Mechanism,
    #[error(transparent)]
    Scram(#[from] scram_client::Violation),
    /// No fault of the server's.
    #[error("the operating system's random source failed")]
    NoRandomness,
    #[error("a message of the server is too long")]
    TooLong,
    #[error("the server sends without end")]
    TooMuch,
    #[error("a message of the server is malformed or out of place")]
    Malformed,
}
