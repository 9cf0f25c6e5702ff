//! How lines are written to standard output: JSON or text, as Lambda's logging configuration asks.

use std::{
    borrow::Cow,
    io::{self, Write as _},
    time::{SystemTime, UNIX_EPOCH},
};

use rotation_config::{ConfigError, Environment};
use tracing::{Level, level_filters::LevelFilter};
use tracing_subscriber::{
    Layer,
    filter::filter_fn,
    fmt::{format::Writer, time::FormatTime},
    layer::SubscriberExt,
};

use crate::{core_files, panic};

/// Writes the log lines of this workspace's crates to standard output, for a function that writes lines of
/// its own. From now on a panic reports only its place, and no core file is written.
///
/// # Errors
/// [`ConfigError`] for an unknown format or level; logging is set up with the default nevertheless.
pub fn start_log(environment: &Environment) -> Result<(), ConfigError> {
    core_files::forbid();
    panic::silence();
    Log::start(environment).1
}

/// How lines are written.
#[derive(Clone, Debug)]
pub(crate) struct Log {
    pub(crate) format: Format,
    most: LevelFilter,
    /// The name of the function, from Lambda.
    pub(crate) service: String,
}

/// The format of a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Format {
    Json,
    Text,
}

impl Log {
    /// Writes the log lines of this workspace's crates to standard output. Lines of libraries are left out:
    /// drivers log statements, and the runtime logs events.
    ///
    /// # Errors
    /// [`ConfigError`] for an unknown format or level; logging is set up with the default nevertheless.
    pub(crate) fn start(environment: &Environment) -> (Self, Result<(), ConfigError>) {
        let formats = [("json", Format::Json), ("text", Format::Text)];
        let format =
            environment.choice("AWS_LAMBDA_LOG_FORMAT", &formats, Format::Text, "must be JSON or Text");
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
        let log = Self {
            format: *format.as_ref().unwrap_or(&Format::Text),
            most: *level.as_ref().unwrap_or(&LevelFilter::INFO),
            service: environment.text("AWS_LAMBDA_FUNCTION_NAME").unwrap_or("rotator").to_owned(),
        };
        log.subscribe();
        (log, format.and(level).map(|_| ()))
    }

    fn subscribe(&self) {
        let most = self.most;
        let ours = filter_fn(move |line| *line.level() <= most && is_ours(line.target()));
        let lines = tracing_subscriber::fmt::layer().with_ansi(false).with_target(false);
        let registry = tracing_subscriber::registry();
        // A second subscriber in one process, as in a test, is refused; the first one stays.
        let _ = match self.format {
            Format::Json => {
                let lines = lines.json().flatten_event(true).with_current_span(false).with_span_list(false);
                tracing::subscriber::set_global_default(registry.with(lines.with_filter(ours)))
            }
            Format::Text => tracing::subscriber::set_global_default(registry.with(lines.with_filter(ours))),
        };
    }

    /// Whether lines of this level are enabled.
    pub(crate) fn writes(&self, level: Level) -> bool {
        level <= self.most
    }
}

/// A message as one line. Characters that would end the line, or control a terminal that shows the log, are
/// escaped, because they may come from a name in a secret.
pub(crate) fn one_line(message: &str) -> Cow<'_, str> {
    if !message.contains(char::is_control) {
        return message.into();
    }
    let escape = |sign: char| if sign.is_control() { sign.escape_debug().to_string() } else { sign.into() };
    message.chars().map(escape).collect::<String>().into()
}

/// One write for each line, so that lines do not interleave. If standard output is closed, the line is
/// lost.
pub(crate) fn write_line(text: &str) {
    let _ = io::stdout().lock().write_all(format!("{text}\n").as_bytes());
}

/// The time of day in UTC, to the microsecond, as every line begins.
pub(crate) fn timestamp() -> String {
    let mut text = String::new();
    let clock = tracing_subscriber::fmt::time::SystemTime;
    clock.format_time(&mut Writer::new(&mut text)).expect("a String takes any text");
    text
}

/// The time of day in milliseconds, for metrics.
pub(crate) fn milliseconds_since_1970() -> u64 {
    #[expect(clippy::disallowed_methods, reason = "metrics contain the time of day, and this is the shell")]
    let now = SystemTime::now();
    let since = now.duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
}

fn is_ours(target: &str) -> bool {
    // The crates of this workspace, by their common prefixes.
    ["rotation_", "rotator_", "database_", "network_discovery", "postgres_session"]
        .iter()
        .any(|prefix| target.starts_with(prefix))
}
