//! Metrics in CloudWatch's embedded metric format: one line of JSON on standard output, which CloudWatch Logs
//! parses. No metric and no dimension names a secret, a host or a user.
//!
//! The format is specified in "Specification: Embedded metric format" of the CloudWatch user guide.

use std::time::Duration;

use rotation_config::{ConfigError, Environment};
use rotation_core::diagnosis::Severity;
use serde_json::{Map, Value, json};

use crate::log;

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

/// The namespace of the metrics.
const NAMESPACE: &str = "Rotators";

/// The dimensions of every metric.
const DIMENSIONS: [&str; 3] = ["engine", "strategy", "step"];

/// Name, unit and value of a metric.
pub(crate) type Metric = (&'static str, &'static str, Value);

/// Writes one line with these metrics, with the dimensions [`DIMENSIONS`].
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
    /// Records a diagnosis. It is not a step and does not count in `Outcome`, so that an operator who looks
    /// for a cause does not affect an alarm on rotations.
    pub(crate) fn record_diagnosis(self, engine: &str, strategy: &str, took: Duration, severity: Severity) {
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

/// Milliseconds, to the microsecond.
pub(crate) fn milliseconds(time: Duration) -> f64 {
    (time.as_secs_f64() * 1_000_000.0).round() / 1000.0
}
