//! The one next step. It follows the worst finding: where nothing has to be done about labels, something else may have to.

use super::{Check, Examination, Finding, Severity};
use crate::recovery::Remedy;

impl Examination {
    /// What to do next, in a few sentences.
    pub fn next_step(&self) -> String {
        let advice = self.advice.sentence();
        match (&self.advice.remedy, self.first_of_all()) {
            (Remedy::None, Some(finding)) => format!("No label has to be moved. {}", about(finding)),
            (_, Some(finding)) => format!("{} Then: {advice}", about(finding)),
            (_, None) => advice,
        }
    }

    /// The command that does it, where there is one; `flags` follow the secret in commands of our own.
    pub fn next_command(&self, flags: &str) -> Option<String> {
        // A rotation would fail by what comes first.
        if self.first_of_all().is_some() { None } else { self.advice.command(&self.secret, flags) }
    }

    /// The finding to see to before anything else, where the labels and logins do not come first themselves. What hinders
    /// every rotation comes before another one; a warning only where there is nothing else to do.
    fn first_of_all(&self) -> Option<&Finding> {
        let least = match self.advice.remedy {
            Remedy::None => Severity::Warning,
            Remedy::RotateAgain { .. } => Severity::Fault,
            _ => return None,
        };
        self.findings.iter().find(|finding| finding.severity >= least && finding.check != Check::Login)
    }
}

fn about(finding: &Finding) -> &str {
    if finding.mend.is_empty() { &finding.sentence } else { &finding.mend }
}
