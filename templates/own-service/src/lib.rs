//! Rotates a credential of one service.

pub mod http;
pub mod token;
