//! One login attempt, and the commands after it.

use std::{fmt, net::IpAddr, sync::Arc};

use database_net::os_cause;
use rotation_core::Deadline;
use rotation_database::{
    Cause, ConnectError, Endpoint, Login, LoginMethod, StatementError, StatementFault, Transport,
};
use rustls::ClientConfig;
use scram_client::{Mechanism, SaltedPasswords, Violation};

use crate::{
    code::Code,
    command::{self, Command, Needed},
    confirmed::Confirmed,
    document::{Document, Value},
    fault::connect_error,
    greeting::{self, Greeting},
    primary::Primary,
    scram,
    wire::{Reply, Wire, WireError},
};

/// The most characters of a database's name that an error shows.
const LONGEST_SHOWN: usize = 64;

/// A connection that is logged in. Nothing runs in the background; dropping it closes the socket.
pub(crate) struct Connection {
    wire: Wire,
    mechanism: Mechanism,
    /// The mechanisms by which the server lets this user in, where it reports them.
    usable: Option<Vec<String>>,
    /// The name of the secret's list by which the server was reached.
    member: Endpoint,
    /// What the server had written at the time of the greeting.
    confirmed: Option<Confirmed>,
}

impl Connection {
    /// The address at the other end.
    pub(crate) fn peer(&self) -> Option<IpAddr> {
        self.wire.peer()
    }

    /// The name of the secret's list by which the server was reached.
    pub(crate) fn member(&self) -> &Endpoint {
        &self.member
    }

    /// The server's confirmed writes at the greeting, where it is a member of a replica set.
    pub(crate) fn confirmed(&self) -> Option<Confirmed> {
        self.confirmed
    }

    /// Greets the server again.
    ///
    /// # Errors
    /// [`StatementFault::ReadOnly`] where it is no longer the primary; as [`run`](Self::run).
    pub(crate) async fn look_again(&mut self) -> Result<Option<Confirmed>, StatementError> {
        let greeting = command::command("isMaster", Document::new().int("isMaster", 1), "admin");
        let reply = self.wire.run(&greeting.document()).await.map_err(|error| lost(&greeting, &error))?;
        if !greeting::is_primary(reply.reader()) {
            return Err(StatementError::new(StatementFault::ReadOnly));
        }
        Ok(Confirmed::of(reply.reader()))
    }

    /// The SCRAM mechanism by which the server let the user in.
    pub(crate) fn method(&self) -> LoginMethod {
        LoginMethod(self.mechanism.name())
    }

    /// The mechanisms by which the server lets the session's user in: those that the user has and the server
    /// enables. `None` where the greeting did not report them.
    pub(crate) fn usable(&self) -> Option<&[String]> {
        self.usable.as_deref()
    }

    /// Logs in once over one transport, at the member that takes writes where the secret names several.
    ///
    /// This takes three round trips after TLS (greeting and SCRAM), or four with servers before MongoDB 4.4.
    /// The greeting carries no speculative login: that would be a refused login for users without a
    /// credential of the guessed mechanism.
    ///
    /// # Errors
    /// [`ConnectError`] by what the server, or the way to it, answered; causes hold codes alone.
    ///
    /// # Cancel safety
    /// Dropping the future closes the socket.
    pub(crate) async fn open(
        login: &Login,
        home: &str,
        transport: Transport,
        tls: &Arc<ClientConfig>,
        deadline: Deadline,
    ) -> Result<Self, ConnectError> {
        let attempt = async {
            let message = greeting::greeting(home, login.credentials.username.as_str());
            let found = Box::pin(Primary::find(login, &message, transport, tls, deadline)).await?;
            let Primary { mut wire, greeting, endpoint: member } = found;
            let mechanism = greeting.mechanism;
            let authenticated = authenticate(&mut wire, login, home, mechanism).await;
            authenticated.map_err(|error| looked_for_in(error, home))?;
            let Greeting { usable, confirmed, .. } = greeting;
            Ok(Self { wire, mechanism, usable, member, confirmed })
        };
        deadline.bound(attempt).await.unwrap_or(Err(ConnectError::TimedOut))
    }

    /// Runs a command and returns the reply of a server that executed it.
    ///
    /// # Errors
    /// [`StatementError`] by the server's code; with a write, also where it is not certain that the write
    /// survives a failover.
    ///
    /// # Cancel safety
    /// None: after a dropped call the connection can only be dropped.
    pub(crate) async fn run(
        &mut self,
        command: &Command,
        needed: Needed<'_>,
    ) -> Result<Reply, StatementError> {
        match self.attempt(command).await? {
            Ok(reply) => Ok(reply),
            Err(code) => Err(statement_error(command, code, needed)),
        }
    }

