//! The server's logs.

use std::{collections::HashMap, fs, path::Path};

use super::MysqlServer;

/// The part of a log that goes into an error.
const TAIL: usize = 2000;

impl MysqlServer {
    /// Everything that the server has logged so far: its error log, every login and statement, and its binary
    /// log (whose statements are text among bytes). The place to look for canaries.
    pub fn log(&self) -> String {
        let mut text = read(&self.folder.join("log")) + &self.general_log();
        let entries = fs::read_dir(&self.folder).into_iter().flatten().flatten();
        for entry in entries.filter(|entry| entry.file_name().to_string_lossy().starts_with("binlog.")) {
            text += &read(&entry.path());
        }
        text
    }

    /// Every login and every statement, without those of [`admin`](Self::admin) by this launcher.
    pub fn general_log(&self) -> String {
        read(&self.folder.join("general.log"))
    }

    /// How many logins of this user the server accepted so far, over TCP and the socket alike.
    pub fn logins_of(&self, username: &str) -> usize {
        self.attempts(username).filter(|accepted| *accepted).count()
    }

    /// How many logins of this user the server refused so far.
    pub fn failed_logins_of(&self, username: &str) -> usize {
        self.attempts(username).filter(|accepted| !accepted).count()
    }

    /// The attempts of a user, each with whether it was accepted. A refusal is in a second line with the
    /// number of the same connection. The log does not show that an account is locked.
    fn attempts(&self, username: &str) -> std::vec::IntoIter<bool> {
        let log = self.general_log();
        let begins = format!("{username}@");
        let mut places = HashMap::new();
        let mut attempts = Vec::new();
        for (connection, text) in connect_events(&log) {
            if text.contains(" on ") && text.contains('@') {
                places.remove(connection);
                if text.starts_with(&begins) {
                    places.insert(connection, attempts.len());
                    attempts.push(true);
                }
            } else if let Some(place) = places.remove(connection) {
                attempts[place] = false;
            }
        }
        attempts.into_iter()
    }
}

/// The number of the connection and the text of each line that is about a login. One search of the whole log
/// is many times faster than one of each line.
fn connect_events(log: &str) -> impl Iterator<Item = (&str, &str)> {
    log.match_indices(" Connect\t").filter_map(|(at, separator)| {
        let head = log[..at].rsplit('\n').next()?;
        let text = log[at + separator.len()..].lines().next()?;
        Some((head.split_whitespace().next_back()?, text))
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
