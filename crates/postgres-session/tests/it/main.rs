//! Logins against real servers and against servers in bad faith.

#![expect(clippy::unwrap_used, reason = "a test fails where it unwraps, and says what was there")]

mod fixture;
mod logins;
mod malicious;
mod quoting;
mod statements;
mod tls;
mod verifiers;
