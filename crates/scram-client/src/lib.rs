//! SCRAM as a client (RFC 5802, RFC 7677), which PostgreSQL and MongoDB ask for. Pure: messages in, messages
//! out.
//!
//! ```text
//! Opening::message ──> server: nonce, salt, iterations ──> Opening::answer
//!                                                             │ SaltedPasswords: thousands of hashes
//! Closing::message ──> server: its own proof ──> Closing::check
//! ```
//!
//! Nearly all the work of a login is to salt the password. setSecret does that for the verifier that it
//! stores, and testSecret would do it again to log in with the same password: [`SaltedPasswords`] keeps the
//! last result until the next login.

mod challenge;
mod exchange;
mod mechanism;
mod salted;

pub use challenge::{MOST_ITERATIONS, Violation};
pub use exchange::{Binding, Closing, NoRandomness, Opening};
pub use mechanism::Mechanism;
pub use salted::{PreparedPassword, SaltedPassword, SaltedPasswords, Salting};
