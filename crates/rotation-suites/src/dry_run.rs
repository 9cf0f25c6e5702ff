//! A function that only reports what it would do.

use local_aws::secrets_manager::RotationOutcome;
use serde_json::Value;

use super::{
    Database, RotationStrategy,
    case::{Case, Scenes},
    scene::{STEPS, Scene},
    verdict::{Failure, Verdict, ensure},
};

pub(super) fn cases<D: Database>() -> Vec<Case<D>> {
    vec![
        Case::new("a dry run reports its statements, changes nothing and is not promoted", reported),
        Case::new("a rotation resumes after a dry run at any step", taken_up),
    ]
}

/// The statements that the function reported.
fn statements(output: &str) -> Vec<String> {
    let message = |line: &str| match serde_json::from_str::<Value>(line) {
        Ok(line) => line["message"].as_str().unwrap_or_default().to_owned(),
        Err(_) => line.to_owned(),
    };
    let lines = output.lines().map(message);
    lines.filter_map(|line| Some(line.split_once("would run: ")?.1.to_owned())).collect()
}

async fn refused_as_dry_run<D: Database>(scene: &Scene<D>, event: &Value) -> Verdict {
    let answer = scene.twin.pass(event).await;
    let code = answer.as_ref().err().map(|error| error.error_type.as_str());
    ensure!(code == Some("DRY_RUN"), "{answer:?}, not DRY_RUN");
    Ok(())
}

async fn reported<D: Database>(scenes: Scenes<D>) -> Verdict {
    let scene = scenes.build().env("DRY_RUN", "true").start().await?;
    let labels = scene.manager.stages(&scene.secret)?;
    let record = scene.rotate().await?;
    ensure!(record.outcome == Some(RotationOutcome::Failed), "the rotation came to {:?}", record.outcome);
    let codes: Vec<_> = scene.gate.errors().into_iter().map(|error| error.error_type).collect();
    ensure!(codes.iter().all(|code| code == "DRY_RUN"), "{codes:?}");
    let events = scene.gate.events();
    let steps: Vec<_> = events.iter().filter_map(|event| event["Step"].as_str()).collect();
    ensure!(steps.iter().all(|step| *step == STEPS[0]), "the service continued: {steps:?}");

    let reported = statements(&scene.gate.function().output());
    ensure!(!reported.is_empty(), "no statement was reported: {}", scene.gate.function().output());
    let current = labels.iter().find(|(_, labels)| labels.iter().any(|label| label == "AWSCURRENT"));
    let now = scene.manager.stages(&scene.secret)?;
    let now = now.iter().find(|(_, labels)| labels.iter().any(|label| label == "AWSCURRENT"));
    ensure!(now.map(|(id, _)| id) == current.map(|(id, _)| id), "AWSCURRENT moved");
    ensure!(scene.manager.value(&scene.secret, "AWSPENDING").is_err(), "AWSPENDING has a value");
    ensure!(scene.untouched()?.contains(" 0 writes"), "{}", scene.untouched()?);
    ensure!(!scene.database.has_user(&scene.tenant.clone).await?, "the clone was made");
    let refused = scene.logins().refused;
    ensure!(refused == 0, "{refused} logins were refused");
    scene.check_live().await
}

async fn taken_up<D: Database>(scenes: Scenes<D>) -> Verdict {
    let scene = scenes.build().twin_env("DRY_RUN", "true").start().await?;
    for turn in 0..2 {
        let rotation = scene.begin().await?;
        for step in STEPS {
            let before = state(&scene).await?;
            refused_as_dry_run(&scene, &rotation.step(step)).await?;
            ensure!(state(&scene).await? == before, "{step} of turn {turn} changed something");
            scene.step(&rotation, step).await?;
        }
        scene.check_live().await?;
    }
    Ok(())
}

/// Labels, writes, and which labeled version logs in.
async fn state<D: Database>(scene: &Scene<D>) -> Result<String, Failure> {
    let untouched = scene.untouched()?;
    let writes = untouched.split(" writes").next().unwrap_or_default();
    let mut state = format!("{writes} writes");
    for stage in ["AWSCURRENT", "AWSPENDING"] {
        let opens = match scene.document(stage) {
            Ok(document) => scene.database.opens(&document).await?.to_string(),
            Err(_) => "no value".to_owned(),
        };
        state = format!("{state}, {stage} {opens}");
    }
    if scene.strategy == RotationStrategy::MasterUser {
        let clone = scene.database.has_user(&scene.tenant.clone).await?;
        state = format!("{state}, clone {clone}");
    }
    Ok(state)
}
