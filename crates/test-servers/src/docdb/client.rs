//! MongoDB's own client for Python. It runs the tests' commands, and is a second opinion on names, passwords
//! and users, as it shares no code with this project.

use std::{
    io,
    path::Path,
    process::Command,
    sync::{Arc, Mutex, PoisonError},
};

use serde_json::{Value, json};

use super::{super::postgres::TestLogin, dialogue::Dialogue};

const SCRIPT: &str = include_str!("client.py");

/// A command failed.
#[derive(Clone, Debug, thiserror::Error)]
#[error("{message} (code {code:?})")]
pub struct DocdbQueryError {
    /// The server's code, where the server refused.
    pub code: Option<i64>,
    /// The message.
    pub message: String,
}

impl From<io::Error> for DocdbQueryError {
    fn from(error: io::Error) -> Self {
        Self { code: None, message: error.to_string() }
    }
}

/// The user that runs commands, and where it is defined.
#[derive(Clone, Copy, Debug)]
pub(super) struct Who<'a> {
    pub(super) login: &'a TestLogin,
    pub(super) home: &'a str,
    /// Whether the connection is kept for the next request.
    pub(super) keep: bool,
}

/// The client's process.
pub(super) struct Client(Dialogue);

impl Client {
    /// `authority` is the file of the certificate to trust, or empty for plaintext.
    pub(super) fn start(python: &Path, port: u16, authority: &Path) -> io::Result<Self> {
        Self::of_servers(python, &format!("localhost:{port}"), "", authority)
    }

    /// A client of a replica set: it finds the primary by itself, as applications do.
    pub(super) fn of_servers(
        python: &Path,
        servers: &str,
        replica_set: &str,
        authority: &Path,
    ) -> io::Result<Self> {
        let mut command = Command::new(python);
        command.args(["-I", "-c", SCRIPT, servers, replica_set]).arg(authority);
        Dialogue::start(&mut command).map(Self)
    }

    /// Runs commands one after another, up to the first that fails, and returns the last reply.
    pub(super) fn run(
        &mut self,
        who: Option<Who<'_>>,
        database: &str,
        commands: &[Value],
    ) -> Result<Value, DocdbQueryError> {
        let login = who.map(
            |who| json!({"username": who.login.username, "password": who.login.password, "home": who.home}),
        );
        let keep = who.is_some_and(|who| who.keep);
        let request = json!({"login": login, "keep": keep, "database": database, "commands": commands});
        let mut answer = self.0.ask(&request)?;
        match answer.get_mut("reply").map(Value::take) {
            Some(reply) => Ok(reply),
            None => Err(DocdbQueryError {
                code: answer["code"].as_i64(),
                message: answer["message"].as_str().unwrap_or_default().to_owned(),
            }),
        }
    }
}

/// Runs commands on a thread that may block.
pub(super) async fn ask(
    client: &Arc<Mutex<Client>>,
    who: Option<(TestLogin, String, bool)>,
    database: &str,
    commands: Vec<Value>,
) -> Result<Value, DocdbQueryError> {
    let (client, database) = (Arc::clone(client), database.to_owned());
    let asked = tokio::task::spawn_blocking(move || {
        let who = who.as_ref().map(|(login, home, keep)| Who { login, home, keep: *keep });
        client.lock().unwrap_or_else(PoisonError::into_inner).run(who, &database, &commands)
    });
    asked.await.expect("the client does not panic")
}