    /// As [`run`](Self::run), with the server's code in place of an error, for callers that handle the code.
    pub(crate) async fn attempt(&mut self, command: &Command) -> Result<Result<Reply, Code>, StatementError> {
        let reply = self.wire.run(&command.document()).await.map_err(|error| lost(command, &error))?;
        let code = Code::of(reply.reader()).or_else(|| Code::of_write_concern(reply.reader()));
        Ok(code.map_or(Ok(reply), Err))
    }
}

/// The error of a command that the server refused.
pub(crate) fn statement_error(command: &Command, code: Code, needed: impl fmt::Display) -> StatementError {
    StatementError {
        fault: code.statement_fault(|| needed.to_string()),
        statement: Some(command.kind),
        source: Some(code.cause()),
        is_before_password: false,
    }
}

async fn authenticate(
    wire: &mut Wire,
    login: &Login,
    home: &str,
    mechanism: Mechanism,
) -> Result<(), ConnectError> {
    let opening = scram::open(mechanism, &login.credentials)?;
    let options = Document::new().bool("skipEmptyExchange", true);
    let start = Document::new()
        .int("saslStart", 1)
        .text("mechanism", mechanism.name())
        .binary("payload", opening.message().as_bytes())
        .document("options", &options)
        .text("$db", home);
    let first = exchange(wire, &start).await?;
    let closing = opening
        .answer(&first.payload, scram::FEWEST_ITERATIONS, &SaltedPasswords::default())
        .map_err(violated)?;
    let last = exchange(wire, &first.next(closing.message().as_bytes(), home)).await?;
    closing.check(&last.payload).map_err(violated)?;
    if last.done {
        return Ok(());
    }
    // Servers that cannot skip it want one more message without content.
    let end = exchange(wire, &last.next(b"", home)).await?;
    if end.done { Ok(()) } else { Err(violated(Violation::Malformed)) }
}

/// The server does not report in which database it looked for a user that it does not find.
fn looked_for_in(error: ConnectError, home: &str) -> ConnectError {
    let there = |cause: Cause| {
        let home: String = home.escape_debug().take(LONGEST_SHOWN).collect();
        Cause::new(format!("{cause}, as a user of the database {home}"))
    };
    match error {
        ConnectError::Refused(cause) => ConnectError::Refused(there(cause)),
        ConnectError::NoSuchUser(cause) => ConnectError::NoSuchUser(there(cause)),
        error => error,
    }
}

/// The server's message in a SASL exchange.
struct SaslReply {
    conversation: i32,
    payload: Vec<u8>,
    done: bool,
}

impl SaslReply {
    fn next(&self, payload: &[u8], home: &str) -> Document {
        Document::new()
            .int("saslContinue", 1)
            .int("conversationId", self.conversation)
            .binary("payload", payload)
            .text("$db", home)
    }
}

async fn exchange(wire: &mut Wire, message: &Document) -> Result<SaslReply, ConnectError> {
    let reply = wire.run(message).await.map_err(connect_error)?;
    let reader = reply.reader();
    if let Some(code) = Code::of(reader) {
        return Err(code.refusal());
    }
    let conversation = reader.get("conversationId").and_then(Value::as_int);
    let payload = reader.get("payload").and_then(Value::as_binary);
    match (conversation.and_then(|number| i32::try_from(number).ok()), payload) {
        (Some(conversation), Some(payload)) => Ok(SaslReply {
            conversation,
            payload: payload.to_vec(),
            done: reader.get("done").is_some_and(Value::is_true),
        }),
        _ => Err(violated(Violation::Malformed)),
    }
}

fn violated(violation: Violation) -> ConnectError {
    ConnectError::Protocol(Cause::new(violation.to_string()))
}

fn lost(command: &Command, error: &WireError) -> StatementError {
    let (fault, source) = match error {
        WireError::Lost(io) => (StatementFault::ConnectionLost, os_cause(io)),
        other => {
            (StatementFault::Other { code: "protocol violation".to_owned() }, Cause::new(other.to_string()))
        }
    };
    StatementError { fault, statement: Some(command.kind), source: Some(source), is_before_password: false }
}

impl fmt::Debug for Connection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Connection").finish_non_exhaustive()
    }
}
