//! The result of a diagnosis.

use std::time::{Duration, SystemTime};

use rotation_core::{
    Code, SecretId, StagingLabel, VersionId, VersionRecord,
    diagnosis::{Access, Finding, Severity},
};

use crate::recovery::{Advice, Situation};

/// The result of the diagnosis of a secret. It contains no password, and no value except user names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Diagnosis {
    /// The secret's ARN, where it could be described.
    pub secret: SecretId,
    /// The ARN of the function that is set to rotate it.
    pub function: Option<String>,
    /// The worst first. Equally severe ones are in the order of [`Check`](rotation_core::diagnosis::Check),
    /// so that a cause comes before its consequences.
    pub findings: Vec<Finding>,
    /// The versions, as far as they were checked.
    pub versions: Vec<VersionSeen>,
    /// Labels and logins, from which the advice follows.
    pub situation: Situation,
    /// What to do next.
    pub advice: Advice,
    /// The dates that Secrets Manager has.
    pub dates: Dates,
}

/// What Secrets Manager knows about the past of a secret. It keeps no history of labels.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Dates {
    /// When the secret was looked at.
    pub looked_at: SystemTime,
    /// `LastRotatedDate`: when the last rotation ended well.
    pub last_rotated: Option<SystemTime>,
    /// Every version that the service still lists, the newest first; empty where they could not be listed.
    pub versions: Vec<VersionRecord>,
}

/// A version, as the diagnosis found it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VersionSeen {
    /// Its id.
    pub id: VersionId,
    /// Its labels.
    pub labels: Vec<StagingLabel>,
    /// Its age, where the service returned it.
    pub age: Option<Duration>,
    /// The user of its credentials.
    pub username: Option<String>,
    /// Whether it logs in.
    pub access: Access,
    /// The code of the failure, where the login did not succeed.
    pub code: Option<Code>,
}

impl Diagnosis {
    /// Adds findings, and sorts them.
    pub fn add(&mut self, findings: impl IntoIterator<Item = Finding>) {
        self.findings.extend(findings);
        sort(&mut self.findings);
    }

    /// The worst severity of the findings.
    pub fn severity(&self) -> Severity {
        self.findings.iter().map(|finding| finding.severity).max().unwrap_or(Severity::Ok)
    }
}

/// Sorts the worst first, and a cause before its consequences.
pub(crate) fn sort(findings: &mut [Finding]) {
    findings.sort_by(|one, other| (other.severity, one.check).cmp(&(one.severity, other.check)));
}
