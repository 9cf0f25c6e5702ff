//! What was looked at, and what was found.

use super::{FindingCode, Severity, finding_codes};
use crate::{
    error::{RotationError, with_causes},
    reader::Reader,
};

/// One thing that was looked at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// What.
    pub check: Check,
    /// How bad.
    pub severity: Severity,
    /// A stable name, for alarms and runbooks; that of a failing rotation where one would fail by it.
    pub code: FindingCode,
    /// What was found.
    pub sentence: String,
    /// What to do about it; empty where there is nothing to do.
    pub remediation: String,
}

/// What is looked at, in the order in which one thing depends on another.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Check {
    /// The secret itself.
    Secret,
    /// The values of its versions.
    Document,
    /// The names of users, and whose turn it is.
    Names,
    /// The host name's addresses.
    Address,
    /// Whether a server answers there.
    Connection,
    /// Its TLS.
    Certificate,
    /// Which version logs in, and what the labels make of it.
    Login,
    /// The server: whether it takes writes.
    Server,
    /// The master secret and its login.
    Master,
    /// What the strategy needs in the database.
    Privileges,
    /// The second user's rights against the first one's.
    Grants,
    /// The server's password policy against the generator.
    Passwords,
    /// The rotation's configuration.
    Rotation,
    /// The function's policy and role.
    Function,
}

impl Check {
    /// For machines and tables.
    pub fn name(self) -> &'static str {
        match self {
            Self::Secret => "secret",
            Self::Document => "document",
            Self::Names => "names",
            Self::Address => "address",
            Self::Connection => "connection",
            Self::Certificate => "certificate",
            Self::Login => "login",
            Self::Server => "server",
            Self::Master => "master",
            Self::Privileges => "privileges",
            Self::Grants => "grants",
            Self::Passwords => "passwords",
            Self::Rotation => "rotation",
            Self::Function => "function",
        }
    }
}

impl Finding {
    /// What is as it should be.
    pub fn ok(check: Check, sentence: impl Into<String>) -> Self {
        let (severity, code) = (Severity::Ok, finding_codes::OK);
        Self { check, severity, code, sentence: sentence.into(), remediation: String::new() }
    }

    /// What a rotation would fail by.
    pub fn from_error(check: Check, severity: Severity, error: &RotationError, reader: Reader) -> Self {
        let (sentence, remediation) = (with_causes(error), error.remediation(reader));
        Self { check, severity, code: FindingCode::Failure(error.code()), sentence, remediation }
    }

    /// What was not looked at, and why not.
    pub fn unseen(check: Check, because: &str) -> Self {
        let sentence = format!("not looked at, because {because}");
        let (severity, code) = (Severity::Note, finding_codes::NOT_CHECKED);
        Self { check, severity, code, sentence, remediation: String::new() }
    }
}
