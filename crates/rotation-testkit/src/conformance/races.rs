//! Invocations that wake up when their rotation is no more.

use std::time::Duration;

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

pub(super) fn cases<D: Database>() -> Vec<Case<D>> {
    let hangs = [
        (1, Operation::DescribeSecret, 0),
        (1, Operation::DescribeSecret, 1),
        (1, Operation::GetSecretValue, 0),
        (1, Operation::GetSecretValue, 1),
        (3, Operation::DescribeSecret, 0),
        (3, Operation::UpdateSecretVersionStage, 0),
    ];
    let case = |(step, operation, call): (usize, Operation, u32)| {
        let name = format!(
            "{} that hangs in {operation} {call} while another rotation is done changes nothing",
            STEPS[step]
        );
        Case::new(name, move |laboratory| overtaken(laboratory, step, operation, call))
    };
    hangs.into_iter().map(case).collect()
}

/// Cancels the old rotation and does a new one, by another process, while the old one hangs.
async fn overtake<D: Database>(
    scene: &Scene<D>,
    old: &super::scene::Rotation,
) -> Result<(), super::case::Failure> {
    tokio::time::sleep(HEAD_START).await;
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
    operation: Operation,
    call: u32,
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
    let (answer, overtaking) = tokio::join!(scene.step(&old, STEPS[step]), overtake(&scene, &old));
    overtaking?;
    let current = scene.document("AWSCURRENT")?;
    let code = answer.as_ref().err().map(|error| error.error_type.as_str());
    let codes =
        ["VERSION_NOT_PENDING", "VERSION_UNKNOWN", "LABELS_MOVED", "ROTATION_DISABLED", "SECRET_NO_VALUE"];
    ensure!(code.is_some_and(|code| codes.contains(&code)), "the old invocation was answered {answer:?}");
    ensure!(scene.manager.version_value(&scene.secret, old.version()).is_ok(), "the old value is kept");
    ensure!(current["password"] != json!(null), "AWSCURRENT has a password");
    scene.check_live().await?;
    // And the whole old rotation again.
    let before = scene.untouched()?;
    let again = scene.steps(&old).await;
    ensure!(again.is_err(), "the old rotation was taken up");
    ensure!(before == scene.untouched()?, "the old rotation has changed something");
    Ok(())
}
