//! The runtime loop.

use std::{cell::Cell, pin::Pin, process::ExitCode};

use lambda_runtime::{Context, LambdaEvent, service_fn};
use rotation_aws::{Access, SecretsManager};
use rotation_core::{
    Deadline, EventError, Invoker, Journal, Outcome, RotationError, RotationEvent, Rotator, TimedOut,
    diagnosis::Severity,
};
use rotation_database::{Database, Directory, Engine, NoDirectory, Strategy};
use rotation_doctor::Examination;
use serde_json::{Value, value::RawValue};
use tokio::time::Instant;

use crate::{
    config::{Config, StrategyKind},
    core_files,
    environment::{ConfigError, Environment},
    examination::Request,
    failure::Failure,
    log::Log,
    metrics::Metrics,
    panic::{self, caught},
    rehearsal,
    report::Report,
    time_limit::TimeLimit,
};

/// The largest event that is looked at, in bytes. The service's own have a few hundred.
const MAX_EVENT: usize = 64 * 1024;

/// Serves a function in which the user of a secret changes its own password, as [`serve_master_user`] does.
pub fn serve_single_user<E: Engine>(engine: impl FnOnce(&Environment) -> Result<E, ConfigError>) -> ExitCode {
    serve(StrategyKind::SingleUser, engine, |_, _| Strategy::<NoDirectory>::SingleUser)
}

/// Serves a function in which a master changes users that take turns, until Lambda ends the process. A function whose
/// settings are wrong serves as well: it answers every invocation with what is wrong, where a process that ends would
/// only show "exited".
pub fn serve_master_user<E: Engine, D: Directory + Clone>(
    engine: impl FnOnce(&Environment) -> Result<E, ConfigError>,
    directory: impl FnOnce(Access) -> D,
) -> ExitCode {
    serve(StrategyKind::AlternatingUsers, engine, |config, access| Strategy::AlternatingUsers {
        master: config.master.clone(),
        directory: directory(access),
    })
}

fn serve<E: Engine, D: Directory + Clone>(
    kind: StrategyKind,
    engine: impl FnOnce(&Environment) -> Result<E, ConfigError>,
    strategy: impl FnOnce(&Config, Access) -> Strategy<D>,
) -> ExitCode {
    core_files::forbid();
    let environment = Environment::of_process();
    panic::silence();
    let (log, logging) = Log::start(&environment);
    let metrics = Metrics::parse(&environment);
    let config = logging
        .and(metrics.clone())
        .and_then(|_| Config::parse(&environment, kind, &E::PROFILE))
        .and_then(|config| Ok((engine(&environment)?, config)));
    drop(environment);
    let function = match config {
        Ok((engine, config)) => {
            let access = Access::in_lambda(&config.endpoint, config.access_key.as_ref());
            let store = SecretsManager::of(&access);
            Ok(Function { engine, store, strategy: strategy(&config, access), config })
        }
        Err(error) => Err(Failure::from(&error)),
    };
    let shell = Shell { strategy: kind, log, metrics: metrics.unwrap_or(Metrics::On) };
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
struct Function<E, D> {
    engine: E,
    store: SecretsManager,
    strategy: Strategy<D>,
    config: Config,
}

/// How invocations are reported.
struct Shell {
    strategy: StrategyKind,
    log: Log,
    metrics: Metrics,
}

async fn run<E: Engine, D: Directory + Clone>(
    shell: &Shell,
    function: &Result<Function<E, D>, Failure>,
) -> Result<(), lambda_runtime::Error> {
    let cold_start = &Cell::new(true);
    let handler = service_fn(async |invocation: LambdaEvent<Box<RawValue>>| {
        let began = Instant::now();
        let payload = read(&invocation.payload);
        if let (Ok(function), Ok(Some(request))) = (function, payload.as_ref().map(Request::of)) {
            cold_start.set(false);
            return function.examine(request, &invocation.context, shell).await;
        }
        let event = payload.and_then(|payload| RotationEvent::from_json(&payload));
        let journal = Journal::default();
        let outcome = match (function, &event) {
            (Err(failure), _) => Err(failure.clone()),
            (Ok(_), Err(error)) => Err(RotationError::from(error.clone()).into()),
            (Ok(function), Ok(event)) => {
                let rotated = caught(function.rotate(event, &invocation.context, &journal)).await;
                rotated.map_err(Failure::from).and_then(|rotated| rotated.map_err(Failure::from))
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

impl<E: Engine, D: Directory + Clone> Function<E, D> {
    /// Boxed, because the SDK's futures nest deeper than the compiler lays out in one piece.
    fn rotate<'a>(
        &'a self,
        event: &'a RotationEvent,
        context: &'a Context,
        journal: &Journal,
    ) -> Pin<Box<dyn Future<Output = Result<Outcome, RotationError>> + 'a>> {
        let limit = TimeLimit::of(context);
        let deadline = limit.deadline;
        let target = self.database(deadline).proven_by(self.config.proof.clone()).recorded_in(journal);
        let rotator =
            Rotator::new(self.store.within(deadline), target, self.invoker(context)).recorded_in(journal);
        let dry_run = self.config.dry_run;
        let work = async move {
            if !dry_run {
                return rotator.rotate(event, deadline).await;
            }
            // Success would let the service go on to finishSecret, and promote a version without a value.
            let Some(rehearsal) = rotator.rehearse(event, deadline).await? else {
                return Ok(Outcome::AlreadyDone);
            };
            rehearsal::write(&context.request_id, event, &rehearsal);
            Err(rehearsal.end())
        };
        Box::pin(async move { limit.bound(work).await.unwrap_or_else(|| Err(TimedOut.into())) })
    }

    /// Boxed, as [`Function::rotate`] is.
    fn examine<'a>(
        &'a self,
        request: Result<Request, EventError>,
        context: &'a Context,
        shell: &'a Shell,
    ) -> Pin<Box<dyn Future<Output = Result<Value, Failure>> + 'a>> {
        Box::pin(async move {
            let began = Instant::now();
            let request = request.map_err(|error| Failure::from(RotationError::from(error)))?;
            let deadline = TimeLimit::of(context).deadline;
            let (database, invoker) = (self.database(deadline), self.invoker(context));
            let examined = caught(request.examine(&self.store, &database, invoker, deadline)).await;
            let examined = examined.map_err(Failure::from).and_then(|it| it.map_err(Failure::from));
            let severity = examined.as_ref().map_or(Severity::Fault, Examination::severity);
            shell.metrics.of_examination(E::PROFILE.name, shell.strategy.name(), began.elapsed(), severity);
            request.answer(&context.request_id, examined)
        })
    }

    fn database(&self, deadline: Deadline) -> Database<&E, D> {
        let Config { passwords, require_tls, adopting, rewriting, .. } = &self.config;
        Database::new(&self.engine, self.strategy.clone(), passwords.clone(), *require_tls, deadline)
            .adopting(adopting.clone())
            .rewriting(rewriting.clone())
    }

    fn invoker(&self, context: &Context) -> Invoker {
        let arn = context.invoked_function_arn.clone();
        Invoker::Function { arn, foreign_secrets: self.config.foreign_secrets }
    }
}

fn read(payload: &RawValue) -> Result<Value, EventError> {
    let text = payload.get();
    if text.len() > MAX_EVENT {
        return Err(EventError::Malformed);
    }
    serde_json::from_str(text).map_err(|_| EventError::Malformed)
}
