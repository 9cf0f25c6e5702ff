//! The servers, tried: what the proofs of the other crates stand on must itself be proven.

#![expect(clippy::print_stdout, reason = "a test that is left out reports it")]
#![expect(clippy::unwrap_used, reason = "a test tells by its panic what went wrong")]

mod authority;
mod malicious;
mod postgres;
mod proxy;
mod redshift;
mod replica_set;
