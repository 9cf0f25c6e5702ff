//! Metrics in CloudWatch's embedded metric format: one line of JSON on standard output, which CloudWatch Logs takes
//! apart. No metric and no dimension names a secret, a host or a user.
//!
//! The format is specified in "Specification: Embedded metric format" of the CloudWatch user guide.

use std::time::Duration;

use rotation_core::{Applied, Outcome, Step};
use serde_json::{Map, Value, json};

use crate::{
    environment::{ConfigError, Environment},
    report::Report,
};

/// Whether metrics are written: `METRICS`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Metrics {
    On,
    Off,
}

impl Metrics {
    /// # Errors
    /// [`ConfigError`] for a word that is neither `on` nor `off`.
    pub(crate) fn parse(environment: &Environment) -> Result<Self, ConfigError> {
        let choices = [("on", Self::On), ("off", Self::Off)];
        environment.choice("METRICS", &choices, Self::On, "must be on or off")
    }
}

/// Under which name the metrics are found.
const NAMESPACE: &str = "Rotators";

/// What every metric is counted by.
const DIMENSIONS: [&str; 3] = ["engine", "strategy", "step"];

/// The line of one invocation. `timestamp` is in milliseconds since 1970.
pub(crate) fn embedded(report: &Report<'_>, timestamp: u64) -> Value {
    let metrics = metrics(report);
    let definitions: Vec<Value> =
        metrics.iter().map(|(name, unit, _)| json!({"Name": name, "Unit": unit})).collect();
    let mut line = Map::new();
    line.insert(
        "_aws".into(),
        json!({
            "Timestamp": timestamp,
            "CloudWatchMetrics": [{
                "Namespace": NAMESPACE,
                "Dimensions": [DIMENSIONS],
                "Metrics": definitions,
            }],
        }),
    );
    let step = report.event.map_or("unknown", |event| event.step.name());
    for (name, value) in DIMENSIONS.into_iter().zip([report.engine, report.strategy, step]) {
        line.insert(name.into(), value.into());
    }
    line.extend(metrics.into_iter().map(|(name, _, value)| (name.to_owned(), value)));
    Value::Object(line)
}

/// Name, unit and value of what this invocation has to tell.
fn metrics(report: &Report<'_>) -> Vec<(&'static str, &'static str, Value)> {
    // To a microsecond.
    let milliseconds = |time: Duration| (time.as_secs_f64() * 1_000_000.0).round() / 1000.0;
    let logins = report.journal.logins();
    let connects: Vec<f64> = logins.iter().map(|login| milliseconds(login.time)).collect();
    let by_tls = report.outcome.as_ref().err().is_some_and(|failure| failure.code.is_tls());
    let mut metrics = vec![
        ("StepDuration", "Milliseconds", milliseconds(report.elapsed).into()),
        // 1 for a step that succeeded, so that the average is the share of those.
        ("Outcome", "Count", u8::from(report.outcome.is_ok()).into()),
        ("TlsFailure", "Count", u8::from(by_tls).into()),
    ];
    if !connects.is_empty() {
        metrics.push(("ConnectTime", "Milliseconds", connects.into()));
    }
    if report.event.is_some_and(|event| event.step == Step::Set) {
        let already = matches!(report.outcome, Ok(Outcome::Set(Applied::AlreadySet)));
        metrics.push(("AlreadySet", "Count", u8::from(already).into()));
    }
    if let Ok(Outcome::Set(Applied::Changed(committed))) = report.outcome {
        metrics.push(("GrantDrift", "Count", committed.drift.into()));
    }
    metrics
}
