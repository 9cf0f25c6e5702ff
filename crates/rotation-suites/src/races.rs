//! Invocations that resume after their rotation was replaced.

use std::pin::pin;

use local_aws::secrets_manager::{Held, Operation};
use serde_json::json;

use super::{
    Database, RotationStrategy,
    case::{Case, Scenes},
    events::abandon,
    scene::{Rotation, STEPS, Scene},
    verdict::{Failure, Verdict, ensure},
};

/// How often a case is retried if its old invocation gave up before it got its answer.
const TRIES: usize = 3;

/// The step, the operation and the number of earlier calls of it: the read of the labels before the change is
/// committed.
const LAST_LOOK: (usize, Operation, u32) = (1, Operation::DescribeSecret, 1);

/// Whether every function makes the call, or only some would.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Made {
    Always,
    Perhaps,
}

pub(super) fn cases<D: Database>() -> Vec<Case<D>> {
    let hangs = [
        (1, Operation::DescribeSecret, 0, Made::Always),
        (LAST_LOOK.0, LAST_LOOK.1, LAST_LOOK.2, Made::Always),
        (1, Operation::GetSecretValue, 0, Made::Always),
        (1, Operation::GetSecretValue, 1, Made::Always),
        (3, Operation::DescribeSecret, 0, Made::Always),
        // A second read, from which a function could take another AWSCURRENT than the one that it had
        // checked.
        (3, Operation::DescribeSecret, 1, Made::Perhaps),
        (3, Operation::GetSecretValue, 0, Made::Perhaps),
        (3, Operation::UpdateSecretVersionStage, 0, Made::Always),
    ];
    let case = |(step, operation, call, made): (usize, Operation, u32, Made)| {
        let step_name = STEPS[step];
        let name = format!("{step_name} that hangs in {operation} {call} and is overtaken changes nothing");
        Case::new(name, move |scenes| overtaken(scenes, step, (operation, call), made))
    };
    let late = Case::new("setSecret with a late answer that it is still pending loses nothing", heard_late);
    hangs.into_iter().map(case).chain([late]).collect()
}

/// Cancels the old rotation and begins a new one.
async fn replace<D: Database>(scene: &Scene<D>, old: &Rotation) -> Result<Rotation, Failure> {
    scene.manager.call_inside(Operation::CancelRotateSecret, json!({"SecretId": scene.secret}))?;
    abandon(scene, old)?;
    scene.begin().await
}

