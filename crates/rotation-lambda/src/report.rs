//! The outcome of one invocation: the outcome line and the metrics, written from the same facts.

use std::{fmt::Write as _, time::Duration};

use rotation_core::{Applied, Journal, LoginAttempt, Outcome, RotationEvent, Step};
use rotation_database::MASTER_SECRET;
use serde_json::{Map, Value, json};

use crate::{
    failure::Failure,
    log::{self, Format, Log},
    metrics::{self, Metric, Metrics},
};

/// The facts of one invocation.
pub(crate) struct Report<'a> {
    pub(crate) request_id: &'a str,
    /// Absent where it could not be read.
    pub(crate) event: Option<&'a RotationEvent>,
    pub(crate) engine: &'static str,
    pub(crate) strategy: &'static str,
    pub(crate) cold_start: bool,
    pub(crate) elapsed: Duration,
    pub(crate) journal: &'a Journal,
    pub(crate) outcome: &'a Result<Outcome, Failure>,
}

impl Report<'_> {
    /// Writes the outcome line, after a warning for each note, and the metrics.
    pub(crate) fn write(&self, log: &Log, metrics: Metrics) {
        for note in self.notes() {
            let secret = self.event.map(|event| event.secret.as_str());
            let secret_version = self.event.map(|event| event.version.as_str());
            let note = log::one_line(note);
            tracing::warn!(request_id = self.request_id, secret, secret_version, "{note}");
        }
        let level = if self.outcome.is_ok() { tracing::Level::INFO } else { tracing::Level::ERROR };
        if log.writes(level) {
            log::write_line(&match log.format {
                Format::Json => self.json(log, level),
                Format::Text => self.text(log, level),
            });
        }
        if metrics == Metrics::On {
            let step = self.event.map_or("unknown", |event| event.step.name());
            metrics::write([self.engine, self.strategy, step], metrics_of(self));
        }
    }

    /// `changed`, or `already_done` where the step succeeded and changed nothing, or the class of the
    /// failure.
    pub(crate) fn class(&self) -> &'static str {
        match self.outcome {
            Ok(Outcome::Created | Outcome::Set(Applied::Changed(_)) | Outcome::Finished) => "changed",
            Ok(
                Outcome::AlreadyDone
                | Outcome::AlreadyCreated
                | Outcome::Set(Applied::AlreadySet)
                | Outcome::Tested { .. },
            ) => "already_done",
            Err(failure) => failure.code.class().name(),
        }
    }

    fn json(&self, log: &Log, level: tracing::Level) -> String {
        let mut line = Map::new();
        line.insert("timestamp".into(), log::timestamp().into());
        line.insert("level".into(), level.as_str().into());
        line.insert("message".into(), self.message().into());
        line.extend(self.fields(log));
        Value::Object(line).to_string()
    }

    /// Keys and values after the message. Values are JSON, so that each is one word or quoted.
    fn text(&self, log: &Log, level: tracing::Level) -> String {
        let mut text = format!("{} {level:>5} {}", log::timestamp(), log::one_line(&self.message()));
        for (name, value) in self.fields(log) {
            let _ = write!(text, " {name}={value}");
        }
        text
    }

    fn message(&self) -> String {
        match self.outcome {
            Ok(outcome) => {
                let step = self.event.map(|event| event.step.name()).unwrap_or_default();
                format!("{step}: {}", word(outcome))
            }
            Err(failure) => format!("{}: {}", failure.code, failure.message),
        }
    }

    /// All fields, in order; unknown ones are left out.
    fn fields(&self, log: &Log) -> Map<String, Value> {
        let logins = self.journal.logins();
        let last = logins.last();
        let failure = self.outcome.as_ref().err();
        let phases = self.journal.phases();
        let phases: Map<_, _> =
            phases.iter().map(|(phase, time)| (phase.name().to_owned(), milliseconds(*time))).collect();
        let fields = [
            ("service", Some(log.service.as_str().into())),
            ("version", Some(env!("CARGO_PKG_VERSION").into())),
            ("request_id", Some(self.request_id.into())),
            ("cold_start", Some(self.cold_start.into())),
            ("step", self.event.map(|event| event.step.name().into())),
            ("secret", self.event.map(|event| event.secret.as_str().into())),
            ("secret_version", self.event.map(|event| event.version.as_str().into())),
            ("engine", Some(self.engine.into())),
            ("strategy", Some(self.strategy.into())),
            ("transport", last.map(|login| login.transport.into())),
            ("host", last.map(|login| login.host.as_str().into())),
            ("outcome", Some(self.class().into())),
            ("result", self.outcome.as_ref().ok().map(|outcome| word(outcome).into())),
            ("code", failure.map(|failure| failure.code.name().into())),
            ("detail", failure.and_then(|failure| Some(failure.detail.as_deref()?.into()))),
            ("hint", failure.map(|failure| failure.hint.as_str().into())),
            ("credentials", (!logins.is_empty()).then(|| logins.iter().map(login).collect())),
            ("state", self.journal.state().map(|state| state.to_string().into())),
            ("milliseconds", Some(milliseconds(self.elapsed))),
            ("phases", (!phases.is_empty()).then_some(Value::Object(phases))),
        ];
        fields.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?))).collect()
    }

    fn notes(&self) -> &[String] {
        match self.outcome {
            Ok(Outcome::Set(Applied::Changed(committed))) => &committed.notes,
            Ok(Outcome::Tested { notes }) => notes,
            _ => &[],
        }
    }
}

