//! The local services, tested with real programs: what the tests of the other crates rely on must itself be
//! tested.

#![expect(clippy::unwrap_used, reason = "a test reports by its panic what went wrong")]

mod lambda;
mod secrets_manager;
