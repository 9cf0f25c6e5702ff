//! A diagnosis as JSON: for `--json`, and as the answer of a function.

use rotation_core::{Code, StagingLabel, diagnosis::Finding};
use serde_json::{Value, json};

use crate::diagnosis::{Diagnosis, VersionSeen};

/// The most findings of an answer; there are fewer kinds of checks.
pub const MOST_FINDINGS: usize = 40;
/// The most characters of a sentence in an answer.
const MOST_CHARACTERS: usize = 1000;

impl Diagnosis {
    /// The whole diagnosis, bounded: at most [`MOST_FINDINGS`] findings and some tens of KiB.
    pub fn to_json(&self, flags: &str) -> Value {
        let findings: Vec<_> = self.findings.iter().take(MOST_FINDINGS).map(finding_json).collect();
        json!({
            "secret": self.secret.as_str(),
            "severity": self.severity().name(),
            "state": self.advice.state.name(),
            "summary": cut(&self.situation.words()),
            "next": {
                "sentence": cut(&self.next_step()),
                "command": self.next_command(flags),
            },
            "versions": self.versions.iter().take(MOST_FINDINGS).map(VersionSeen::to_json).collect::<Vec<_>>(),
            "findings": findings,
        })
    }
}

fn finding_json(finding: &Finding) -> Value {
    json!({
        "check": finding.check.name(),
        "severity": finding.severity.name(),
        "code": finding.code.name(),
        "sentence": cut(&finding.sentence),
        "remediation": cut(&finding.remediation),
    })
}

impl VersionSeen {
    fn to_json(&self) -> Value {
        json!({
            "version": self.id.as_str(),
            "labels": self.labels.iter().map(StagingLabel::name).collect::<Vec<_>>(),
            "age_seconds": self.age.map(|age| age.as_secs()),
            "username": self.username.as_deref().map(cut),
            "access": self.access.words(),
            "code": self.code.map(Code::name),
        })
    }
}

fn cut(text: &str) -> String {
    text.chars().take(MOST_CHARACTERS).collect()
}
