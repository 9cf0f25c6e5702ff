//! The runtime loop.

use std::{
    cell::Cell,
    pin::Pin,
    process::ExitCode,
    time::{Duration, SystemTime},
};

use lambda_runtime::{Context, LambdaEvent, service_fn};
use rotation_aws::SecretsManager;
use rotation_core::{
    Deadline, EventError, Invoker, Journal, Outcome, RotationError, RotationEvent, Rotator,
    database::{Database, Engine},
};
use serde_json::{Value, value::RawValue};
use tokio::time::Instant;

use crate::{
    config::{Config, StrategyKind},
    environment::{ConfigError, Environment},
    failure::Failure,
    log::Log,
    metrics::Metrics,
    report::Report,
};

/// Kept free at the end of an invocation, so that the answer leaves before Lambda ends the process.
const MARGIN: Duration = Duration::from_millis(500);
/// Used where the runtime gives no deadline, as some local emulators do; Lambda's own default for these functions.
const DEFAULT_TIME: Duration = Duration::from_secs(30);
/// The largest event that is looked at, in bytes. The service's own have a few hundred.
const MAX_EVENT: usize = 64 * 1024;

/// Serves invocations until Lambda ends the process. A function whose settings are wrong serves as well: it answers
/// every invocation with what is wrong, where a process that ends would only show "exited".
pub fn serve<E: Engine>(
    strategy: StrategyKind,
    engine: impl FnOnce(&Environment) -> Result<E, ConfigError>,
) -> ExitCode {
    let environment = Environment::of_process();
    let (log, logging) = Log::start(&environment);
    let metrics = Metrics::parse(&environment);
    let config = logging
        .and(metrics.clone())
        .and_then(|_| Config::parse(&environment, strategy, &E::PROFILE))
        .and_then(|config| Ok((engine(&environment)?, config)));
    drop(environment);
    let function = match config {
        Ok((engine, config)) => {
            let store = SecretsManager::in_lambda(&config.endpoint, config.access_key.as_ref());
            Ok(Function { engine, store, config })
        }
        Err(error) => Err(Failure::from(&error)),
    };
    let shell = Shell { strategy, log, metrics: metrics.unwrap_or(Metrics::On) };
    if let Err(failure) = &function {
        tracing::error!(
            code = failure.code.name(),
            hint = failure.hint,
            "{}: {}",
            failure.code,
            failure.message
        );
    }
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    match runtime
        .map_err(lambda_runtime::Error::from)
        .and_then(|runtime| runtime.block_on(run(&shell, &function)))
    {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            tracing::error!("the runtime loop ended: {error}");
            ExitCode::FAILURE
        }
    }
}

/// What an invocation works with.
struct Function<E> {
    engine: E,
    store: SecretsManager,
    config: Config,
}

/// How invocations are reported.
struct Shell {
    strategy: StrategyKind,
    log: Log,
    metrics: Metrics,
}

async fn run<E: Engine>(
    shell: &Shell,
    function: &Result<Function<E>, Failure>,
) -> Result<(), lambda_runtime::Error> {
    let cold_start = &Cell::new(true);
    let handler = service_fn(async |invocation: LambdaEvent<Box<RawValue>>| {
        let began = Instant::now();
        let event = read(&invocation.payload);
        let journal = Journal::default();
        let outcome = match (function, &event) {
            (Err(failure), _) => Err(failure.clone()),
            (Ok(_), Err(error)) => Err(RotationError::from(error.clone()).into()),
            (Ok(function), Ok(event)) => {
                function.rotate(event, &invocation.context, &journal).await.map_err(Failure::from)
            }
        };
        Report {
            request_id: &invocation.context.request_id,
            event: event.as_ref().ok(),
            engine: E::PROFILE.name,
            strategy: shell.strategy.name(),
            cold_start: cold_start.replace(false),
            elapsed: began.elapsed(),
            journal: &journal,
            outcome: &outcome,
        }
        .write(&shell.log, shell.metrics);
        outcome.map(|_| Value::Null)
    });
    lambda_runtime::run(handler).await
}

impl<E: Engine> Function<E> {
    /// Boxed, because the SDK's futures nest deeper than the compiler lays out in one piece.
    fn rotate<'a>(
        &'a self,
        event: &'a RotationEvent,
        context: &'a Context,
        journal: &Journal,
    ) -> Pin<Box<dyn Future<Output = Result<Outcome, RotationError>> + 'a>> {
        let deadline = deadline(context);
        let Config { strategy, passwords, require_tls, foreign_secrets, .. } = &self.config;
        let target = Database::new(&self.engine, strategy.clone(), passwords.clone(), *require_tls, deadline)
            .recorded_in(journal);
        let invoker = Invoker::Function {
            arn: context.invoked_function_arn.clone(),
            foreign_secrets: *foreign_secrets,
        };
        let rotator = Rotator::new(self.store.clone(), target, invoker).recorded_in(journal);
        Box::pin(async move { rotator.rotate(event, deadline).await })
    }
}

fn read(payload: &RawValue) -> Result<RotationEvent, EventError> {
    let text = payload.get();
    if text.len() > MAX_EVENT {
        return Err(EventError::Malformed);
    }
    let event: Value = serde_json::from_str(text).map_err(|_| EventError::Malformed)?;
    RotationEvent::from_json(&event)
}

fn deadline(context: &Context) -> Deadline {
    #[expect(
        clippy::disallowed_methods,
        reason = "the deadline comes as a time of day, and this is the shell"
    )]
    let now = SystemTime::now();
    let left = context.deadline().duration_since(now).unwrap_or_default();
    Deadline::after(if left.is_zero() { DEFAULT_TIME } else { left.saturating_sub(MARGIN) })
}
