//! The findings from the description of a secret, without its values.

use rotation_core::{
    Invoker, Reader, Refusal, SecretRecord,
    diagnosis::{Check, Finding, Severity},
};

use crate::{finding_codes, remediation};

/// The secret itself: whether it exists, is not being deleted, and may be written.
pub(super) fn secret(record: &SecretRecord, reader: Reader) -> Finding {
    let Err(refusal) = record.stages.admit_writes() else {
        return Finding::ok(Check::Secret, "it exists and can be described");
    };
    let finding = Finding::from_error(Check::Secret, Severity::Fault, &refusal.into(), reader);
    let named = match refusal {
        Refusal::Managed => record.owning_service.as_deref(),
        Refusal::External => record.partner.as_deref(),
        Refusal::Replica => record.primary_region.as_deref(),
        _ => None,
    };
    match named {
        Some(name) => Finding { sentence: format!("{} ({name})", finding.sentence), ..finding },
        None => finding,
    }
}

/// The rotation's configuration.
pub(super) fn rotation(record: &SecretRecord, invoker: &Invoker, reader: Reader) -> Finding {
    let check = Check::Rotation;
    let Some(function) = &record.stages.rotation_function else {
        return Finding {
            check,
            severity: Severity::Note,
            remediation: remediation::SET_FUNCTION.into(),
            sentence: "no function is set to rotate the secret".into(),
            code: finding_codes::ROTATION_NOT_CONFIGURED,
        };
    };
    if !record.stages.rotation_enabled {
        let off = Finding::from_error(check, Severity::Warning, &Refusal::RotationDisabled.into(), reader);
        return Finding { sentence: format!("{}; the function is {function}", off.sentence), ..off };
    }
    let schedule = record.schedule.as_deref().unwrap_or("without a schedule");
    let by = match invoker {
        Invoker::Function { .. } => "this function",
        Invoker::Person => function.as_str(),
    };
    Finding::ok(check, format!("enabled, {schedule}, by {by}"))
}

/// The function. Secrets Manager does not return its policy and its settings: for a person, another component
/// checks them.
pub(super) fn function(invoker: &Invoker) -> Option<Finding> {
    match invoker {
        Invoker::Function { .. } => {
            Some(Finding::ok(Check::Function, "it runs, and its role may describe the secret"))
        }
        Invoker::Person => None,
    }
}