/// The result of a step in one word: `result`, next to `outcome`.
fn word(outcome: &Outcome) -> &'static str {
    match outcome {
        Outcome::AlreadyDone => "already_done",
        Outcome::AlreadyCreated => "already_created",
        Outcome::Created => "created",
        Outcome::Set(Applied::AlreadySet) => "already_set",
        Outcome::Set(Applied::Changed(_)) => "set",
        Outcome::Tested { .. } => "tested",
        Outcome::Finished => "finished",
    }
}

fn login(attempt: &LoginAttempt) -> Value {
    let label = match attempt.credential {
        MASTER_SECRET => "master".to_owned(),
        label => label.to_string(),
    };
    let mut login = json!({
        "label": label,
        "transport": attempt.transport,
        "host": attempt.host,
        "port": attempt.port,
        "result": attempt.answer.name(),
        "milliseconds": milliseconds(attempt.time),
    });
    if let Some(code) = attempt.answer.code() {
        login["code"] = code.name().into();
    }
    login
}

fn milliseconds(time: Duration) -> Value {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX).into()
}

/// The metrics of a step.
fn metrics_of(report: &Report<'_>) -> Vec<Metric> {
    let logins = report.journal.logins();
    let connects: Vec<f64> = logins.iter().map(|login| metrics::milliseconds(login.time)).collect();
    let by_tls = report.outcome.as_ref().err().is_some_and(|failure| failure.code.name().starts_with("TLS_"));
    let mut found = vec![
        ("StepDuration", "Milliseconds", metrics::milliseconds(report.elapsed).into()),
        // 1 for a step that succeeded, so that the average is the success rate.
        ("Outcome", "Count", u8::from(report.outcome.is_ok()).into()),
        ("TlsFailure", "Count", u8::from(by_tls).into()),
    ];
    if !connects.is_empty() {
        found.push(("ConnectTime", "Milliseconds", connects.into()));
    }
    if report.event.is_some_and(|event| event.step == Step::Set) {
        let already = matches!(report.outcome, Ok(Outcome::Set(Applied::AlreadySet)));
        found.push(("AlreadySet", "Count", u8::from(already).into()));
    }
    if let Ok(Outcome::Set(Applied::Changed(committed))) = report.outcome {
        found.push(("GrantDrift", "Count", committed.drift.into()));
    }
    found
}
