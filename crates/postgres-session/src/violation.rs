//! What a server must not do before and during a session.

use thiserror::Error;

use crate::verifier::MOST_ITERATIONS;

/// What the server did that is refused.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
pub(crate) enum Violation {
    #[error("the server asks for the password in cleartext")]
    Cleartext,
    #[error("authentication type {0}")]
    Method(u32),
    #[error("the server offers no SASL mechanism of SCRAM-SHA-256")]
    Mechanism,
    #[error("the server asks for more than {MOST_ITERATIONS} SCRAM iterations")]
    Iterations,
    #[error("a message of the server is too long")]
    TooLong,
    #[error("the server sends without end")]
    TooMuch,
    #[error("a message of the server is malformed or out of place")]
    Malformed,
}
