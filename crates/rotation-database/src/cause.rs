//! The cause that every database error carries.

use std::fmt;

use thiserror::Error;

/// The cause of a database error in the engine's words: a code of the server, an error of the operating
/// system.
///
/// Whoever makes one vouches that it holds no value of a secret and no text of a statement: a server's
/// message may quote both, so only its code goes in.
#[derive(Clone, Error, PartialEq, Eq)]
#[error("{}", .0.text)]
pub struct Cause(Box<CauseText>);

/// Out of line, as errors travel in every result.
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

    /// The same, with the statement by which an administrator of the database ends it: the very objects and
    /// users of this case, quoted as the engine quotes names.
    #[must_use]
    pub fn ended_by(mut self, statement: impl Into<String>) -> Self {
        self.0.remedy = Some(statement.into());
        self
    }

    /// The same, said by whoever has not yet proved to be the server.
    #[must_use]
    pub fn unproven(mut self) -> Self {
        self.0.text.push_str(", from a server that has not proved itself");
        self.0.is_unproven = true;
        self
    }

    pub(crate) fn is_unproven(&self) -> bool {
        self.0.is_unproven
    }

    /// The statement by which an administrator of the database ends it, where the engine knows one.
    pub fn remedy(&self) -> Option<&str> {
        self.0.remedy.as_deref()
    }
}

impl fmt::Debug for Cause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Cause").field(&self.0.text).finish()
    }
}
