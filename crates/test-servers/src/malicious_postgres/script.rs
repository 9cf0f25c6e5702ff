//! What a malicious server does, and the result.

use std::{
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use crate::heard::Heard;

/// What the server does to every client.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PostgresMischief {
    /// Requests the password in cleartext (authentication type 3), and refuses any answer.
    CleartextPassword,
    /// Requests the password by MD5 (type 5), and refuses any answer.
    Md5Password,
    /// Requests the password by this authentication type with this content, and refuses any answer.
    Asks(u32, Vec<u8>),
    /// Requests SCRAM-SHA-256 with this many iterations, and refuses any answer.
    ScramIterations(u32),
    /// Answers the startup message with one byte of a message without end at each of these intervals.
    DripFeed(Duration),
    /// Answers the startup message with a message of 1 GiB, of which this much is sent at once and nothing
    /// after it.
    OversizedMessage(usize),
    /// Accepts the connection and never sends anything, not even about TLS.
    Silent,
    /// Refuses the login with this SQLSTATE and message.
    RefusesLogin(String, String),
    /// Lets every user in without a password and answers statements: the first [`Scripted`] whose text the
    /// statement contains (ignoring case) decides; other statements succeed with no rows.
    Answers(Vec<Scripted>),
}

/// The answer to one kind of statement.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Scripted {
    /// A part of the statement's text.
    pub statement: String,
    /// The answer.
    pub answer: ScriptedAnswer,
}

/// The answer of a [`PostgresMischief::Answers`] server to a statement.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ScriptedAnswer {
    /// An ERROR with this SQLSTATE and message.
    Error(String, String),
    /// Rows of one column, as text.
    Rows(Vec<String>),
    /// The connection is closed.
    Close,
    /// Nothing, ever.
    Silence,
}

/// What clients did.
#[derive(Default)]
pub(super) struct Record {
    pub(super) connections: usize,
    pub(super) password_messages: usize,
    pub(super) statements: Vec<String>,
    pub(super) received: Heard,
}

/// Locks the record.
pub(super) fn lock(record: &Mutex<Record>) -> MutexGuard<'_, Record> {
    record.lock().unwrap_or_else(PoisonError::into_inner)
}
