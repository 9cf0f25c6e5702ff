//! The values of the versions: whether each is a login.

use rotation_core::{
    Reader, Refusal, RotationError, StagingLabel,
    diagnosis::{Access, Check, DiagnosedVersion, Finding, Severity},
};

/// The finding about the values.
pub(super) fn finding<L>(versions: &[DiagnosedVersion<L>], reader: Reader) -> Finding {
    let check = Check::Document;
    let bad = |version: &DiagnosedVersion<L>, severity, error: &RotationError| {
        let finding = Finding::from_error(check, severity, error, reader);
        Finding { sentence: format!("{}: {}", version.label(), finding.sentence), ..finding }
    };
    let Some(current) = versions.iter().find(|version| version.has(&StagingLabel::Current)) else {
        return Finding::from_error(check, Severity::Fault, &Refusal::NoCurrent.into(), reader);
    };
    if let Some(error) = &current.error {
        return bad(current, Severity::Fault, error);
    }
    // Whether AWSPENDING has a value is a question of the labels. AWSPREVIOUS counts only where the others do
    // not help.
    for version in versions.iter().filter(|version| version.access != Access::NoValue) {
        if let Some(error) = &version.error {
            let pending = version.has(&StagingLabel::Pending);
            return bad(version, if pending { Severity::Fault } else { Severity::Note }, error);
        }
    }
    Finding::ok(check, "every labeled version that has a value holds what a login needs")
}
