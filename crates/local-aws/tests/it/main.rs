//! The local services, tried with real programs: what the proofs of the other crates stand on must itself be
//! proven.

#![expect(clippy::unwrap_used, reason = "a test tells by its panic what went wrong")]

mod lambda;
mod secrets_manager;
