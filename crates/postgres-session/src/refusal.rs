//! Why a login failed, by SQLSTATE and by the server function that reported it.

use std::{error::Error as _, io};

use database_net::{os_cause, tls_invalid};
use rotation_database::{Cause, ConnectError, Login, TlsFault};
use tokio_postgres::{
    Error,
    error::{DbError, Severity},
};

use crate::{
    quote::quote_identifier,
    sqlstate::{PROXY, sqlstate},
    violation::Violation,
};

/// Lists what a server from version 17 on runs at every login to the database.
const LOGIN_TRIGGERS: &str =
    "SELECT evtname, evtfoid::regproc FROM pg_event_trigger WHERE evtevent = 'login'";

/// Lists the users and databases whose settings name libraries that the server loads at a login.
const PRELOADED: &str = "SELECT rolname, datname, setconfig FROM pg_db_role_setting \
    LEFT JOIN pg_roles r ON r.oid = setrole LEFT JOIN pg_database d ON d.oid = setdatabase \
    WHERE setconfig::text LIKE '%preload_libraries=%'";

/// The statements that an administrator can run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ServerKind {
    Postgres,
    /// It has no CONNECT privilege, and no limit that this statement sets.
    Redshift,
}

/// The user and the database of the login, as statements name them.
#[derive(Clone, Debug)]
pub(crate) struct LoginTarget {
    user: String,
    database: Option<String>,
    kind: ServerKind,
}

impl LoginTarget {
    pub(crate) fn of(login: &Login, kind: ServerKind) -> Self {
        Self {
            user: quote_identifier(login.credentials.username.as_str()),
            database: login.database.as_deref().map(quote_identifier),
            kind,
        }
    }

