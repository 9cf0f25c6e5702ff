//! The one next step. It follows the worst finding: where no label has to be moved, something else may have
//! to be fixed.

use rotation_core::diagnosis::{Check, Finding, Severity};

use crate::{
    diagnosis::Diagnosis,
    recovery::{Remedy, StuckState},
};

impl Diagnosis {
    /// What to do next, in a few sentences.
    pub fn next_step(&self) -> String {
        let advice = self.advice.sentence();
        // A remedy may end with a statement, so it comes last.
        match (&self.advice.remedy, self.first_of_all().map(about)) {
            (Remedy::FixFirst, Some(first)) if self.advice.state != StuckState::Healthy => {
                format!("Move no label before this is done. {first}")
            }
            (Remedy::None | Remedy::FixFirst, Some(first)) => format!("No label has to be moved. {first}"),
            (_, Some(first)) => format!("{advice} But first: {first}"),
            (_, None) => advice,
        }
    }

    /// The command for it, where there is one; `flags` follow the secret in commands of `rotate`.
    pub fn next_command(&self, flags: &str) -> Option<String> {
        // A rotation would fail because of the first finding.
        if self.first_of_all().is_some() { None } else { self.advice.command(&self.secret, flags) }
    }

    /// The finding to fix before anything else, where the labels themselves do not come first. A finding that
    /// makes every rotation fail comes before another rotation; a warning only where there is nothing else to
    /// do.
    fn first_of_all(&self) -> Option<&Finding> {
        let (least, of_logins) = match self.advice.remedy {
            Remedy::None => (Severity::Warning, false),
            Remedy::RotateAgain { .. } => (Severity::Fault, false),
            Remedy::FixFirst => (Severity::Fault, true),
            _ => return None,
        };
        let is_it =
            |finding: &&Finding| finding.severity >= least && (of_logins || finding.check != Check::Login);
        self.findings.iter().find(is_it)
    }
}

fn about(finding: &Finding) -> &str {
    if finding.remediation.is_empty() { &finding.sentence } else { &finding.remediation }
}
