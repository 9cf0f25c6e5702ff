//! Drives rotations: invokes the function once per step, and the whole rotation again after a failure.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use serde_json::Value;
use tokio::task::JoinSet;

use super::{
    Attempt, RotationOutcome, RotationSettings, StepRecord,
    model::{RotationOrder, RotationScope, RotationStanding},
    service::Service,
};
use crate::{Function, FunctionError};

const FULL: [&str; 4] = ["createSecret", "setSecret", "testSecret", "finishSecret"];
const TEST_ONLY: [&str; 1] = ["testSecret"];

/// Drives one rotation to its end and records it. AWSPENDING stays where a failure or a cancellation leaves
/// it.
pub(super) async fn drive(service: Arc<Service>, order: RotationOrder) {
    let settings = service.rotation_settings().clone();
    let attempts = settings.attempts.max(1);
    let mut outcome = RotationOutcome::Failed;
    for attempt in 1..=attempts {
        outcome = one_attempt(&service, &order, &settings).await;
        if outcome != RotationOutcome::Failed {
            break;
        }
        if attempt < attempts {
            tokio::time::sleep(settings.pause).await;
        }
    }
    service.end_rotation(&order, outcome);
}

async fn one_attempt(
    service: &Service,
    order: &RotationOrder,
    settings: &RotationSettings,
) -> RotationOutcome {
    service.record(order, |record| record.attempts.push(Attempt::default()));
    let steps: &[&'static str] = match order.scope {
        RotationScope::Full => &FULL,
        RotationScope::TestOnly => &TEST_ONLY,
    };
    for step in steps {
        match service.rotation_standing(order) {
            RotationStanding::Ongoing => {}
            RotationStanding::Cancelled => return RotationOutcome::Cancelled,
            RotationStanding::Abandoned => return RotationOutcome::Abandoned,
        }
        let Some(function) = service.function(&order.function) else {
            return RotationOutcome::Cancelled;
        };
        let start = Instant::now();
        let answer = invoke(function, order.event(step), settings.invocation_timeout).await;
        let step = StepRecord { step, duration: start.elapsed(), error: answer.err() };
        let failed = step.error.is_some();
        service.record(order, |record| {
            record.attempts.last_mut().expect("the attempt was pushed above").steps.push(step);
        });
        if failed {
            return RotationOutcome::Failed;
        }
    }
    match order.scope {
        RotationScope::TestOnly => RotationOutcome::Succeeded,
        RotationScope::Full if service.complete_rotation(order) => RotationOutcome::Succeeded,
        RotationScope::Full => RotationOutcome::NotPromoted,
    }
}

/// One invocation, in a task of its own, so that a panic of the function is a failed step and no more.
async fn invoke(function: Arc<dyn Function>, event: Value, limit: Duration) -> Result<Value, FunctionError> {
    let mut task = JoinSet::new();
    task.spawn(async move { function.invoke(event).await });
    match tokio::time::timeout(limit, task.join_next()).await {
        Ok(Some(Ok(answer))) => answer,
        Ok(Some(Err(_)) | None) => Err(FunctionError {
            error_type: "Runtime.ExitError".to_owned(),
            message: "the function panicked".to_owned(),
        }),
        Err(_) => Err(FunctionError {
            error_type: "Sandbox.Timedout".to_owned(),
            message: format!("Task timed out after {:.2} seconds", limit.as_secs_f64()),
        }),
    }
}
