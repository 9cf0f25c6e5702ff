//! One login at a server, and the commands after it.

use std::{io, net::IpAddr, sync::Arc, time::Duration};

use database_net::{HandshakeError, LazyTls, Stream, TlsSettings, dial, handshake, os_cause, tls_invalid};
use rotation_core::Deadline;
use rotation_database::{Cause, ConnectError, Login, StatementError, StatementFault, TlsFault, Transport};
use rustls::ClientConfig;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use crate::{
    acl::{AclUser, PasswordChange},
    refusal,
    resp::{Malformed, Reply, command},
    server::{Company, Saved, Servers, Session},
};

/// The longest time that a handshake may take. A server without TLS waits for the rest of what it takes for a
/// command, and so never answers one.
const HANDSHAKE_TIME: Duration = Duration::from_secs(3);

/// Servers on the network. Clones share one TLS configuration, which is built at the first login.
#[derive(Clone, Debug)]
pub struct Network {
    tls: LazyTls,
}

impl Network {
    /// Servers whose certificates are verified by these settings.
    pub fn new(settings: TlsSettings) -> Self {
        Self { tls: LazyTls::new(settings) }
    }
}

impl Servers for Network {
    type Session = Connection;

    async fn open(
        &self,
        login: &Login,
        transport: Transport,
        deadline: Deadline,
    ) -> Result<Connection, ConnectError> {
        let attempt = async {
            let tcp = dial(login, deadline).await?;
            let stream = match transport {
                Transport::Plaintext => Stream::Plain(tcp),
                Transport::Tls => {
                    let handshake = secure(tcp, login.host.as_str(), self.tls.config());
                    deadline
                        .at_most(HANDSHAKE_TIME)
                        .bound(handshake)
                        .await
                        .unwrap_or_else(|_| Err(no_tls("silent in answer to the handshake")))?
                }
            };
            Connection::log_in(stream, login).await
        };
        deadline.bound(attempt).await.unwrap_or(Err(ConnectError::TimedOut))
    }
}

/// TLS from the first byte on. A server without TLS cannot report that, and a man-in-the-middle can do the
/// same, so plaintext never follows.
async fn secure(
    tcp: tokio::net::TcpStream,
    host: &str,
    tls: &Arc<ClientConfig>,
) -> Result<Stream, ConnectError> {
    handshake(tcp, host, tls).await.map_err(|error| match error {
        HandshakeError::Failed(error) if is_not_tls(&error) => no_tls("it answers something else"),
        error => error.into(),
    })
}

fn is_not_tls(error: &io::Error) -> bool {
    let rustls = error.get_ref().and_then(|inner| inner.downcast_ref::<rustls::Error>());
    matches!(error.kind(), io::ErrorKind::UnexpectedEof | io::ErrorKind::ConnectionReset)
        || matches!(rustls, Some(rustls::Error::InvalidMessage(_)))
}

fn no_tls(why: &str) -> ConnectError {
    ConnectError::TlsInvalid { fault: TlsFault::NoResponse, source: Cause::new(why) }
}

/// A connection that is logged in.
#[derive(Debug)]
pub struct Connection {
    stream: Stream,
    /// What was read of the next reply.
    unread: Vec<u8>,
    /// The user's own name, for hints.
    user: String,
    /// What the server answered about itself.
    standing: Option<Company>,
}

/// Why a command has no reply.
enum Unanswered {
    Lost(io::Error),
    Malformed,
}

impl From<io::Error> for Unanswered {
    fn from(error: io::Error) -> Self {
        Self::Lost(error)
    }
}

impl From<Malformed> for Unanswered {
    fn from(_: Malformed) -> Self {
        Self::Malformed
    }
}

impl Connection {
    /// `HELLO 2 AUTH user password`, and then `ACL WHOAMI`, which the server answers with the user's name or,
    /// where the user may not ask that, with an error that only a server with users has.
    async fn log_in(stream: Stream, login: &Login) -> Result<Self, ConnectError> {
        let (user, password) = (&login.credentials.username, &login.credentials.password);
        let (user, unread) = (user.as_str().to_owned(), Vec::new());
        let mut connection = Self { stream, unread, user, standing: None };
        let hello = ["HELLO", "2", "AUTH", login.credentials.username.as_str(), password.expose()];
        let answer = connection.ask(&hello).await.map_err(not_answered)?;
        if let Reply::Error(error) = &answer {
            return Err(refusal::of_login(error));
        }
        connection.standing = Some(standing(&answer).ok_or_else(|| protocol("no answer to HELLO"))?);
        match connection.ask(&["ACL", "WHOAMI"]).await.map_err(not_answered)? {
            Reply::Error(error) if refusal::code(&error) == "NOPERM" => Ok(connection),
            Reply::Error(error) => Err(refusal::of_login(&error)),
            reply if reply.text() == Some(login.credentials.username.as_str()) => Ok(connection),
            _ => Err(protocol("the session acts as another user")),
        }
    }

