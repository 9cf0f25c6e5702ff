//! Rotation functions for a service that Rotators does not know, with nothing but the public API.
//!
//! ```text
//! token_function  Token (a Target)        ─┐
//! key_function    AccessKeys (an Issuer)  ─┴─ Http ─┬─ Api, over HTTP ─> the program example_service
//!                                                  └─ a fake, in the kit
//! ```

pub mod access_key;
pub mod http;
pub mod service;
pub mod token;
