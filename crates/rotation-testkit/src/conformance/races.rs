//! Invocations that wake up when their rotation is no more.

use std::{pin::pin, time::Duration};

use serde_json::json;

use super::{
    Database, RotationStrategy,
    case::{Case, Failure, Laboratory, Verdict, ensure},
    events::abandon,
    scene::{Rotation, STEPS, Scene},
};
use crate::secrets_manager::{Held, Operation};

/// How long the new rotation may have the old invocation stand still. Whoever waits for a lock of the old one is let go
/// then; that it comes sooner or later proves nothing either way.
const HEAD_START: Duration = Duration::from_millis(1500);
/// A client gives up a call that is held too long. On a machine so slow the race is tried again.
const TRIES: usize = 5;

/// Whether every function makes the call, or only some would.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Made {
    Always,
    Perhaps,
}

/// Where the old invocation stands still.
#[derive(Clone, Copy)]
struct Halt {
    step: usize,
    operation: Operation,
    /// Calls of the operation before it, in the step.
    after: u32,
    held: Held,
    made: Made,
}

pub(super) fn cases<D: Database>(strategy: RotationStrategy) -> Vec<Case<D>> {
    let (look, read) = (Operation::DescribeSecret, Operation::GetSecretValue);
    let halts = [
        (1, look, 0, Made::Always),
        // The look at the labels before the change is made final.
        (1, look, 1, Made::Always),
        (1, read, 0, Made::Always),
        (1, read, 1, Made::Always),
        (3, look, 0, Made::Always),
        // A second look, from which a function could take another AWSCURRENT than the one that it had checked.
        (3, look, 1, Made::Perhaps),
        (3, read, 0, Made::Perhaps),
        (3, Operation::UpdateSecretVersionStage, 0, Made::Always),
    ];
    let case = |(step, operation, after, made)| {
        let step_name = STEPS[step];
        let name = format!("{step_name} that hangs in {operation} {after} and is overtaken changes nothing");
        let halt = Halt { step, operation, after, held: Held::Request, made };
        Case::new(name, move |laboratory| overtaken(laboratory, halt))
    };
    let mut cases: Vec<_> = halts.into_iter().map(case).collect();
    // The password of a single user that is overtaken there is under no label: docs/semantics.md has it among the gaps.
    if strategy == RotationStrategy::AlternatingUsers {
        cases.push(Case::new("an answer `still pending` that comes late is overwritten", told_too_late));
    }
    cases
}

/// Runs a race until it was met: until the held call was let go while its client still waited.
async fn overtaken<D: Database>(laboratory: Laboratory<D>, halt: Halt) -> Verdict {
    for _ in 0..TRIES {
        if overtaken_once(&laboratory, halt).await? {
            return Ok(());
        }
    }
    Err(format!("in {TRIES} tries the client has given up before it was overtaken").into())
}

/// Cancels the old rotation and begins a new one, up to and with its createSecret, by another process.
async fn begin_anew<D: Database>(scene: &Scene<D>, old: &Rotation) -> Result<Rotation, Failure> {
    scene.manager.call_inside(Operation::CancelRotateSecret, json!({"SecretId": scene.secret}))?;
    abandon(scene, old)?;
    let new = scene.begin().await?;
    scene.twin.pass(&new.step(STEPS[0])).await?;
    Ok(new)
}

/// The steps of the new rotation, again and again: setSecret may have to wait for what the old one holds.
async fn go_on<D: Database>(scene: &Scene<D>, new: &Rotation) -> Verdict {
    let mut last = None;
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

/// `false` where the client has given up, so that there was no race.
async fn overtaken_once<D: Database>(laboratory: &Laboratory<D>, halt: Halt) -> Result<bool, Failure> {
    let Halt { step, operation, after, held, made } = halt;
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
    let mut hold = scene.manager.hold(operation, after, held);
    let mut hanging = pin!(scene.step(&old, STEPS[step]));
    tokio::select! {
        biased;
        answer = &mut hanging => {
            ensure!(made == Made::Perhaps, "the call was not made; the answer is {answer:?}");
            answer?;
            return Ok(true);
        }
        held = hold.reached() => ensure!(held, "the service has ended"),
    }
    let overtake = async {
        let new = begin_anew(&scene, &old).await?;
        let mut steps = pin!(go_on(&scene, &new));
        let soon = tokio::time::timeout(HEAD_START, &mut steps).await;
        let met = hold.release();
        match soon {
            Ok(ended) => ended?,
            Err(_) => steps.await?,
        }
        Ok::<_, Failure>(met)
    };
    let (answer, overtaking) = tokio::join!(hanging, overtake);
    if !overtaking? {
        return Ok(false);
    }
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
    Ok(true)
}

/// The old invocation asks the labels for the last time, the answer is that it is pending, and it gets that answer when
/// it is no more: so it makes its change. Whoever overtakes it waits for that and writes last.
async fn told_too_late<D: Database>(laboratory: Laboratory<D>) -> Verdict {
    for _ in 0..TRIES {
        if told_too_late_once(&laboratory).await? {
            return Ok(());
        }
    }
    Err(format!("in {TRIES} tries the client has given up before it was overtaken").into())
}

async fn told_too_late_once<D: Database>(laboratory: &Laboratory<D>) -> Result<bool, Failure> {
    let scene = laboratory.scene().await?;
    scene.rotate_well().await?;
    let old = scene.begin().await?;
    scene.step(&old, STEPS[0]).await?;
    let mut hold = scene.manager.hold(Operation::DescribeSecret, 1, Held::Answer);
    let mut hanging = pin!(scene.step(&old, STEPS[1]));
    tokio::select! {
        biased;
        answer = &mut hanging => return Err(format!("the labels were not asked again: {answer:?}").into()),
        held = hold.reached() => ensure!(held, "the service has ended"),
    }
    let overtake = async {
        let new = begin_anew(&scene, &old).await?;
        if !D::CHANGES_WAIT {
            // Nothing keeps what is on its way from landing last; see docs/semantics.md. Here it lands first.
            return Ok::<_, Failure>((new, hold.release(), false));
        }
        let mut steps = pin!(go_on(&scene, &new));
        let soon = tokio::time::timeout(HEAD_START, &mut steps).await;
        let met = hold.release();
        match soon {
            Ok(ended) => ended?,
            Err(_) => steps.await?,
        }
        Ok((new, met, true))
    };
    let (answer, overtaking) = tokio::join!(hanging, overtake);
    let (new, met, is_over) = overtaking?;
    if !met {
        return Ok(false);
    }
    // The change was made, or the server refused it because of the other one.
    let code = answer.as_ref().err().map(|error| error.error_type.as_str());
    ensure!(matches!(code, None | Some("DB_BUSY")), "the old invocation was answered {answer:?}");
    if !is_over {
        go_on(&scene, &new).await?;
    }
    scene.check_live().await?;
    let current = scene.manager.stages(&scene.secret)?;
    let holds =
        |label: &str| current.get(new.version()).is_some_and(|labels| labels.iter().any(|own| own == label));
    ensure!(holds("AWSCURRENT"), "the new rotation has not ended: {current:?}");
    // The old rotation is over.
    let before = scene.untouched()?;
    let again = scene.steps(&old).await;
    ensure!(again.is_err(), "the old rotation was taken up");
    ensure!(before == scene.untouched()?, "the old rotation has changed something");
    scene.rotate_well().await?;
    scene.check_live().await?;
    Ok(true)
}
