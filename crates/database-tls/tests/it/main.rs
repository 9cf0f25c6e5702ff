//! Real handshakes on the loopback interface, with certificates made on the spot.

mod authorities;
mod handshakes;
mod laboratory;
mod settings;
mod start;
