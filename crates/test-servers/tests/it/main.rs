//! The servers, tested: what the tests of the other crates rely on must itself be tested.

#![expect(clippy::print_stdout, reason = "a test that is left out reports it")]
#![expect(clippy::unwrap_used, reason = "a test reports by its panic what went wrong")]

mod authority;
mod malicious;
mod postgres;
mod proxy;
mod redshift;
mod replica_set;
