//! Lines on standard output: JSON or text as Lambda's logging configuration asks, one outcome line a step.

use std::time::Duration;

use rotation_core::{Applied, Outcome, RotationEvent};
use tracing::level_filters::LevelFilter;
use tracing_subscriber::{Layer, filter::filter_fn, layer::SubscriberExt};

use crate::{
    environment::{ConfigError, Environment},
    failure::Failure,
};

/// Sends our own lines to standard output. Lines of libraries are left out: drivers log statements, and the runtime
/// logs events.
///
/// # Errors
/// [`ConfigError`] for an unknown format or level; logging is set up with the default all the same.
pub(crate) fn start(environment: &Environment) -> Result<(), ConfigError> {
    let json = environment.choice(
        "AWS_LAMBDA_LOG_FORMAT",
        &[("json", true), ("text", false)],
        false,
        "must be JSON or Text",
    );
    let levels = [
        ("trace", LevelFilter::TRACE),
        ("debug", LevelFilter::DEBUG),
        ("info", LevelFilter::INFO),
        ("warn", LevelFilter::WARN),
        ("error", LevelFilter::ERROR),
        ("fatal", LevelFilter::ERROR),
    ];
    let level = environment.choice(
        "AWS_LAMBDA_LOG_LEVEL",
        &levels,
        LevelFilter::INFO,
        "must be TRACE, DEBUG, INFO, WARN, ERROR or FATAL",
    );
    let most = *level.as_ref().unwrap_or(&LevelFilter::INFO);
    let ours = filter_fn(move |line| *line.level() <= most && is_ours(line.target()));
    let lines = tracing_subscriber::fmt::layer().with_ansi(false).with_target(false);
    let registry = tracing_subscriber::registry();
    // A second subscriber in one process, as in a test, is refused; the first one stays.
    let _ = if *json.as_ref().unwrap_or(&false) {
        let lines = lines.json().flatten_event(true).with_current_span(false).with_span_list(false);
        tracing::subscriber::set_global_default(registry.with(lines.with_filter(ours)))
    } else {
        tracing::subscriber::set_global_default(registry.with(lines.with_filter(ours)))
    };
    json.and(level).map(|_| ())
}

fn is_ours(target: &str) -> bool {
    ["rotation_", "rotator_", "postgres_session", "database_tls"]
        .iter()
        .any(|prefix| target.starts_with(prefix))
}

/// The outcome line of one invocation.
pub(crate) struct Line<'a> {
    pub(crate) request_id: &'a str,
    /// Absent where it could not be read.
    pub(crate) event: Option<&'a RotationEvent>,
    pub(crate) engine: &'static str,
    pub(crate) strategy: &'static str,
    pub(crate) cold_start: bool,
    pub(crate) elapsed: Duration,
}

impl Line<'_> {
    /// Writes it, after a warning for each note.
    pub(crate) fn write(&self, outcome: &Result<Outcome, Failure>) {
        let Self { request_id, event, engine, strategy, cold_start, elapsed } = *self;
        let milliseconds = u64::try_from(elapsed.as_millis()).unwrap_or(u64::MAX);
        let step = event.map(|event| event.step.name());
        let secret = event.map(|event| event.secret.as_str());
        let version = event.map(|event| event.version.as_str());
        match outcome {
            Ok(outcome) => {
                for note in notes(outcome) {
                    tracing::warn!(request_id, secret, version, "{note}");
                }
                let outcome = word(outcome);
                let step_name = step.unwrap_or_default();
                tracing::info!(
                    request_id,
                    step,
                    secret,
                    version,
                    engine,
                    strategy,
                    cold_start,
                    milliseconds,
                    outcome,
                    "{step_name}: {outcome}"
                );
            }
            Err(Failure { code, message, hint }) => tracing::error!(
                request_id,
                step,
                secret,
                version,
                engine,
                strategy,
                cold_start,
                milliseconds,
                outcome = "failed",
                code = code.name(),
                hint,
                "{code}: {message}"
            ),
        }
    }
}

fn word(outcome: &Outcome) -> &'static str {
    match outcome {
        Outcome::AlreadyDone => "already_done",
        Outcome::AlreadyCreated => "already_created",
        Outcome::Created => "created",
        Outcome::Set(Applied::AlreadySet) => "already_set",
        Outcome::Set(Applied::Changed(_)) => "changed",
        Outcome::Tested => "tested",
        Outcome::Finished => "finished",
    }
}

fn notes(outcome: &Outcome) -> &[String] {
    match outcome {
        Outcome::Set(Applied::Changed(committed)) => &committed.notes,
        _ => &[],
    }
}
