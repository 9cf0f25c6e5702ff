//! The finding about the logins.

use rotation_core::{
    RotationError, SecretRecords, StagingLabel,
    diagnosis::{Access, Check, Diagnosable, DiagnosedVersion, Finding, FindingCode, Severity},
    with_causes,
};

use crate::{
    doctor::Doctor,
    finding_codes,
    recovery::{Advice, Remedy, Situation, StuckState as State},
};

impl<S: SecretRecords, T: Diagnosable> Doctor<'_, S, T> {
    /// The conclusion from the logins and the labels, as one finding.
    pub(crate) fn login(
        &self,
        versions: &[DiagnosedVersion<T::Login>],
        situation: &Situation,
        advice: &Advice,
    ) -> Finding {
        let reader = self.reader();
        let check = Check::Login;
        let state = advice.state;
        let current = versions.iter().find(|version| version.has(&StagingLabel::Current));
        let user =
            current.and_then(|version| version.login.as_ref()).and_then(|login| self.target.username(login));
        let stuck = |code, severity| Finding {
            check,
            severity,
            code,
            sentence: situation.words(),
            remediation: match advice.remedy {
                // The remedy is to rotate, which fails because of the other findings.
                Remedy::FixFirst => format!("Applications are not affected. {}", advice.sentence()),
                _ => format!("{} {}", state.way_out(), advice.sentence()),
            },
        };
        match state {
            State::Healthy => match user {
                Some(user) => Finding::ok(check, format!("AWSCURRENT logs in as {user}")),
                None => Finding::ok(check, "AWSCURRENT logs in"),
            },
            State::Deleted => {
                Finding::unseen(check, "the service does not return the values of a deleted secret")
            }
            State::Unknown => match current.and_then(|version| version.error.as_ref()) {
                Some(error) => Finding::from_error(check, Severity::Fault, error, reader),
                None => Finding::unseen(
                    check,
                    "a version could not be tried, or versions without labels could not be checked",
                ),
            },
            State::PendingUnknown => {
                // There is a separate finding about what an unusable value lacks.
                let pending = versions.iter().find(|version| {
                    version.has(&StagingLabel::Pending) && version.access != Access::Unusable
                });
                let finding = stuck(finding_codes::PENDING_STUCK, Severity::Warning);
                match pending.and_then(|version| version.error.as_ref()) {
                    Some(error) => Finding {
                        sentence: format!("{}: {}", finding.sentence, with_causes(error)),
                        remediation: format!("{} {}", error.remediation(reader), finding.remediation),
                        ..finding
                    },
                    None => finding,
                }
            }
            State::PendingEmpty | State::PendingRefused | State::BothLogIn => {
                stuck(finding_codes::PENDING_STUCK, Severity::Warning)
            }
            State::OnlyPendingLogsIn => stuck(finding_codes::PENDING_STUCK, Severity::Fault),
            State::OnlyPreviousLogsIn | State::OnlyUnlabeledLogsIn => {
                let finding = stuck(finding_codes::CURRENT_REFUSED, Severity::Fault);
                let error = current.and_then(|version| version.error.as_ref());
                match error.filter(|error| self.target.is_fault_of_value(error)) {
                    Some(error) => Finding {
                        code: FindingCode::Failure(error.code()),
                        sentence: format!("{}: {}", finding.sentence, with_causes(error)),
                        remediation: format!(
                            "{} Until then: {}",
                            error.remediation(reader),
                            advice.sentence()
                        ),
                        ..finding
                    },
                    None => finding,
                }
            }
            State::NoVersionLogsIn if advice.remedy == Remedy::FixFirst => {
                let error = current.and_then(|version| version.error.as_ref());
                error.map_or_else(
                    || stuck(FindingCode::Failure(T::NO_VERSION_LOGS_IN), Severity::Fault),
                    |error| Finding::from_error(check, Severity::Fault, error, reader),
                )
            }
            State::NoVersionLogsIn => {
                let error = current.and_then(|version| version.error.as_ref());
                let tried = versions.iter().filter(|version| version.access == Access::Refused).count();
                let one = error.filter(|_| tried < 2).map(RotationError::code);
                let code = FindingCode::Failure(one.unwrap_or(T::NO_VERSION_LOGS_IN));
                let mut finding = stuck(code, Severity::Fault);
                if let Some(reason) = error.and_then(|error| self.target.other_reason(error)) {
                    finding.remediation = format!("{} {reason}", finding.remediation);
                }
                finding
            }
        }
    }
}
