//! The lines that a function writes.

use serde_json::Value;

use super::{
    Database, RotationStrategy,
    case::{Case, Scenes},
    scene::{STEPS, Scene},
    verdict::{Verdict, ensure},
};

pub(super) fn cases<D: Database>() -> Vec<Case<D>> {
    vec![
        Case::new("JSON lines parse and report the outcome of each step", json_lines),
        Case::new("text lines report the outcome of each step", text_lines),
        Case::new("the level ERROR silences successful steps", quiet),
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

async fn json_lines<D: Database>(scenes: Scenes<D>) -> Verdict {
    let scene = scenes.build().env("AWS_LAMBDA_LOG_FORMAT", "JSON").start().await?;
    act(&scene).await?;
    let mut outcomes = Vec::new();
    for line in scene.gate.function().output().lines().filter(|line| !is_metric(line)) {
        let line: Value =
            serde_json::from_str(line).map_err(|error| format!("{error} in the line {line}"))?;
        ensure!(line["timestamp"].is_string() && line["level"].is_string(), "{line}");
        if line["outcome"].is_string() {
            complete(&scene, &line, outcomes.is_empty())?;
            let words = ["level", "step", "outcome", "result", "code", "state"];
            outcomes.push(words.map(|word| line[word].as_str().unwrap_or("-")).join(" "));
        }
    }
    let after = match scene.strategy {
        RotationStrategy::SingleUser => "AWSPENDING was set",
        RotationStrategy::MasterUser => "AWSCURRENT logs in; AWSPENDING was set",
    };
    let wanted = [
        "INFO createSecret changed created - -",
        &format!("INFO setSecret changed set - {after}"),
        "INFO testSecret already_done tested - AWSPENDING logs in",
        "INFO finishSecret changed finished - -",
        "ERROR createSecret refused - VERSION_NOT_FOUND -",
    ];
    ensure!(outcomes == wanted, "the outcome lines are {outcomes:#?}");
    Ok(())
}

/// Checks that an outcome line has everything that is known about its step.
fn complete<D: Database>(scene: &Scene<D>, line: &Value, first: bool) -> Verdict {
    let id = line["request_id"].as_str().unwrap_or_default();
    let invocations = scene.gate.function().reports();
    ensure!(invocations.iter().any(|report| report.request_id == id), "whose line is {line}?");
    for name in ["message", "service", "version", "engine", "strategy", "secret_version"] {
        ensure!(line[name].as_str().is_some_and(|text| !text.is_empty()), "{name} is missing in {line}");
    }
    ensure!(line["secret"] == scene.secret, "another secret in {line}");
    ensure!(line["cold_start"] == first, "whether it was the first is wrong in {line}");
    ensure!(line["milliseconds"].is_u64(), "no time in {line}");
    ensure!(line["phases"]["describe"].is_u64(), "no time for DescribeSecret in {line}");
    ensure!(line["code"].is_null() == line["hint"].is_null(), "code and hint belong together: {line}");
    let logins = match line["step"].as_str().unwrap_or_default() {
        "setSecret" => match scene.strategy {
            RotationStrategy::SingleUser => &["AWSCURRENT"][..],
            RotationStrategy::MasterUser => &["AWSCURRENT", "master"][..],
        },
        "testSecret" => &["AWSPENDING"][..],
        _ => &[][..],
    };
    let tried = line["credentials"].as_array().cloned().unwrap_or_default();
    let labels: Vec<_> = tried.iter().filter_map(|login| login["label"].as_str()).collect();
    ensure!(labels == logins, "the credentials tried are {labels:?} in {line}");
    for login in &tried {
        ensure!(login["result"] == "logged_in" && login["milliseconds"].is_u64(), "{login} in {line}");
        ensure!(["tls", "plaintext"].map(Value::from).contains(&login["transport"]), "{login} in {line}");
        ensure!(line["host"] == login["host"] && line["transport"] == login["transport"], "{line}");
        ensure!(line["phases"]["connect"].is_u64(), "no time for the login in {line}");
    }
    Ok(())
}

/// Whether a line is one of CloudWatch's embedded metrics, which are not log lines.
pub(super) fn is_metric(line: &str) -> bool {
    line.trim().is_empty() || line.starts_with("{\"_aws\"")
}

async fn text_lines<D: Database>(scenes: Scenes<D>) -> Verdict {
    let scene = scenes.build().env("AWS_LAMBDA_LOG_FORMAT", "Text").start().await?;
    act(&scene).await?;
    let output = scene.gate.function().output();
    let json = output.lines().any(|line| !is_metric(line) && line.starts_with('{'));
    ensure!(!json, "there is JSON in {output}");
    let ids = scene.gate.function().reports();
    for (report, step) in ids.iter().zip(STEPS.into_iter().chain([STEPS[0]])) {
        let found = output.lines().any(|line| line.contains(&report.request_id) && line.contains(step));
        ensure!(found, "no line for {step} of {} in {output}", report.request_id);
    }
    ensure!(output.contains("VERSION_NOT_FOUND"), "the code is not in {output}");
    ensure!(!output.contains('\u{1b}'), "there are colors in {output}");
    Ok(())
}

async fn quiet<D: Database>(scenes: Scenes<D>) -> Verdict {
    let scene = scenes.build().env("AWS_LAMBDA_LOG_LEVEL", "ERROR").start().await?;
    act(&scene).await?;
    let output = scene.gate.function().output();
    let lines: Vec<_> = output.lines().filter(|line| !is_metric(line)).collect();
    ensure!(lines.len() == 1 && lines[0].contains("VERSION_NOT_FOUND"), "{output}");
    Ok(())
}

/// Checks the search that follows every case, which is useless if it cannot find anything.
async fn canary_search<D: Database>(scenes: Scenes<D>) -> Verdict {
    let scene = scenes.scene().await?;
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
