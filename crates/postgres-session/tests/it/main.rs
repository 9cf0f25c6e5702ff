//! Logins against real servers and against malicious servers.

#![expect(clippy::unwrap_used, reason = "a test fails where it unwraps, and reports the value")]

mod fixture;
mod logins;
mod malicious;
mod quoting;
mod statements;
mod tls;
mod verifiers;
