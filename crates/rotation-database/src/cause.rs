//! The cause of a database error.

use std::fmt;

use thiserror::Error;

/// The cause of a database error as the engine states it: a code of the server, an error of the operating
/// system.
///
/// The creator guarantees that it contains no value of a secret and no statement text. A server's message may
/// quote both, so only the server's code is used.
#[derive(Clone, Error, PartialEq, Eq)]
#[error("{}", .0.text)]
pub struct Cause(Box<CauseText>);

/// Boxed, because every result carries an error.
#[derive(Clone, PartialEq, Eq)]
struct CauseText {
    text: String,
    remedy: Option<String>,
    is_unproven: bool,
}

impl Cause {
    /// A cause with this text.
    pub fn new(text: impl Into<String>) -> Self {
        Self(Box::new(CauseText { text: text.into(), remedy: None, is_unproven: false }))
    }

    /// The same, with the statement by which a database administrator can fix it. The statement names the
    /// objects and users of this case, quoted as the engine quotes names.
    #[must_use]
    pub fn ended_by(mut self, statement: impl Into<String>) -> Self {
        self.0.remedy = Some(statement.into());
        self
    }

    /// The same, from a peer that has not yet proved to be the server.
    #[must_use]
    pub fn unproven(mut self) -> Self {
        self.0.text.push_str(", from a server that has not proved itself");
        self.0.is_unproven = true;
        self
    }

    pub(crate) fn is_unproven(&self) -> bool {
        self.0.is_unproven
    }

    /// The statement by which a database administrator can fix it, where the engine knows one.
    pub fn remedy(&self) -> Option<&str> {
        self.0.remedy.as_deref()
    }
}

impl fmt::Debug for Cause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Cause").field(&self.0.text).finish()
    }
}
