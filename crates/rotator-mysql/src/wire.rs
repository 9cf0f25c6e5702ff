//! The client's side of MySQL's protocol, as far as a rotation needs it.
//!
//! It is implemented here and not by a driver, because drivers decide by themselves what must not be left to
//! them: the TLS configuration, when a password may be encrypted with a key that the server sends, and how
//! much a hostile server may make the client read. There is no compression, no prepared statement, no LOCAL
//! INFILE, and no second statement in a text.

mod authentication;
mod capabilities;
mod encryption;
mod greeting;
mod login;
mod packet;
mod proof;

pub(crate) use authentication::{KeyExchange, Plugin};
pub(crate) use greeting::Greeting;
pub(crate) use login::{log_in, request_tls};
pub(crate) use packet::{Answer, Packets, Row, ServerError, WireError};
