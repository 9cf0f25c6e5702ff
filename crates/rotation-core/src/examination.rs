//! A look at a secret from every side, which changes nothing: the labels, the values, the way to the database, the
//! logins, and what the strategy needs there.
//!
//! ```text
//! Examiner::examine
//!   record, history ─> Secret, Rotation, Labels
//!   values ──────────> Document, Names            what names another server or user is not tried
//!   addresses, one login by each version ─> Address, Connection, Certificate, Login
//!   the sessions ────> Server, Privileges, Grants
//!   └─> Examination: findings, worst first; Situation::advise ─> next_step
//! ```

mod answer;
mod documents;
mod examiner;
mod finding_code;
mod logins;
mod next_step;
mod repair;
mod secret;
mod server;

use std::time::Duration;

use crate::{
    code::Code,
    diagnosis::Reader,
    error::{RotationError, with_causes},
    event::{SecretId, VersionId},
    recovery::{Access, Advice, Situation},
    staging::StagingLabel,
};

pub use answer::MOST_FINDINGS;
pub use examiner::{Examiner, Logins};
pub use finding_code::FindingCode;

/// What was found out about a secret. It holds no password and no value but names of users.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Examination {
    /// The secret's ARN, where it could be described.
    pub secret: SecretId,
    /// The ARN of the function that is set to rotate it.
    pub function: Option<String>,
    /// The worst first; among equals in the order of [`Check`], so that a cause stands before what follows from it.
    pub findings: Vec<Finding>,
    /// The versions, as far as they were looked at.
    pub versions: Vec<VersionSeen>,
    /// Labels and logins, for the decision.
    pub situation: Situation,
    /// What to do next.
    pub advice: Advice,
}

/// A version as it was seen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VersionSeen {
    /// Its id.
    pub id: VersionId,
    /// Its labels.
    pub labels: Vec<StagingLabel>,
    /// How long ago it was made, where the service told.
    pub age: Option<Duration>,
    /// Whose credentials it holds.
    pub username: Option<String>,
    /// Whether it logs in.
    pub access: Access,
    /// The code of what the server or the way to it said instead of yes.
    pub code: Option<Code>,
}

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
    pub mend: String,
}

/// How bad a finding is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Severity {
    /// As it should be.
    Ok,
    /// Worth knowing, or not looked at.
    Note,
    /// Works now, and will not always.
    Warning,
    /// Rotations fail or applications are shut out.
    Fault,
}

impl Severity {
    /// For machines.
    pub fn name(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Note => "note",
            Self::Warning => "warning",
            Self::Fault => "fault",
        }
    }
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
        let (severity, code) = (Severity::Ok, FindingCode::Ok);
        Self { check, severity, code, sentence: sentence.into(), mend: String::new() }
    }

    /// What a rotation would fail by.
    pub(crate) fn of(check: Check, severity: Severity, error: &RotationError, reader: Reader) -> Self {
        let (sentence, mend) = (with_causes(error), error.hint_for(reader));
        Self { check, severity, code: FindingCode::Failure(error.code()), sentence, mend }
    }

    /// What was not looked at, and why not.
    pub fn unseen(check: Check, because: &str) -> Self {
        let sentence = format!("not looked at, because {because}");
        let (severity, code) = (Severity::Note, FindingCode::NotLookedAt);
        Self { check, severity, code, sentence, mend: String::new() }
    }
}

impl Examination {
    /// Adds what somebody else found, in its place.
    pub fn add(&mut self, findings: impl IntoIterator<Item = Finding>) {
        self.findings.extend(findings);
        sort(&mut self.findings);
    }

    /// The worst that was found.
    pub fn severity(&self) -> Severity {
        self.findings.iter().map(|finding| finding.severity).max().unwrap_or(Severity::Ok)
    }
}

/// The worst first, and a cause before what follows from it.
fn sort(findings: &mut [Finding]) {
    findings.sort_by(|one, other| (other.severity, one.check).cmp(&(one.severity, other.check)));
}
