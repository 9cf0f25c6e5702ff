//! What was found out about a secret.

use std::time::Duration;

use rotation_core::{
    Code, SecretId, StagingLabel, VersionId,
    diagnosis::{Access, Finding, Severity},
};

use crate::recovery::{Advice, Situation};

/// What was found out about a secret. It holds no password and no value but names of users.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Diagnosis {
    /// The secret's ARN, where it could be described.
    pub secret: SecretId,
    /// The ARN of the function that is set to rotate it.
    pub function: Option<String>,
    /// The worst first; among equals in the order of [`Check`](rotation_core::diagnosis::Check), so that a
    /// cause stands before what follows from it.
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

impl Diagnosis {
    /// Adds further findings, each in its place.
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
pub(crate) fn sort(findings: &mut [Finding]) {
    findings.sort_by(|one, other| (other.severity, one.check).cmp(&(one.severity, other.check)));
}
