//! What was checked, and what was found.

use super::{FindingCode, Severity, finding_codes};
use crate::{
    error::{RotationError, with_causes},
    reader::Reader,
};

/// The result of one check.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// What was checked.
    pub check: Check,
    /// How severe it is.
    pub severity: Severity,
    /// A stable name, for alarms and runbooks. Where a rotation would fail because of this, it is that
    /// failure's code.
    pub code: FindingCode,
    /// What was found.
    pub sentence: String,
    /// The remediation; empty where there is nothing to do.
    pub remediation: String,
}

/// What is looked at, in the order in which one thing depends on another.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Check {
    /// The secret itself.
    Secret,
    /// The values of the secret's versions.
    Document,
    /// The user names, and which user the next rotation changes.
    Names,
    /// The addresses of the host name.
    Address,
    /// Whether a server answers there.
    Connection,
    /// The server's TLS.
    Certificate,
    /// Which version logs in, and whether the labels agree.
    Login,
    /// The server: whether it accepts writes.
    Server,
    /// The master secret and its login.
    Master,
    /// What the strategy needs in the database.
    Privileges,
    /// The second user's privileges compared with the first user's.
    Grants,
    /// The server's password policy compared with the generator's.
    Passwords,
    /// The rotation's configuration.
    Rotation,
    /// The function's policy and role.
    Function,
}

impl Check {
    /// The name, for machines and tables.
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
    /// A finding about something that is as it should be.
    pub fn ok(check: Check, sentence: impl Into<String>) -> Self {
        let (severity, code) = (Severity::Ok, finding_codes::OK);
        Self { check, severity, code, sentence: sentence.into(), remediation: String::new() }
    }

    /// A finding about something that makes a rotation fail.
    pub fn from_error(check: Check, severity: Severity, error: &RotationError, reader: Reader) -> Self {
        let (sentence, remediation) = (with_causes(error), error.remediation(reader));
        Self { check, severity, code: FindingCode::Failure(error.code()), sentence, remediation }
    }

    /// A finding about something that was not checked, and why.
    pub fn unseen(check: Check, because: &str) -> Self {
        let sentence = format!("not checked, because {because}");
        let (severity, code) = (Severity::Note, finding_codes::NOT_CHECKED);
        Self { check, severity, code, sentence, remediation: String::new() }
    }
}