/// Runs all steps in another process, again from the first one where one fails: setSecret may have to wait
/// for what the old invocation holds.
async fn rotate_by_twin<D: Database>(scene: &Scene<D>, rotation: &Rotation) -> Verdict {
    let mut last = None;
    for _ in 0..4 {
        last = None;
        for step in STEPS {
            if let Err(error) = scene.twin.pass(&rotation.step(step)).await {
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

/// A call of the old invocation is held until the new rotation has ended. The last read of the labels before
/// the change is released once they have moved, because the new rotation then waits for what the old
/// invocation holds.
async fn overtaken<D: Database>(
    scenes: Scenes<D>,
    step: usize,
    (operation, call): (Operation, u32),
    made: Made,
) -> Verdict {
    let scene = scenes.scene().await?;
    scene.rotate_well().await?;
    let old = scene.begin().await?;
    for step in &STEPS[..step] {
        scene.step(&old, step).await?;
    }
    // Where the old rotation has already set its password, a single user's AWSCURRENT is refused for now. The
    // new rotation would need what only the cancelled version holds, so the administrator sets AWSCURRENT's
    // password again.
    if step > 1 {
        let document = scene.document("AWSCURRENT")?;
        let text = |field: &str| document[field].as_str().unwrap_or_default();
        scene.database.set_password(text("username"), text("password")).await?;
    }
    let mut held = scene.manager.hold(operation, call, Held::Request);
    let mut hanging = pin!(scene.step(&old, STEPS[step]));
    tokio::select! {
        answer = &mut hanging => {
            ensure!(made == Made::Perhaps, "the call was not made; the answer is {answer:?}");
            answer?;
            return Ok(());
        }
        reached = held.reached() => ensure!(reached, "Secrets Manager has ended"),
    }
    let is_last_look = (step, operation, call) == LAST_LOOK;
    let overtake = async {
        let new = replace(&scene, &old).await?;
        if is_last_look {
            let is_heard = held.release();
            return rotate_by_twin(&scene, &new).await.map(|()| is_heard);
        }
        rotate_by_twin(&scene, &new).await?;
        Ok(held.release())
    };
    let (answer, overtaking) = tokio::join!(hanging, overtake);
    let is_heard = overtaking?;
    let code = answer.as_ref().err().map(|error| error.error_type.as_str());
    let codes =
        ["VERSION_NOT_PENDING", "VERSION_NOT_FOUND", "LABELS_MOVED", "ROTATION_DISABLED", "SECRET_NO_VALUE"];
    // It waits for seconds: on a busy machine it may have given up before it could get an answer.
    ensure!(
        code.is_some_and(|code| codes.contains(&code) || !is_heard),
        "the old invocation was answered {answer:?}"
    );
    ensure!(scene.manager.version_value(&scene.secret, old.version()).is_ok(), "the old value is kept");
    scene.check_live().await?;
    // Then the whole old rotation again.
    let before = scene.untouched()?;
    let again = scene.steps(&old).await;
    ensure!(again.is_err(), "the old rotation was resumed");
    ensure!(before == scene.untouched()?, "the old rotation has changed something");
    Ok(())
}

/// The last read of the labels before the change found the old rotation pending, and the answer arrives after
/// the labels have moved: the old invocation makes its change. This is the gap that semantics.md describes.
async fn heard_late<D: Database>(scenes: Scenes<D>) -> Verdict {
    for _ in 0..TRIES {
        let scene = scenes.scene().await?;
        scene.rotate_well().await?;
        let old = scene.begin().await?;
        scene.step(&old, STEPS[0]).await?;
        let (step, operation, call) = LAST_LOOK;
        let mut held = scene.manager.hold(operation, call, Held::Answer);
        let mut hanging = pin!(scene.step(&old, STEPS[step]));
        tokio::select! {
            answer = &mut hanging => {
                return Err(format!("setSecret ended without the call: {answer:?}").into());
            }
            reached = held.reached() => ensure!(reached, "Secrets Manager has ended"),
        }
        let new = replace(&scene, &old).await?;
        if !held.release() {
            continue;
        }
        let (answer, outcome) = if D::CHANGES_WAIT {
            // The new rotation arrives while the old invocation makes its change.
            tokio::join!(hanging, rotate_by_twin(&scene, &new))
        } else {
            (hanging.await, rotate_by_twin(&scene, &new).await)
        };
        if answer.is_err() {
            continue;
        }
        return after_a_late_change(&scene, &old, outcome).await;
    }
    Err(format!("the old invocation gave up {TRIES} times").into())
}

/// What the old invocation has set is kept. Alternating users converge. A single user's password is then
/// known only to the abandoned version, and the new rotation ends with a code instead of a change.
async fn after_a_late_change<D: Database>(scene: &Scene<D>, old: &Rotation, new: Verdict) -> Verdict {
    match scene.strategy {
        RotationStrategy::MasterUser => {
            new?;
            scene.check_live().await?;
        }
        RotationStrategy::SingleUser => {
            let value = scene.manager.version_value(&scene.secret, old.version())?;
            let opens = scene.database.opens(&serde_json::from_str(&value)?).await?;
            let current = scene.document("AWSCURRENT")?;
            ensure!(opens || scene.database.opens(&current).await?, "no version logs in");
            ensure!(
                opens != new.is_ok(),
                "the abandoned password logs in: {opens}, and the new rotation: {new:?}"
            );
        }
    }
    let again = scene.steps(old).await;
    ensure!(again.is_err(), "the old rotation was resumed");
    Ok(())
}
