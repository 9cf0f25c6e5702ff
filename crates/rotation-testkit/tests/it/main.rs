//! The testkit, tried with real programs: what the proofs of the other crates stand on must itself be proven.

#![expect(clippy::unwrap_used, reason = "a test tells by its panic what went wrong")]
#![expect(clippy::print_stdout, reason = "a test that is left out says so")]

mod authority;

mod postgres;
mod proxy;
mod redshift;
mod replica_set;
mod rogue;
