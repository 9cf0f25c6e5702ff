//! Why there is no connection.

use database_net::os_cause;
use rotation_database::{Cause, ConnectError};

use crate::{dial::tls_invalid, wire::WireError};

/// The error for a failure of the protocol before the login.
pub(crate) fn connect_error(error: WireError) -> ConnectError {
    match error {
        // In TLS 1.3 the server checks the client's certificate after the handshake, in its first answer.
        WireError::Lost(io) if is_of_tls(&io) => tls_invalid(&io),
        WireError::Lost(io) => ConnectError::Unreachable(os_cause(&io)),
        other => ConnectError::Protocol(Cause::new(other.to_string())),
    }
}

fn is_of_tls(error: &std::io::Error) -> bool {
    error.get_ref().and_then(|inner| inner.downcast_ref::<rustls::Error>()).is_some()
}