    /// The failure of a startup; `admitted` is whether the server had accepted the client's identity.
    pub(crate) fn refusal(&self, error: &Error, admitted: bool) -> ConnectError {
        if let Some(answer) = error.as_db_error() {
            return self.by_code(answer, admitted);
        }
        if error.is_closed() {
            return ConnectError::Unreachable(Cause::new("closed during the login"));
        }
        let Some(io) = error.source().and_then(|source| source.downcast_ref::<io::Error>()) else {
            // The driver did not accept what the server sent.
            return ConnectError::Protocol(Cause::new("the authentication could not be completed"));
        };
        match io.get_ref() {
            Some(wrapped) if wrapped.is::<Violation>() => {
                let violation = wrapped.downcast_ref().copied().unwrap_or(Violation::Malformed);
                by_violation(violation)
            }
            // In TLS 1.3 the server checks the client's certificate after the handshake, in its first answer.
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

    /// The refusal that a pooler got from the server when it logged in for a client that it had already let
    /// in. None where the error is about a statement, or the pooler's own.
    ///
    /// A refusal of the pooler's password proves nothing about the client's.
    pub(crate) fn late_refusal(&self, answer: &DbError) -> Option<ConnectError> {
        let code = sqlstate(answer);
        let fatal = answer.parsed_severity() == Some(Severity::Fatal) || answer.severity() == "FATAL";
        // A server ends sessions that have begun with the classes 25 and 57.
        if !fatal || code == PROXY || code.starts_with("25") || code.starts_with("57") {
            return None;
        }
        Some(match self.by_code(answer, true) {
            ConnectError::Refused(cause) => ConnectError::Proxy(cause),
            refusal => refusal,
        })
    }

    /// Codes of "PostgreSQL Error Codes" (appendix A of the manual). Messages are translated and may quote
    /// values, so they are read only for the distinctions that nothing else makes, and never passed on.
    fn by_code(&self, answer: &DbError, admitted: bool) -> ConnectError {
        let code = sqlstate(answer);
        let cause = Cause::new(format!("SQLSTATE {code}"));
        let of_role = Subject::Role.is_of(answer);
        let of_database = Subject::Database.is_of(answer);
        let remedied = |statement: Option<String>| match statement {
            Some(statement) if self.kind == ServerKind::Postgres => cause.clone().ended_by(statement),
            _ => cause.clone(),
        };
        let user = &self.user;
        if admitted && answer.where_().is_some() {
            // Only an administrator's code runs at a login with a context of its own, and it chooses its
            // codes.
            return ConnectError::SessionRefused(remedied(Some(LOGIN_TRIGGERS.to_owned())));
        }
        match code {
            "28P01" => {
                ConnectError::Refused(remedied(Some(format!("ALTER ROLE {user} VALID UNTIL 'infinity'"))))
            }
            // PgBouncer gives its own errors the code of a protocol violation: for a password that is not in
            // its list, a user that it does not know, a failed login of its own that it remembers. The server
            // has not been asked.
            PROXY => ConnectError::Proxy(cause),
            // Only `trust` and similar methods get this far with an unknown name; a user that proved a
            // password exists.
            "28000" if of_role && answer.message().contains("does not exist") => {
                ConnectError::NoSuchUser(cause)
            }
            "28000" if of_role => ConnectError::Locked(remedied(Some(format!("ALTER ROLE {user} LOGIN")))),
            "28000" => ConnectError::AccessRule(cause),
            "42501" if of_database => {
                self.closed(&cause, |database| format!("GRANT CONNECT ON DATABASE {database} TO {user}"))
            }
            "55000" if of_database => {
                self.closed(&cause, |database| format!("ALTER DATABASE {database} ALLOW_CONNECTIONS true"))
            }
            "42501" | "55000" if self.kind == ServerKind::Redshift => ConnectError::NoDatabase(cause),
            // The database does not exist, was not created or dropped completely, or was dropped.
            "3D000" | "57P04" => ConnectError::NoDatabase(cause),
            "55000" if answer.routine() == Some("InitPostgres") => ConnectError::NoDatabase(cause),
            "53300" if of_role => ConnectError::TooManyConnections(remedied(Some(format!(
                "ALTER ROLE {user} CONNECTION LIMIT -1"
            )))),
            "53300" if of_database => {
                let database = self.database.as_ref();
                let unlimited = |database| format!("ALTER DATABASE {database} CONNECTION LIMIT -1");
                ConnectError::TooManyConnections(remedied(database.map(unlimited)))
            }
            "53300" => ConnectError::TooManyConnections(cause),
            _ if code.starts_with("57P") || code.starts_with("53") => ConnectError::NotReady(cause),
            // A file that does not exist, or cannot be read.
            _ if admitted && code.starts_with("58") => {
                ConnectError::SessionRefused(remedied(Some(PRELOADED.to_owned())))
            }
            // Any other error after the password is proved comes from what runs at the login.
            _ if admitted => ConnectError::SessionRefused(remedied(Some(LOGIN_TRIGGERS.to_owned()))),
            "57014" => ConnectError::TimedOut,
            _ => ConnectError::Protocol(cause),
        }
    }

    /// An existing database that does not admit the user. Redshift has no statement for it.
    fn closed(&self, cause: &Cause, statement: impl FnOnce(&str) -> String) -> ConnectError {
        match (&self.database, self.kind) {
            (Some(database), ServerKind::Postgres) => {
                ConnectError::DatabaseClosed(cause.clone().ended_by(statement(database)))
            }
            _ => ConnectError::NoDatabase(cause.clone()),
        }
    }
}

/// What a server checks once the password is proved, and before the session begins.
#[derive(Clone, Copy)]
enum Subject {
    Role,
    Database,
}

impl Subject {
    /// By the server function that reported it. A pooler does not pass that on: then by the words of the
    /// message.
    fn is_of(self, answer: &DbError) -> bool {
        let (routines, words) = match self {
            Self::Role => (
                ["InitializeSessionUserId", "InitializeSessionUserIdStandalone"],
                ["is not permitted to log in", "too many connections for role"],
            ),
            Self::Database => (
                ["CheckMyDatabase", "CheckMyDatabase"],
                ["permission denied for database", "is not currently accepting connections"],
            ),
        };
        answer.routine().map_or_else(
            || words.iter().any(|words| answer.message().contains(words)),
            |routine| routines.contains(&routine),
        )
    }
}

fn by_violation(violation: Violation) -> ConnectError {
    let cause = Cause::new(violation.to_string());
    match violation {
        Violation::Cleartext | Violation::Method(_) | Violation::Mechanism => {
            ConnectError::AuthenticationMethod(cause)
        }
        Violation::Scram(_)
        | Violation::NoRandomness
        | Violation::TooLong
        | Violation::TooMuch
        | Violation::Malformed => ConnectError::Protocol(cause),
    }
}
