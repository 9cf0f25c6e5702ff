//! Real handshakes on the loopback interface, with certificates made on the spot.
#![expect(clippy::unwrap_used, reason = "in a test, to panic is to report")]

mod authorities;
mod fixture;
mod handshakes;
mod settings;
mod start;
