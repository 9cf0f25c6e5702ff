//! Every call of Secrets Manager fails in every way.

use local_aws::secrets_manager::{Fault, FaultKind, Operation};

use super::{
    Database,
    case::{Case, Scenes},
    verdict::{Verdict, ensure},
};

/// The calls of each operation that a healthy rotation makes, at most.
const CALLS: [(Operation, u32); 4] = [
    (Operation::DescribeSecret, 5),
    (Operation::GetSecretValue, 5),
    (Operation::PutSecretValue, 1),
    (Operation::UpdateSecretVersionStage, 1),
];

/// The fault, and how often it occurs: the SDK tries four times, so four in a row end a step.
const FAULTS: [(&str, FaultKind, u32); 6] = [
    ("is refused", FaultKind::KmsAccessDenied, 1),
    ("is lost once before it takes effect", FaultKind::DropBeforeEffect, 1),
    ("loses its reply once", FaultKind::DropAfterEffect, 1),
    ("loses its reply so often that the step ends", FaultKind::DropAfterEffect, 4),
    ("meets an internal error", FaultKind::InternalServiceError, 1),
    ("is throttled once", FaultKind::Throttled, 1),
];

pub(super) fn cases<D: Database>() -> Vec<Case<D>> {
    let mut cases = Vec::new();
    for (operation, calls) in CALLS {
        for (what, kind, times) in FAULTS {
            // A read has no effect that a lost reply could hide.
            if times > 1 && calls > 1 {
                continue;
            }
            let name = format!("a rotation whose {operation} {what} converges");
            cases.push(Case::new(name, move |scenes| converges(scenes, operation, kind, calls, times)));
        }
    }
    cases
}

/// One rotation for each call of the operation, all on one secret, so that each starts from the state that
/// the previous one left.
async fn converges<D: Database>(
    scenes: Scenes<D>,
    operation: Operation,
    kind: FaultKind,
    calls: u32,
    times: u32,
) -> Verdict {
    let scene = scenes.scene().await?;
    for call in 0..calls {
        scene.manager.clear_faults();
        scene.manager.take_calls();
        scene.manager.inject(Fault::new(operation, kind).after(call).times(times));
        let record = scene.rotate_well().await.map_err(|error| format!("call {call}: {error}"))?;
        let met = scene.manager.calls().iter().any(|call| call.error.is_some());
        ensure!(met || call + 1 == calls && calls > 1, "call {call}: the fault was not met");
        if kind == FaultKind::KmsAccessDenied && met {
            let mut errors = record.steps().filter_map(|step| step.error.as_ref());
            ensure!(
                errors.all(|error| ["KMS_DENIED", "MASTER_UNREADABLE"].contains(&error.error_type.as_str())),
                "call {call}: {record:?}"
            );
        }
        let stored = scene.manager.calls().into_iter().filter(|call| {
            call.operation == Operation::PutSecretValue
                && call.error.is_none()
                && call.version.as_deref() == Some(&record.version)
        });
        ensure!(stored.count() <= 2, "call {call}: the token's value was stored again and again");
        scene.check_live().await.map_err(|error| format!("call {call}: {error}"))?;
    }
    Ok(())
}
