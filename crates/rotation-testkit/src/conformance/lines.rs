//! The lines that a function writes.

use serde_json::Value;

use super::{
    Database,
    case::{Case, Laboratory, Verdict, ensure},
    scene::{STEPS, Scene},
};

pub(super) fn cases<D: Database>() -> Vec<Case<D>> {
    vec![
        Case::new("JSON lines parse and say what became of each step", json_lines),
        Case::new("text lines say what became of each step", text_lines),
        Case::new("the level ERROR silences what went well", quiet),
        Case::new("the search for canaries finds one", canary_search),
    ]
}

/// One healthy rotation and one refused event.
async fn act<D: Database>(scene: &Scene<D>) -> Verdict {
    scene.rotate_well().await?;
    let mut rotation = scene.begin().await?;
    rotation.event["ClientRequestToken"] = uuid::Uuid::new_v4().to_string().into();
    ensure!(scene.step(&rotation, STEPS[0]).await.is_err(), "an unknown token was accepted");
    Ok(())
}

async fn json_lines<D: Database>(laboratory: Laboratory<D>) -> Verdict {
    let scene = laboratory.build().env("AWS_LAMBDA_LOG_FORMAT", "JSON").start().await?;
    act(&scene).await?;
    let output = scene.gate.function().output();
    let mut outcomes = Vec::new();
    for line in output.lines().filter(|line| !line.trim().is_empty()) {
        let line: Value =
            serde_json::from_str(line).map_err(|error| format!("{error} in the line {line}"))?;
        ensure!(line["timestamp"].is_string() && line["level"].is_string(), "{line}");
        if let (Some(step), Some(outcome)) = (line["step"].as_str(), line["outcome"].as_str()) {
            let id = line["requestId"].as_str().or(line["request_id"].as_str()).unwrap_or_default();
            let invocations = scene.gate.function().reports();
            ensure!(invocations.iter().any(|report| report.request_id == id), "whose line is {line}?");
            let code = line["code"].as_str().unwrap_or("none");
            outcomes.push(format!("{step} {outcome} {} {code}", line["level"].as_str().unwrap_or_default()));
        }
    }
    let wanted = [
        "createSecret created INFO none",
        "setSecret changed INFO none",
        "testSecret tested INFO none",
        "finishSecret finished INFO none",
        "createSecret failed ERROR VERSION_UNKNOWN",
    ];
    ensure!(outcomes == wanted, "the outcome lines are {outcomes:?}");
    Ok(())
}

async fn text_lines<D: Database>(laboratory: Laboratory<D>) -> Verdict {
    let scene = laboratory.build().env("AWS_LAMBDA_LOG_FORMAT", "Text").start().await?;
    act(&scene).await?;
    let output = scene.gate.function().output();
    ensure!(!output.lines().any(|line| line.starts_with('{')), "there is JSON in {output}");
    let ids = scene.gate.function().reports();
    for (report, step) in ids.iter().zip(STEPS.into_iter().chain([STEPS[0]])) {
        let found = output.lines().any(|line| line.contains(&report.request_id) && line.contains(step));
        ensure!(found, "no line for {step} of {} in {output}", report.request_id);
    }
    ensure!(output.contains("VERSION_UNKNOWN"), "the code is not in {output}");
    ensure!(!output.contains('\u{1b}'), "there are colours in {output}");
    Ok(())
}

async fn quiet<D: Database>(laboratory: Laboratory<D>) -> Verdict {
    let scene = laboratory.build().env("AWS_LAMBDA_LOG_LEVEL", "ERROR").start().await?;
    act(&scene).await?;
    let output = scene.gate.function().output();
    let lines: Vec<_> = output.lines().collect();
    ensure!(lines.len() == 1 && lines[0].contains("VERSION_UNKNOWN"), "{output}");
    Ok(())
}

/// The search that follows every case is no use where it cannot find anything.
async fn canary_search<D: Database>(laboratory: Laboratory<D>) -> Verdict {
    let scene = laboratory.scene().await?;
    scene.rotate_well().await?;
    let canaries = scene.canaries();
    for stage in ["AWSCURRENT", "AWSPREVIOUS"] {
        let password = scene.document(stage)?["password"].as_str().unwrap_or_default().to_owned();
        let line = format!("ALTER USER x PASSWORD {password:?}");
        ensure!(canaries.find_in(&line).is_some(), "the password of {stage} is not found");
    }
    let events = scene.gate.events();
    let token = events[0]["RotationToken"].as_str().ok_or("the event has a token")?;
    ensure!(canaries.find_in(&format!("token={token}")).is_some(), "the rotation token is not found");
    ensure!(canaries.find_in("nothing").is_none(), "something is found in nothing");
    ensure!(scene.database.log().contains(scene.tenant.original()), "the server's log is not read");
    Ok(())
}
