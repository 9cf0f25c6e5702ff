//! Metrics in CloudWatch's embedded metric format: one line of JSON on standard output, which CloudWatch Logs takes
//! apart. No metric and no dimension names a secret, a host or a user.
//!
//! The format is specified in "Specification: Embedded metric format" of the CloudWatch user guide.

use std::time::Duration;

use rotation_config::{ConfigError, Environment};
use rotation_core::{Applied, Outcome, Step, diagnosis::Severity};
use serde_json::{Map, Value, json};

use crate::{log, report::Report};

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

/// Name, unit and value of a metric.
type Metric = (&'static str, &'static str, Value);

/// Writes one line with these metrics, which are counted by [`DIMENSIONS`].
pub(crate) fn write(dimensions: [&str; 3], metrics: Vec<Metric>) {
    let definitions: Vec<Value> =
        metrics.iter().map(|(name, unit, _)| json!({"Name": name, "Unit": unit})).collect();
    let mut line = Map::new();
    line.insert(
        "_aws".into(),
        json!({
            "Timestamp": log::milliseconds_since_1970(),
            "CloudWatchMetrics": [{
                "Namespace": NAMESPACE,
                "Dimensions": [DIMENSIONS],
                "Metrics": definitions,
            }],
        }),
    );
    for (name, value) in DIMENSIONS.into_iter().zip(dimensions) {
        line.insert(name.into(), value.into());
    }
    line.extend(metrics.into_iter().map(|(name, _, value)| (name.to_owned(), value)));
    log::write_line(&Value::Object(line).to_string());
}

impl Metrics {
    /// Of a look at a secret, which is no step: it counts in no `Outcome`, so that an alarm on rotations is not moved by
    /// somebody who looks for the cause.
    pub(crate) fn of_examination(self, engine: &str, strategy: &str, took: Duration, severity: Severity) {
        if self == Self::Off {
            return;
        }
        let metrics = vec![
            ("StepDuration", "Milliseconds", milliseconds(took).into()),
            // 0 ok, 1 note, 2 warning, 3 fault.
            ("Severity", "Count", (severity as u8).into()),
        ];
        write([engine, strategy, "doctor"], metrics);
    }
}

/// What a step has to tell.
pub(crate) fn of_step(report: &Report<'_>) -> Vec<Metric> {
    let logins = report.journal.logins();
    let connects: Vec<f64> = logins.iter().map(|login| milliseconds(login.time)).collect();
    let by_tls = report.outcome.as_ref().err().is_some_and(|failure| failure.code.name().starts_with("TLS_"));
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

/// To a microsecond.
fn milliseconds(time: Duration) -> f64 {
    (time.as_secs_f64() * 1_000_000.0).round() / 1000.0
}
