//! Invocations that wake up when their rotation is no more.

use std::{pin::pin, time::Duration};

use serde_json::json;

use super::{
    Database,
    case::{Case, Laboratory, Verdict, ensure},
    events::abandon,
    scene::{STEPS, Scene},
};
use crate::secrets_manager::{Fault, FaultKind, Operation};

/// How long the old invocation hangs in one call of Secrets Manager.
const HANG: Duration = Duration::from_millis(2500);
/// How long a warm process needs, at most, to come to that call.
const HEAD_START: Duration = Duration::from_millis(800);

/// Whether every function makes the call, or only some would.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Made {
    Always,
    Perhaps,
}

pub(super) fn cases<D: Database>() -> Vec<Case<D>> {
    let hangs = [
        (1, Operation::DescribeSecret, 0, Made::Always),
        // The look at the labels before the change is made final.
        (1, Operation::DescribeSecret, 1, Made::Always),
        (1, Operation::GetSecretValue, 0, Made::Always),
        (1, Operation::GetSecretValue, 1, Made::Always),
        (3, Operation::DescribeSecret, 0, Made::Always),
        // A second look, from which a function could take another AWSCURRENT than the one that it had checked.
        (3, Operation::DescribeSecret, 1, Made::Perhaps),
        (3, Operation::GetSecretValue, 0, Made::Perhaps),
        (3, Operation::UpdateSecretVersionStage, 0, Made::Always),
    ];
    let case = |(step, operation, call, made): (usize, Operation, u32, Made)| {
        let step_name = STEPS[step];
        let name = format!("{step_name} that hangs in {operation} {call} and is overtaken changes nothing");
        Case::new(name, move |laboratory| overtaken(laboratory, step, (operation, call), made))
    };
    hangs.into_iter().map(case).collect()
}

/// Cancels the old rotation and does a new one, by another process, while the old one hangs.
async fn overtake<D: Database>(
    scene: &Scene<D>,
    old: &super::scene::Rotation,
) -> Result<(), super::case::Failure> {
    scene.manager.call_inside(Operation::CancelRotateSecret, json!({"SecretId": scene.secret}))?;
    abandon(scene, old)?;
    let new = scene.begin().await?;
    let mut last = None;
    // setSecret may have to wait for what the old one holds.
    for _ in 0..4 {
        last = None;
        for step in STEPS {
            if let Err(error) = scene.twin.pass(&new.step(step)).await {
                last = Some(error);
                break;
            }
        }
        if last.is_none() {
            break;
        }
    }
    last.map_or(Ok(()), |error| Err(format!("the new rotation failed: {error}").into()))
}

async fn overtaken<D: Database>(
    laboratory: Laboratory<D>,
    step: usize,
    (operation, call): (Operation, u32),
    made: Made,
) -> Verdict {
    let scene = laboratory.scene().await?;
    scene.rotate_well().await?;
    let old = scene.begin().await?;
    for step in &STEPS[..step] {
        scene.step(&old, step).await?;
    }
    // Where the old rotation has set its password already, a single user's AWSCURRENT is refused for now: the new
    // rotation would need what only the cancelled version holds, so the administrator sets AWSCURRENT's again.
    if step > 1 {
        let document = scene.document("AWSCURRENT")?;
        let text = |field: &str| document[field].as_str().unwrap_or_default();
        scene.database.set_password(text("username"), text("password")).await?;
    }
    scene.manager.inject(Fault::new(operation, FaultKind::Delay(HANG)).after(call));
    let mut hanging = pin!(scene.step(&old, STEPS[step]));
    if let Ok(answer) = tokio::time::timeout(HEAD_START, &mut hanging).await {
        ensure!(made == Made::Perhaps, "the call was not made; the answer is {answer:?}");
        answer?;
        return Ok(());
    }
    let (answer, overtaking) = tokio::join!(hanging, overtake(&scene, &old));
    overtaking?;
    let code = answer.as_ref().err().map(|error| error.error_type.as_str());
    let codes =
        ["VERSION_NOT_PENDING", "VERSION_UNKNOWN", "LABELS_MOVED", "ROTATION_DISABLED", "SECRET_NO_VALUE"];
    ensure!(code.is_some_and(|code| codes.contains(&code)), "the old invocation was answered {answer:?}");
    ensure!(scene.manager.version_value(&scene.secret, old.version()).is_ok(), "the old value is kept");
    scene.check_live().await?;
    // And the whole old rotation again.
    let before = scene.untouched()?;
    let again = scene.steps(&old).await;
    ensure!(again.is_err(), "the old rotation was taken up");
    ensure!(before == scene.untouched()?, "the old rotation has changed something");
    Ok(())
}
