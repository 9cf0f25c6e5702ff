//! The process killed, as Lambda does at the end of its time or of its memory.

use std::time::Duration;

use super::{
    Database,
    case::{Case, Laboratory, Verdict, ensure},
    scene::STEPS,
};
use crate::secrets_manager::{Held, Operation};

/// What each call of Secrets Manager takes, so that the moments below fall before, between and after them.
const DELAY: Duration = Duration::from_millis(30);
/// When the process is killed. The last one lies after the end of most steps.
const MOMENTS: [Moment; 8] = [
    Moment::InFirstCall(Held::Request),
    Moment::InFirstCall(Held::Answer),
    Moment::After(33),
    Moment::After(45),
    Moment::After(60),
    Moment::After(75),
    Moment::After(95),
    Moment::After(140),
];

/// A moment of a step.
#[derive(Clone, Copy, Debug)]
enum Moment {
    /// The labels were asked, and no answer has come.
    InFirstCall(Held),
    /// So many milliseconds after the event was handed over: anywhere, by the speed of the machine.
    After(u64),
}

pub(super) fn cases<D: Database>() -> Vec<Case<D>> {
    let case = |step| {
        let name = format!("a process killed at any moment of {step} leaves a rotation that converges");
        Case::new(name, move |laboratory| killed(laboratory, step))
    };
    STEPS.into_iter().map(case).collect()
}

async fn killed<D: Database>(laboratory: Laboratory<D>, fatal: &'static str) -> Verdict {
    let scene = laboratory.scene().await?;
    scene.manager.set_delay(DELAY);
    let mut deaths = 0;
    for moment in MOMENTS {
        let rotation = scene.begin().await?;
        for step in STEPS.iter().take_while(|step| **step != fatal) {
            scene.step(&rotation, step).await.map_err(|error| format!("{moment:?}: {error}"))?;
        }
        let kill = async {
            let _held = match moment {
                Moment::InFirstCall(held) => {
                    let mut hold = scene.manager.hold(Operation::DescribeSecret, 0, held);
                    hold.reached().await;
                    Some(hold)
                }
                Moment::After(milliseconds) => {
                    tokio::time::sleep(Duration::from_millis(milliseconds)).await;
                    None
                }
            };
            scene.gate.function().kill().await
        };
        // The kill first, so that what it holds is ordered before the step begins.
        let (_, answer) = tokio::join!(kill, scene.step(&rotation, fatal));
        deaths += usize::from(answer.is_err_and(|error| error.error_type == "Runtime.ExitError"));
        scene.check_open().await.map_err(|error| format!("{moment:?}: {error}"))?;
        let stored = scene.manager.version_value(&scene.secret, rotation.version()).ok();
        scene.converge(&rotation).await.map_err(|error| format!("{moment:?}: {error}"))?;
        let now = scene.manager.version_value(&scene.secret, rotation.version()).ok();
        ensure!(stored.is_none() || stored == now, "{moment:?}: the token got a second value");
        scene.check_live().await.map_err(|error| format!("{moment:?}: {error}"))?;
    }
    // Those in a call, at least.
    ensure!(deaths >= 2, "the process died in {deaths} of {} rounds only", MOMENTS.len());
    Ok(())
}
