//! Real handshakes on the loopback interface, with certificates made on the spot.
#![expect(clippy::unwrap_used, reason = "in a test, to panic is to report")]

mod authorities;
mod handshakes;
mod laboratory;
mod settings;
mod start;
