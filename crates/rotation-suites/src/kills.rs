//! The process is killed, as Lambda does when its time or its memory is exceeded.

use std::time::Duration;

use super::{
    Database,
    case::{Case, Scenes},
    scene::STEPS,
    verdict::{Verdict, ensure},
};

/// The duration of each call of Secrets Manager, so that the moments below are before, between and after the
/// calls.
const DELAY: Duration = Duration::from_millis(30);
/// The moments of the kills, in milliseconds after the event was delivered. The last one is after the end of
/// most steps.
const MOMENTS: [u64; 8] = [3, 15, 33, 45, 60, 75, 95, 140];

pub(super) fn cases<D: Database>() -> Vec<Case<D>> {
    let case = |step| {
        let name = format!("a process killed at any moment of {step} leaves a rotation that converges");
        Case::new(name, move |scenes| killed(scenes, step))
    };
    STEPS.into_iter().map(case).collect()
}

async fn killed<D: Database>(scenes: Scenes<D>, fatal: &'static str) -> Verdict {
    let scene = scenes.scene().await?;
    scene.manager.set_delay(DELAY);
    let mut deaths = 0;
    for moment in MOMENTS {
        let rotation = scene.begin().await?;
        for step in STEPS.iter().take_while(|step| **step != fatal) {
            scene.step(&rotation, step).await.map_err(|error| format!("{moment} ms: {error}"))?;
        }
        let kill = async {
            tokio::time::sleep(Duration::from_millis(moment)).await;
            scene.gate.function().kill().await
        };
        let (answer, _) = tokio::join!(scene.step(&rotation, fatal), kill);
        deaths += usize::from(answer.is_err_and(|error| error.error_type == "Runtime.ExitError"));
        scene.check_open().await.map_err(|error| format!("{moment} ms: {error}"))?;
        let stored = scene.manager.version_value(&scene.secret, rotation.version()).ok();
        scene.converge(&rotation).await.map_err(|error| format!("{moment} ms: {error}"))?;
        let now = scene.manager.version_value(&scene.secret, rotation.version()).ok();
        ensure!(stored.is_none() || stored == now, "{moment} ms: the token got a second value");
        scene.check_live().await.map_err(|error| format!("{moment} ms: {error}"))?;
    }
    ensure!(deaths >= 2, "the process died in {deaths} of {} rounds only", MOMENTS.len());
    Ok(())
}
