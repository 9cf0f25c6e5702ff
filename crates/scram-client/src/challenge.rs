//! What a server may ask of a client.

use std::num::NonZeroU32;

use base64::{Engine as _, engine::general_purpose::STANDARD as BASE64};
use thiserror::Error;

/// The most iterations that a login accepts. More would exhaust the processor: the work is done without
/// yielding, so no deadline could stop it. It is the limit of other drivers as well.
pub const MOST_ITERATIONS: u32 = 100_000;
/// The longest message of a server, in bytes; usual ones have about a hundred.
const LONGEST_MESSAGE: usize = 2048;

/// Why a server's part of the exchange is not accepted.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
#[non_exhaustive]
pub enum Violation {
    /// It is not the message that is due.
    #[error("a SCRAM message of the server is malformed")]
    Malformed,
    /// An answer to another client.
    #[error("the server's SCRAM nonce does not continue ours")]
    Nonce,
    /// The proof would be easy to crack.
    #[error("the server asks for too few SCRAM iterations")]
    TooFewIterations,
    /// More than 100,000.
    #[error("the server asks for more than {MOST_ITERATIONS} SCRAM iterations")]
    TooManyIterations,
    /// Not the server that has the user.
    #[error("the server did not prove that it knows the password")]
    Signature,
}

/// server-first-message: `r=<nonce>,s=<salt>,i=<iterations>`.
pub(crate) struct Challenge<'a> {
    pub(crate) nonce: &'a str,
    pub(crate) salt: Vec<u8>,
    pub(crate) iterations: NonZeroU32,
}

impl<'a> Challenge<'a> {
    /// The three parts in their order, and nothing after them.
    pub(crate) fn parse(text: &'a str, fewest_iterations: u32) -> Result<Self, Violation> {
        let mut parts = text.split(',');
        let mut part =
            |prefix| parts.next().and_then(|part| part.strip_prefix(prefix)).ok_or(Violation::Malformed);
        let (nonce, salt, iterations) = (part("r=")?, part("s=")?, part("i=")?);
        let salt = BASE64.decode(salt).map_err(|_| Violation::Malformed)?;
        if parts.next().is_some() || salt.is_empty() {
            return Err(Violation::Malformed);
        }
        Ok(Self { nonce, salt, iterations: count(iterations, fewest_iterations)? })
    }
}

fn count(digits: &str, fewest: u32) -> Result<NonZeroU32, Violation> {
    if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(Violation::Malformed);
    }
    // Digits alone that are no number are too large a number.
    let count = digits.parse::<u32>().map_err(|_| Violation::TooManyIterations)?;
    match NonZeroU32::new(count) {
        Some(_) if count > MOST_ITERATIONS => Err(Violation::TooManyIterations),
        Some(count) if count.get() >= fewest => Ok(count),
        _ => Err(Violation::TooFewIterations),
    }
}

pub(crate) fn message(bytes: &[u8]) -> Result<&str, Violation> {
    if bytes.len() > LONGEST_MESSAGE {
        return Err(Violation::Malformed);
    }
    str::from_utf8(bytes).map_err(|_| Violation::Malformed)
}
