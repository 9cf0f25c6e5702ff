//! The server's log.

use std::{fs, path::Path};

use super::PostgresServer;

/// The part of a log that goes into an error.
const TAIL: usize = 2000;

/// `log_line_prefix`: process, SQLSTATE, user, database. [`FailedLogin`] parses it.
pub(super) const LINE_PREFIX: &str = "%p|%e|%u|%d|";

/// A login that the server refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FailedLogin {
    /// The user name of the login.
    pub username: String,
    /// The requested database.
    pub database: String,
    /// SQLSTATE, for example `28P01`.
    pub code: String,
    /// The message in the server's own log, which is more detailed than the one that the client gets.
    pub message: String,
}

impl PostgresServer {
    /// The whole log: every login, every statement, every error. The place to look for canaries.
    pub fn log(&self) -> String {
        read(&self.folder.join("log"))
    }

    /// All logins that the server refused so far: FATAL with an SQLSTATE of class 28 (invalid authorization),
    /// of class 3D (no such database) or 53300 (too many connections).
    ///
    /// The server writes its log before it answers, so a refusal that a client has seen is here. Names that
    /// contain `|` or a line break cannot be distinguished.
    pub fn failed_logins(&self) -> Vec<FailedLogin> {
        let log = self.log();
        // One search of the whole log is many times faster than one of each line.
        let lines = log.match_indices("|FATAL:").filter_map(|(at, _)| {
            let start = log[..at].rfind('\n').map_or(0, |end| end + 1);
            log[start..].lines().next()
        });
        lines.filter_map(parse_failed_login).collect()
    }

    /// How many logins of this user the server refused so far.
    pub fn failed_logins_of(&self, username: &str) -> usize {
        self.failed_logins().iter().filter(|login| login.username == username).count()
    }

    /// How many logins of this user the server accepted so far, over TCP and the socket alike.
    pub fn logins_of(&self, username: &str) -> usize {
        self.log().matches(&format!("connection authorized: user={username} ")).count()
    }
}

fn parse_failed_login(line: &str) -> Option<FailedLogin> {
    let mut fields = line.splitn(5, '|');
    let _process = fields.next()?;
    let code = fields.next()?;
    let (username, database) = (fields.next()?, fields.next()?);
    let message = fields.next()?.strip_prefix("FATAL:")?.trim();
    let refused = code.starts_with("28") || code.starts_with("3D") || code == "53300";
    refused.then(|| FailedLogin {
        username: username.to_owned(),
        database: database.to_owned(),
        code: code.to_owned(),
        message: message.to_owned(),
    })
}

pub(super) fn tail(path: &Path) -> String {
    let text = read(path);
    let start = text.char_indices().rev().nth(TAIL).map_or(0, |(index, _)| index);
    text[start..].to_owned()
}

fn read(path: &Path) -> String {
    fs::read(path).map(|bytes| String::from_utf8_lossy(&bytes).into_owned()).unwrap_or_default()
}
