//! The metrics that a function writes, by the rules of CloudWatch's embedded metric format.

use std::collections::BTreeSet;

use serde_json::Value;

use super::{
    Database,
    case::{Case, Scenes},
    lines::is_metric,
    scene::{STEPS, Scene},
    verdict::{Verdict, ensure},
};

/// The units of `PutMetricData` that a function may need.
const UNITS: [&str; 2] = ["Milliseconds", "Count"];

pub(super) fn cases<D: Database>() -> Vec<Case<D>> {
    vec![
        Case::new("every step is one line of metrics that CloudWatch accepts", counted),
        Case::new("METRICS=off writes none", silent),
    ]
}

/// A rotation, one of its steps repeated, and an invalid event.
async fn act<D: Database>(scene: &Scene<D>) -> Verdict {
    scene.rotate_well().await?;
    let rotation = scene.begin().await?;
    scene.step(&rotation, STEPS[0]).await?;
    scene.step(&rotation, STEPS[1]).await?;
    scene.step(&rotation, STEPS[1]).await?;
    ensure!(scene.step(&rotation, "dropSecret").await.is_err(), "an unknown step was accepted");
    Ok(())
}

fn metrics_of<D: Database>(scene: &Scene<D>) -> Result<Vec<Value>, serde_json::Error> {
    let output = scene.gate.function().output();
    let lines = output.lines().filter(|line| !line.trim().is_empty() && is_metric(line));
    lines.map(serde_json::from_str).collect()
}

async fn counted<D: Database>(scenes: Scenes<D>) -> Verdict {
    // No level of the log silences metrics.
    let scene = scenes.build().env("AWS_LAMBDA_LOG_LEVEL", "FATAL").start().await?;
    act(&scene).await?;
    let metrics = metrics_of(&scene)?;
    let mut steps = Vec::new();
    for line in &metrics {
        well_formed(line)?;
        anonymous(&scene, line)?;
        let logins = line["ConnectTime"].as_array().map_or(0, Vec::len);
        let numbers =
            ["Outcome", "TlsFailure", "AlreadySet", "GrantDrift"].map(|name| line[name].to_string());
        let step = line["step"].as_str().unwrap_or_default();
        steps.push(format!("{step} {} {logins}", numbers.join(" ")));
    }
    let of = |single: &'static str, alternating: &'static str| match scene.strategy {
        super::RotationStrategy::SingleUser => single,
        super::RotationStrategy::MasterUser => alternating,
    };
    let wanted = [
        "createSecret 1 0 null null 0",
        of("setSecret 1 0 0 0 1", "setSecret 1 0 0 0 2"),
        "testSecret 1 0 null null 1",
        "finishSecret 1 0 null null 0",
        "createSecret 1 0 null null 0",
        of("setSecret 1 0 0 0 1", "setSecret 1 0 0 0 2"),
        // A single user finds its password set; a master makes the whole change each time.
        of("setSecret 1 0 1 null 2", "setSecret 1 0 0 0 2"),
        "unknown 0 0 null null 0",
    ];
    ensure!(steps == wanted, "the metrics are {steps:#?}");
    Ok(())
}

async fn silent<D: Database>(scenes: Scenes<D>) -> Verdict {
    let scene = scenes.build().env("METRICS", "off").start().await?;
    act(&scene).await?;
    let metrics = metrics_of(&scene)?;
    ensure!(metrics.is_empty(), "there are metrics: {metrics:?}");
    Ok(())
}

/// Checks what the specification of the format requires of a line.
fn well_formed(line: &Value) -> Verdict {
    // Milliseconds since 1970; CloudWatch refuses a time that is two hours ahead or two weeks old.
    let timestamp = line["_aws"]["Timestamp"].as_u64().unwrap_or_default();
    #[expect(clippy::disallowed_methods, reason = "the line must contain the time of day")]
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH)?.as_millis();
    ensure!(u128::from(timestamp).abs_diff(now) < 600_000, "the time is {timestamp} in {line}");
    let directives = line["_aws"]["CloudWatchMetrics"].as_array().ok_or("no directives")?;
    ensure!(directives.len() == 1, "{line}");
    let directive = &directives[0];
    let namespace = directive["Namespace"].as_str().unwrap_or_default();
    ensure!((1..=1024).contains(&namespace.len()) && !namespace.starts_with("AWS/"), "{line}");
    for set in directive["Dimensions"].as_array().ok_or("no dimensions")? {
        let set = set.as_array().ok_or("a set of dimensions is an array")?;
        ensure!((1..=30).contains(&set.len()), "{line}");
        for name in set {
            let value = &line[name.as_str().ok_or("a dimension is named by a string")?];
            ensure!(value.as_str().is_some_and(|text| (1..=1024).contains(&text.len())), "{name} in {line}");
        }
        let names: BTreeSet<_> = set.iter().filter_map(Value::as_str).collect();
        ensure!(names == BTreeSet::from(["engine", "strategy", "step"]), "{names:?}");
    }
    let metrics = directive["Metrics"].as_array().ok_or("no metrics")?;
    ensure!((1..=100).contains(&metrics.len()), "{line}");
    for metric in metrics {
        let name = metric["Name"].as_str().ok_or("a metric has a name")?;
        ensure!(UNITS.contains(&metric["Unit"].as_str().unwrap_or_default()), "the unit of {name} in {line}");
        let numbers = match &line[name] {
            Value::Array(numbers) => &numbers[..],
            number => std::slice::from_ref(number),
        };
        ensure!((1..=100).contains(&numbers.len()), "{name} in {line}");
        ensure!(numbers.iter().all(|n| n.as_f64().is_some_and(|n| n >= 0.0)), "{name} in {line}");
    }
    Ok(())
}

/// Checks that nothing identifies the secret: the line has only known members, and no value contains a name.
fn anonymous<D: Database>(scene: &Scene<D>, line: &Value) -> Verdict {
    let directive = &line["_aws"]["CloudWatchMetrics"][0];
    let metrics =
        directive["Metrics"].as_array().into_iter().flatten().filter_map(|one| one["Name"].as_str());
    let mut known: BTreeSet<_> = metrics.collect();
    known.extend(["_aws", "engine", "strategy", "step"]);
    let members: BTreeSet<_> =
        line.as_object().into_iter().flatten().map(|(name, _)| name.as_str()).collect();
    ensure!(members == known, "more than metrics in {line}");
    let text = line.to_string();
    let host = scene.document("AWSCURRENT")?["host"].as_str().unwrap_or_default().to_owned();
    for name in ["arn:", &host, scene.tenant.original(), scene.tenant.master_name()] {
        ensure!(!text.contains(name), "{name} is in {line}");
    }
    Ok(())
}
