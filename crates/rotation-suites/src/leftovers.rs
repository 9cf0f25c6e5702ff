//! What an earlier rotation left behind, and reads that lag.

use local_aws::secrets_manager::{ErrorCode, Operation};

use super::{
    Database,
    case::{Case, Scenes},
    scene::{STEPS, Scene},
    verdict::{Verdict, ensure},
};

pub(super) fn cases<D: Database>() -> Vec<Case<D>> {
    let mut cases = vec![
        Case::new("AWSPENDING without a value gets one when the rotation is resumed", without_value),
        Case::new("steps after createSecret report that the value is missing", missing_value),
    ];
    for done in 1..STEPS.len() {
        let name = format!("a rotation stopped after {} resumes with the value that it had", STEPS[done - 1]);
        cases.push(Case::new(name, move |scenes| resumed(scenes, done)));
    }
    for reads in [1, 2, 4] {
        let name = format!("reads that lag {reads} times behind each write do no harm");
        cases.push(Case::new(name, move |scenes| lagging(scenes, reads)));
    }
    cases
}

/// `RotateSecret` while another version has AWSPENDING: it is refused, and the service resumes the old
/// rotation.
async fn take_up<D: Database>(scene: &Scene<D>, version: &str) -> Verdict {
    let refused = scene.manager.rotate(&scene.secret, scene.gate.function().arn());
    let code = refused.as_ref().err().map(|error| error.code);
    ensure!(code == Some(ErrorCode::InvalidRequestException), "RotateSecret was answered with {refused:?}");
    let wait = std::time::Duration::from_mins(1);
    let record = scene.manager.wait_for_rotation(&scene.secret, version, wait).await?;
    ensure!(record.last_error().is_none(), "the reattempted rotation failed: {record:?}");
    let held = scene.manager.stages(&scene.secret)?;
    ensure!(held[version].contains(&"AWSCURRENT".to_owned()), "AWSCURRENT did not move: {held:?}");
    scene.check_live().await
}

async fn without_value<D: Database>(scenes: Scenes<D>) -> Verdict {
    let scene = scenes.scene().await?;
    let rotation = scene.begin().await?;
    take_up(&scene, rotation.version()).await
}

async fn resumed<D: Database>(scenes: Scenes<D>, done: usize) -> Verdict {
    let scene = scenes.scene().await?;
    let rotation = scene.begin().await?;
    for step in &STEPS[..done] {
        scene.step(&rotation, step).await?;
    }
    let value = scene.manager.version_value(&scene.secret, rotation.version())?;
    take_up(&scene, rotation.version()).await?;
    let now = scene.manager.version_value(&scene.secret, rotation.version())?;
    ensure!(value == now, "the token got a second value");
    Ok(())
}

async fn missing_value<D: Database>(scenes: Scenes<D>) -> Verdict {
    let scene = scenes.scene().await?;
    let rotation = scene.begin().await?;
    let before = scene.untouched()?;
    let steps = [rotation.step("setSecret"), rotation.step("testSecret")];
    let (set, test) = tokio::join!(scene.gate.pass(&steps[0]), scene.twin.pass(&steps[1]));
    for answer in [set, test] {
        let code = answer.as_ref().err().map(|error| error.error_type.as_str());
        ensure!(code == Some("SECRET_NO_VALUE"), "{answer:?}");
    }
    let after = scene.untouched()?;
    ensure!(before == after, "it was {before} and is {after}");
    scene.converge(&rotation).await?;
    scene.check_live().await
}

async fn lagging<D: Database>(scenes: Scenes<D>, reads: u32) -> Verdict {
    let scene = scenes.build().stale_reads(reads).start().await?;
    for _ in 0..2 {
        scene.rotate_well().await?;
        let puts = scene.manager.take_calls();
        let stored = puts
            .iter()
            .filter(|call| call.operation == Operation::PutSecretValue && call.error.is_none())
            .count();
        ensure!(stored == 1, "{stored} values were stored");
        scene.check_live().await?;
    }
    Ok(())
}
