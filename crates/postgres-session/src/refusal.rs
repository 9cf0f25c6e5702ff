//! Why a login failed, by SQLSTATE and by the function of the server that said so.

use std::{error::Error as _, io};

use database_dial::{os_cause, tls_invalid};
use rotation_core::database::{Cause, ConnectError, TlsFault};
use tokio_postgres::{Error, error::DbError};

use crate::{
    guard::Violation,
    sqlstate::{PROXY, sqlstate},
};

/// The failure of a startup.
pub(crate) fn refusal(error: &Error) -> ConnectError {
    if let Some(answer) = error.as_db_error() {
        return by_code(sqlstate(answer), answer);
    }
    if error.is_closed() {
        return ConnectError::Unreachable(Cause::new("closed during the login"));
    }
    let Some(io) = error.source().and_then(|source| source.downcast_ref::<io::Error>()) else {
        // SCRAM failed on our side: the server did not prove that it knows the password, or spoke nonsense.
        return ConnectError::Protocol(Cause::new("the authentication could not be completed"));
    };
    match io.get_ref() {
        Some(wrapped) if wrapped.is::<Violation>() => {
            let violation = wrapped.downcast_ref().copied().unwrap_or(Violation::Malformed);
            by_violation(violation)
        }
        // In TLS 1.3 the server judges our certificate after the handshake, in its first answer.
        Some(wrapped) if wrapped.is::<rustls::Error>() => match tls_invalid(io) {
            ConnectError::TlsInvalid { source, .. } => {
                ConnectError::TlsInvalid { fault: TlsFault::Handshake, source }
            }
            other => other,
        },
        _ if io.kind() == io::ErrorKind::InvalidData || io.kind() == io::ErrorKind::InvalidInput => {
            ConnectError::Protocol(Cause::new("a message of the server is malformed"))
        }
        _ => ConnectError::Unreachable(os_cause(io)),
    }
}

fn by_violation(violation: Violation) -> ConnectError {
    let cause = Cause::new(violation.to_string());
    match violation {
        Violation::Cleartext | Violation::Method(_) | Violation::Mechanism => {
            ConnectError::AuthenticationMethod(cause)
        }
        Violation::Iterations | Violation::TooLong | Violation::TooMuch | Violation::Malformed => {
            ConnectError::Protocol(cause)
        }
    }
}

/// Codes of "PostgreSQL Error Codes" (appendix A of the manual). Messages are translated and may quote values, so
/// they are read for the distinctions that nothing else makes, and never passed on.
fn by_code(code: &str, answer: &DbError) -> ConnectError {
    let cause = Cause::new(format!("SQLSTATE {code}"));
    match code {
        "28P01" => ConnectError::Refused(cause),
        // PgBouncer gives its own errors the code of a protocol violation: a password that its list has not, a user that
        // it does not know, a failed login of its own that it remembers. The server has not been asked.
        PROXY => ConnectError::Proxy(cause),
        "28000" => match answer.routine() {
            // Only `trust` and the like get so far with an unknown name; whoever proved a password exists.
            Some("InitializeSessionUserId" | "InitializeSessionUserIdStandalone")
                if answer.message().contains("does not exist") =>
            {
                ConnectError::NoSuchUser(cause)
            }
            Some("InitializeSessionUserId" | "InitializeSessionUserIdStandalone") => {
                ConnectError::Locked(cause)
            }
            _ => ConnectError::AccessRule(cause),
        },
        // No such database; no CONNECT on it; it takes no connections; it was dropped.
        "3D000" | "42501" | "55000" | "57P04" => ConnectError::NoDatabase(cause),
        "53300" => ConnectError::TooManyConnections(cause),
        "57014" => ConnectError::TimedOut,
        _ if code.starts_with("57P") || code.starts_with("53") => ConnectError::NotReady(cause),
        _ => ConnectError::Protocol(cause),
    }
}
