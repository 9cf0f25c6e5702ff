//! What a malicious server does, and the result.

use std::{
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use crate::{authority::TestCertificate, heard::Heard};

/// What the server does to every client.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum MysqlMischief {
    /// Requests the password by this plugin (`AuthSwitchRequest`), and refuses any answer.
    SwitchesTo(&'static str),
    /// Requests the password by `parsec` and a key with this number of rounds, by one factor after another;
    /// refuses any answer.
    AsksForRounds(Vec<u8>),
    /// Requests the whole password, offers this public key (PEM) to encrypt it with once the client requests
    /// one, and refuses any answer.
    OffersKey(String),
    /// The same without waiting for the client's request.
    PushesKey(String),
    /// Refuses the login with this error number and message.
    RefusesLogin(u16, String),
    /// From this moment on, one packet of 16 MiB after another.
    Oversized(Moment),
    /// From this moment on, one byte of a packet without end at each of these intervals.
    DripFeed(Moment, Duration),
    /// From this moment on, nothing.
    Silent(Moment),
    /// Lets every user in without checking the password and answers statements: the first [`MysqlScript`]
    /// whose text the statement contains decides; other statements succeed with no rows.
    Answers(Vec<MysqlScript>),
}

/// When a connection turns malicious.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Moment {
    /// In place of the server's first packet.
    Greeting,
    /// In place of the answer to the login.
    Login,
    /// In place of the answer to the first statement.
    Statement,
}

/// The answers to one kind of statement.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MysqlScript {
    /// A part of the statement's text.
    pub statement: String,
    /// The answers, one after the other; the last one repeats.
    pub answers: Vec<MysqlAnswer>,
}

/// The answer of a [`MysqlMischief::Answers`] server to a statement.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum MysqlAnswer {
    /// An error with this number and message.
    Error(u16, String),
    /// Rows of equal length.
    Rows(Vec<Vec<Option<String>>>),
    /// A request for this file of the client (`LOCAL INFILE`).
    LocalFile(String),
    /// Rows with this number of nulls, without end.
    Nulls(u8),
}

/// What the server reports about itself.
#[derive(Clone, Debug)]
pub struct MysqlGreeting {
    /// Its version.
    pub version: String,
    /// The authentication plugin that it begins with.
    pub plugin: String,
    /// The certificate for TLS, if it offers TLS.
    pub tls: Option<TestCertificate>,
}

impl Default for MysqlGreeting {
    fn default() -> Self {
        Self { version: "8.4.5".to_owned(), plugin: "caching_sha2_password".to_owned(), tls: None }
    }
}

/// What clients did, and what was done to them.
#[derive(Default)]
pub(super) struct Record {
    pub(super) connections: usize,
    pub(super) sent: u64,
    pub(super) statements: Vec<String>,
    pub(super) received: Heard,
}

/// Locks the record.
pub(super) fn lock(record: &Mutex<Record>) -> MutexGuard<'_, Record> {
    record.lock().unwrap_or_else(PoisonError::into_inner)
}
