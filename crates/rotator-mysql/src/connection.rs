//! A connection that is logged in.

use std::net::IpAddr;

use rotation_database::{Cause, StatementError, StatementFault, Username};

use crate::{
    dialect::Dialect,
    fault::refused_statement,
    remediation,
    statement::Statement,
    wire::{Answer, Packets, Plugin, ServerError, WireError},
};

/// `ER_CANNOT_USER`: the statement failed for a user that it names.
const CANNOT_USER: u16 = 1396;
/// `ER_NOT_VALID_PASSWORD`.
const NOT_VALID_PASSWORD: u16 = 1819;

/// A connection that is logged in: statements in, text out. Nothing runs in the background, and dropping it
/// closes the socket.
#[derive(Debug)]
pub(crate) struct Connection {
    packets: Packets,
    pub(crate) dialect: Dialect,
    /// The server's address.
    pub(crate) peer: Option<IpAddr>,
    /// The plugin by which the server let the user in.
    pub(crate) plugin: Plugin,
    /// Whether the server has proved a self-signed certificate by the user's password.
    pub(crate) proved: bool,
    user: Username,
}

/// A statement that failed, with the server's error number where the server sent one.
#[derive(Debug)]
pub(crate) struct Failure {
    pub(crate) code: Option<u16>,
    pub(crate) error: StatementError,
}

impl From<Failure> for StatementError {
    fn from(failure: Failure) -> Self {
        failure.error
    }
}

impl Connection {
    pub(crate) fn new(
        packets: Packets,
        dialect: Dialect,
        plugin: Plugin,
        proved: bool,
        user: &Username,
    ) -> Self {
        let peer = packets.peer();
        Self { packets, dialect, peer, plugin, proved, user: user.clone() }
    }

    /// Runs one statement and returns its rows.
    ///
    /// # Cancel safety
    /// None: after a dropped call the connection can only be dropped.
    pub(crate) async fn run(&mut self, statement: &Statement) -> Result<Answer, Failure> {
        match self.packets.query(&statement.sql).await {
            Ok(answer) => Ok(answer),
            Err(WireError::Server(refusal)) => {
                let refusal = WireError::Server(self.reason(refusal).await);
                Err(self.failure(statement, refusal))
            }
            Err(error) => Err(self.failure(statement, error)),
        }
    }

    /// The error, with the remediation where that depends on the session's user.
    fn failure(&self, statement: &Statement, error: WireError) -> Failure {
        let Failure { code, mut error } = failure(statement, error);
        if error.fault == StatementFault::Expired {
            let renew = remediation::of_expiry(&self.user, self.dialect);
            error.source = error.source.map(|cause| cause.ended_by(renew));
        }
        Failure { code, error }
    }

    /// Runs one statement from outside this crate, whose rows may take at most this number of bytes.
    ///
    /// # Cancel safety
    /// None: after a dropped call, or an error, the connection can only be dropped.
    pub(crate) async fn run_through(
        &mut self,
        statement: &Statement,
        most: usize,
    ) -> Result<(), StatementError> {
        match self.packets.query_up_to(&statement.sql, most).await {
            Ok(_) => Ok(()),
            // The error is about the query, and would occur again.
            Err(WireError::Protocol(breach)) => Err(StatementError {
                fault: StatementFault::Other { code: "protocol violation".to_owned() },
                statement: Some(statement.kind),
                source: Some(Cause::new(breach)),
                is_before_password: false,
            }),
            Err(error) => Err(self.failure(statement, error).into()),
        }
    }

    /// Why a user could not be changed. MariaDB's error only states that it could not, and keeps the reason
    /// among its warnings.
    async fn reason(&mut self, refusal: ServerError) -> ServerError {
        if refusal.code != CANNOT_USER || !self.dialect.is_mariadb() {
            return refusal;
        }
        // Level, number and message. Where they cannot be read, the refusal is reported alone.
        let rows = self.packets.query("SHOW WARNINGS LIMIT 8").await.unwrap_or_default();
        let mut codes = rows.iter().filter_map(|row| row.get(1)?.as_deref()?.parse().ok());
        codes.find(|code| *code == NOT_VALID_PASSWORD).map_or(refusal, |code| ServerError { code })
    }
}

impl Drop for Connection {
    fn drop(&mut self) {
        self.packets.say_farewell();
    }
}

fn failure(statement: &Statement, error: WireError) -> Failure {
    let lost = |words: String| StatementError {
        fault: StatementFault::ConnectionLost,
        statement: Some(statement.kind),
        source: Some(Cause::new(words)),
        is_before_password: false,
    };
    match error {
        WireError::Server(ServerError { code }) => {
            let mut error = refused_statement(statement.kind, code);
            if let StatementFault::PrivilegeMissing { needed } = &mut error.fault {
                *needed = match statement.whole() {
                    Some(sql) => sql.to_owned(),
                    None => format!("allow this user to run the statement `{}`", statement.kind),
                };
            }
            Failure { code: Some(code), error }
        }
        WireError::Io(error) => Failure { code: None, error: lost(error.kind().to_string()) },
        WireError::Protocol(breach) => Failure { code: None, error: lost(breach.to_owned()) },
    }
}
