//! Steps that are called more than once.

use super::{
    Database,
    case::{Case, Scenes},
    scene::STEPS,
    verdict::{Verdict, ensure},
};

pub(super) fn cases<D: Database>() -> Vec<Case<D>> {
    vec![
        Case::new("every step may be called twice in a row", twice),
        Case::new("every step may be called twice concurrently", twice_at_once),
        Case::new("a rotation that is repeated with its token after its end does nothing", after_its_end),
        Case::new("a rotation that restarts after each step keeps its value", from_the_start),
    ]
}

async fn twice<D: Database>(scenes: Scenes<D>) -> Verdict {
    let scene = scenes.scene().await?;
    for _ in 0..2 {
        let rotation = scene.begin().await?;
        for step in STEPS {
            scene.step(&rotation, step).await?;
            let value = scene.manager.version_value(&scene.secret, rotation.version())?;
            scene.step(&rotation, step).await?;
            let again = scene.manager.version_value(&scene.secret, rotation.version())?;
            ensure!(value == again, "{step} twice gave the token a second value");
        }
        scene.check_live().await?;
    }
    Ok(())
}

async fn twice_at_once<D: Database>(scenes: Scenes<D>) -> Verdict {
    let scene = scenes.scene().await?;
    let rotation = scene.begin().await?;
    for step in STEPS {
        let event = rotation.step(step);
        let (one, other) = tokio::join!(scene.gate.pass(&event), scene.twin.pass(&event));
        ensure!(one.is_ok() || other.is_ok(), "both failed at {step}: {one:?} {other:?}");
    }
    // Where one of the two failed, the service's retry continues from there.
    scene.converge(&rotation).await?;
    scene.check_live().await
}

async fn after_its_end<D: Database>(scenes: Scenes<D>) -> Verdict {
    let scene = scenes.scene().await?;
    let rotation = scene.begin().await?;
    scene.steps(&rotation).await?;
    let before = scene.untouched()?;
    scene.steps(&rotation).await?;
    let after = scene.untouched()?;
    ensure!(before == after, "it was {before} and is {after}");
    scene.check_live().await
}

async fn from_the_start<D: Database>(scenes: Scenes<D>) -> Verdict {
    let scene = scenes.scene().await?;
    let rotation = scene.begin().await?;
    scene.step(&rotation, STEPS[0]).await?;
    let value = scene.manager.version_value(&scene.secret, rotation.version())?;
    for done in 2..=STEPS.len() {
        for step in &STEPS[..done] {
            scene.step(&rotation, step).await?;
        }
        scene.check_open().await?;
        let now = scene.manager.version_value(&scene.secret, rotation.version())?;
        ensure!(value == now, "the token got a second value");
    }
    scene.check_live().await
}