    async fn ask(&mut self, words: &[&str]) -> Result<Reply, Unanswered> {
        self.stream.write_all(&command(words)).await?;
        self.stream.flush().await?;
        loop {
            if let Some((reply, length)) = Reply::parse(&self.unread)? {
                self.unread.drain(..length);
                return Ok(reply);
            }
            let mut part = [0; 4096];
            match self.stream.read(&mut part).await? {
                0 => return Err(io::Error::from(io::ErrorKind::UnexpectedEof).into()),
                read => self.unread.extend_from_slice(&part[..read]),
            }
        }
    }

    /// The reply of a server that ran the command, or the text of its error.
    async fn run(
        &mut self,
        kind: &'static str,
        words: &[&str],
    ) -> Result<Result<Reply, String>, StatementError> {
        match self.ask(words).await {
            Ok(Reply::Error(error)) => Ok(Err(error)),
            Ok(reply) => Ok(Ok(reply)),
            Err(Unanswered::Lost(error)) => Err(StatementError {
                statement: Some(kind),
                source: Some(os_cause(&error)),
                ..StatementError::new(StatementFault::ConnectionLost)
            }),
            Err(Unanswered::Malformed) => Err(unexpected(kind)),
        }
    }

    /// The error of a command that the server refused.
    fn refused(&self, kind: &'static str, error: &str) -> StatementError {
        refusal::of_command(kind, error, || {
            format!("ACL SETUSER {} +acl|getuser +acl|setuser +acl|save +role", self.user)
        })
    }
}

impl Session for Connection {
    fn peer(&self) -> Option<IpAddr> {
        self.stream.peer()
    }

    async fn user(&mut self, name: &str) -> Result<Option<AclUser>, StatementError> {
        const KIND: &str = "acl getuser";
        match self.run(KIND, &["ACL", "GETUSER", name]).await? {
            Ok(Reply::Nil) => Ok(None),
            Ok(reply) => AclUser::of(&reply).map(Some).ok_or_else(|| unexpected(KIND)),
            Err(error) => Err(self.refused(KIND, &error)),
        }
    }

    async fn company(&mut self) -> Result<Company, StatementError> {
        const KIND: &str = "role";
        if let Some(company) = self.standing.filter(|company| *company != Company::Alone) {
            return Ok(company);
        }
        let reply = match self.run(KIND, &["ROLE"]).await? {
            Ok(reply) => reply,
            Err(error) => return Err(self.refused(KIND, &error)),
        };
        let elements = reply.elements().unwrap_or_default();
        match (elements.first().and_then(Reply::text), elements.get(2).and_then(Reply::elements)) {
            (Some("master"), Some([])) => Ok(Company::Alone),
            (Some("master"), Some(_)) => Ok(Company::Replicas),
            (Some("slave" | "replica"), _) => Ok(Company::Replica),
            (Some("sentinel"), _) => Ok(Company::Member),
            _ => Err(unexpected(KIND)),
        }
    }

    async fn save(&mut self) -> Result<Saved, StatementError> {
        const KIND: &str = "acl save";
        match self.run(KIND, &["ACL", "SAVE"]).await? {
            Ok(Reply::Simple(_)) => Ok(Saved::Saved),
            Ok(_) => Err(unexpected(KIND)),
            Err(error) if refusal::has_no_file(&error) => Ok(Saved::NoFile),
            Err(error) => Err(self.refused(KIND, &error)),
        }
    }

    async fn change(&mut self, name: &str, change: &PasswordChange) -> Result<(), StatementError> {
        const KIND: &str = "acl setuser";
        let rules = change.rules();
        let words: Vec<&str> =
            ["ACL", "SETUSER", name].into_iter().chain(rules.iter().map(String::as_str)).collect();
        match self.run(KIND, &words).await? {
            Ok(Reply::Simple(_)) => Ok(()),
            Ok(_) => Err(unexpected(KIND)),
            Err(error) => Err(self.refused(KIND, &error)),
        }
    }
}

/// What the answer to `HELLO` shows; `None` where it is none.
fn standing(hello: &Reply) -> Option<Company> {
    let (mode, role) = (hello.field("mode")?.text()?, hello.field("role")?.text()?);
    Some(match (mode, role) {
        ("standalone", "master") => Company::Alone,
        ("standalone", _) => Company::Replica,
        _ => Company::Member,
    })
}

fn not_answered(error: Unanswered) -> ConnectError {
    match error {
        Unanswered::Malformed => protocol("the answer is none of this protocol"),
        Unanswered::Lost(error) => match tls_invalid(&error) {
            // In TLS 1.3 a client learns only now that its certificate was refused.
            invalid @ ConnectError::TlsInvalid { .. } if is_of_tls(&error) => invalid,
            _ => ConnectError::Unreachable(os_cause(&error)),
        },
    }
}

fn is_of_tls(error: &io::Error) -> bool {
    error.get_ref().and_then(|inner| inner.downcast_ref::<rustls::Error>()).is_some()
}

fn protocol(why: &str) -> ConnectError {
    ConnectError::Protocol(Cause::new(why))
}

fn unexpected(kind: &'static str) -> StatementError {
    StatementError {
        statement: Some(kind),
        ..StatementError::new(StatementFault::Other { code: "an answer of another form".to_owned() })
    }
}
