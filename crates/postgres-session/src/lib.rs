//! Connections in PostgreSQL's protocol: typed login attempts, quoting, password verifiers, errors by
//! SQLSTATE.
//!
//! ```text
//! connect(Login, Transport) ── resolve ── TCP ── SSLRequest, TLS ── Guard ── driver's startup ─> Connection
//!    any failure ─> ConnectError                                      │
//!                    cleartext password, SCRAM bomb, huge message ────┘ refused before the driver sees them
//! Connection::run(&[Statement]) ── one round trip ─> rows as text, or StatementError by SQLSTATE
//! ```
//!
//! # How a password is proved
//! The password itself is never sent, not even over TLS: a server that requests it in cleartext (as it does
//! for LDAP, PAM or RADIUS) is refused. SCRAM-SHA-256 is accepted over any transport that the caller chose,
//! over TLS with channel binding where the server offers it. md5 is accepted over any transport as well: old
//! servers and old roles have nothing better, its answer does not contain the password, and the caller
//! decides whether plaintext is allowed at all. Redshift's type 13 is answered by [`connect_to_redshift`]
//! alone: a hash of a hash of the password, with a nonce of each side. A server that requests nothing
//! (`trust`, a client certificate) is accepted as it is.

mod channel_binding;
mod connect;
mod connection;
mod digest;
mod fault;
mod guard;
mod quote;
mod refusal;
mod scram;
mod sqlstate;
mod statement;
mod verifier;
mod violation;

pub use database_net::addresses;
/// What [`connect()`] and [`scram_verifier`] share.
pub use scram_client::SaltedPasswords;

pub use connect::{connect, connect_to_redshift};
pub use connection::{Connection, Row};
pub use digest::sha256_verifier;
pub use quote::{quote_identifier, quote_literal};
pub use statement::Statement;
pub use verifier::{Verifier, VerifierError, md5_verifier, scram_verifier};
