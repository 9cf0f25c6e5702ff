//! The runtime loop.

use std::{cell::Cell, pin::Pin, process::ExitCode, rc::Rc};

use lambda_runtime::{Context, LambdaEvent, service_fn};
use rotation_aws::{Access, SecretsManager};
use rotation_config::{Config, ConfigError, Environment, FunctionSettings, StrategyKind};
use rotation_core::{
    Deadline, EventError, Invocation, Invoker, Journal, Outcome, RotationError, RotationEvent, Rotator,
    Target, TimedOut,
    diagnosis::{Diagnosable, Severity},
};
use rotation_database::{Database, DatabaseLookup, Engine, NoDatabaseLookup, Strategy};
use rotation_doctor::{ByVerify, Diagnosis};
use serde_json::{Value, value::RawValue};
use tokio::time::Instant;

use crate::{
    core_files,
    diagnosis::Request,
    dry_run,
    failure::Failure,
    log::Log,
    metrics::Metrics,
    panic::{self, caught},
    report::Report,
    time_limit::TimeLimit,
};

/// The largest event that is parsed, in bytes. The service's own events have a few hundred.
const MAX_EVENT: usize = 64 * 1024;

/// The names of a function in log lines and metrics.
#[derive(Clone, Copy, Debug)]
pub struct FunctionName {
    /// What it rotates: `PostgreSQL`.
    pub engine: &'static str,
    /// The strategy: `single user`.
    pub strategy: &'static str,
}

/// Serves a function that rotates any [`Target`] until Lambda ends the process. `settings` reads the
/// environment once, and returns what makes a target for each invocation; [`Access`] gives access to other
/// AWS services with the function's role.
///
/// A function whose settings are wrong serves as well: it answers every invocation with what is wrong, where
/// a process that ends would only show "exited". For the event `{"doctor": "<secret>"}`, each version is
/// tried with [`Target::verify`].
pub fn serve<T: Target, M: Fn(&Invocation) -> T>(
    name: FunctionName,
    settings: impl FnOnce(&Environment, &Access) -> Result<M, ConfigError>,
) -> ExitCode {
    serve_looking::<T, M, LookByVerify>(name, |environment, _, access| settings(environment, access))
}

/// Serves a function in which the user of a secret changes its own password, as [`serve()`] does.
pub fn serve_single_user<E: Engine>(engine: impl FnOnce(&Environment) -> Result<E, ConfigError>) -> ExitCode {
    serve_database(StrategyKind::SingleUser, engine, |_, _| Strategy::<NoDatabaseLookup>::SingleUser)
}

/// Serves a function in which a master changes alternating users, as [`serve()`] does.
pub fn serve_master_user<E: Engine, D: DatabaseLookup + Clone>(
    engine: impl FnOnce(&Environment) -> Result<E, ConfigError>,
    lookup: impl FnOnce(Access) -> D,
) -> ExitCode {
    serve_database(StrategyKind::MasterUser, engine, |config, access| Strategy::MasterUser {
        master: config.master.clone(),
        lookup: lookup(access.clone()),
    })
}

fn serve_database<E: Engine, D: DatabaseLookup + Clone>(
    kind: StrategyKind,
    engine: impl FnOnce(&Environment) -> Result<E, ConfigError>,
    strategy: impl FnOnce(&Config, &Access) -> Strategy<D>,
) -> ExitCode {
    let name = FunctionName { engine: E::PROFILE.id, strategy: kind.name() };
    serve_looking::<_, _, LookInside>(name, |environment, function, access| {
        let config = Config::with(function.clone(), environment, kind, &E::PROFILE)?;
        let engine = Rc::new(engine(environment)?);
        let strategy = strategy(&config, access);
        Ok(move |invocation: &Invocation| {
            Database::new(Rc::clone(&engine), strategy.clone(), config.database.clone(), invocation)
        })
    })
}

fn serve_looking<T: Target, M: Fn(&Invocation) -> T, L: Look<T>>(
    name: FunctionName,
    settings: impl FnOnce(&Environment, &FunctionSettings, &Access) -> Result<M, ConfigError>,
) -> ExitCode {
    core_files::forbid();
    let environment = Environment::of_process();
    panic::silence();
    let (log, logging) = Log::start(&environment);
    let metrics = Metrics::parse(&environment);
    let function = logging
        .and(metrics.clone())
        .and_then(|_| FunctionSettings::from_environment(&environment))
        .and_then(|function| {
            let access = Access::in_lambda(&function.endpoint, function.access_key.as_ref());
            let target = settings(&environment, &function, &access)?;
            Ok(Function { store: SecretsManager::of(&access), target, settings: function })
        })
        .map_err(|error| Failure::from(&error));
    drop(environment);
    let shell = Shell { name, log, metrics: metrics.unwrap_or(Metrics::On) };
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
        .and_then(|runtime| runtime.block_on(run::<T, M, L>(&shell, &function)))
    {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            tracing::error!("the runtime loop ended: {error}");
            ExitCode::FAILURE
        }
    }
}

/// The parts with which an invocation works.
struct Function<M> {
    store: SecretsManager,
    /// Makes the target for an invocation.
    target: M,
    settings: FunctionSettings,
}

/// How invocations are reported.
struct Shell {
    name: FunctionName,
    log: Log,
    metrics: Metrics,
}

async fn run<T: Target, M: Fn(&Invocation) -> T, L: Look<T>>(
    shell: &Shell,
    function: &Result<Function<M>, Failure>,
) -> Result<(), lambda_runtime::Error> {
    let cold_start = &Cell::new(true);
    let handler = service_fn(async |invocation: LambdaEvent<Box<RawValue>>| {
        let began = Instant::now();
        let payload = read(&invocation.payload);
        if let (Ok(function), Ok(Some(request))) = (function, payload.as_ref().map(Request::of)) {
            cold_start.set(false);
            return function.diagnose::<T, L>(request, &invocation.context, shell).await;
        }
        let event = payload.and_then(|payload| RotationEvent::from_json(&payload));
        let journal = Journal::default();
        let outcome = match (function, &event) {
            (Err(failure), _) => Err(failure.clone()),
            (Ok(_), Err(error)) => Err(RotationError::from(error.clone()).into()),
            (Ok(function), Ok(event)) => {
                let rotated = caught(function.rotate::<T>(event, &invocation.context, &journal)).await;
                let rotated = rotated.map_err(Failure::from).and_then(|it| it.map_err(Failure::from));
                rotated.map_err(|failure| failure.about(&event.secret, Some(&event.version)))
            }
        };
        Report {
            request_id: &invocation.context.request_id,
            event: event.as_ref().ok(),
            engine: shell.name.engine,
            strategy: shell.name.strategy,
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

impl<M> Function<M> {
    /// Boxed, because the SDK's futures nest more deeply than the compiler can lay out in one piece.
    fn rotate<'a, T: Target + 'a>(
        &'a self,
        event: &'a RotationEvent,
        context: &'a Context,
        journal: &Journal,
    ) -> Pin<Box<dyn Future<Output = Result<Outcome, RotationError>> + 'a>>
    where
        M: Fn(&Invocation) -> T,
    {
        let limit = TimeLimit::of(context);
        let invocation = Invocation { journal: journal.clone(), ..self.invocation(context, limit.deadline) };
        let dry_run = self.settings.dry_run;
        let work = async move {
            // Made inside this future, where a panic is caught.
            let target = (self.target)(&invocation);
            let rotator = Rotator::new(self.store.within(limit.deadline), target, &invocation);
            if !dry_run {
                return rotator.rotate(event).await;
            }
            // After a success the service would go on to finishSecret and promote a version without a value.
            let Some(dry_run) = rotator.dry_run(event).await? else {
                return Ok(Outcome::AlreadyDone);
            };
            dry_run::write(&context.request_id, event, &dry_run);
            Err(dry_run.end())
        };
        Box::pin(async move { limit.bound(work).await.unwrap_or_else(|| Err(TimedOut.into())) })
    }

    /// Boxed, like [`Function::rotate`].
    fn diagnose<'a, T: Target + 'a, L: Look<T>>(
        &'a self,
        request: Result<Request, EventError>,
        context: &'a Context,
        shell: &'a Shell,
    ) -> Pin<Box<dyn Future<Output = Result<Value, Failure>> + 'a>>
    where
        M: Fn(&Invocation) -> T,
    {
        Box::pin(async move {
            let began = Instant::now();
            let request = request.map_err(|error| Failure::from(RotationError::from(error)))?;
            let invocation = self.invocation(context, TimeLimit::of(context).deadline);
            let diagnosed = caught(async {
                let target = (self.target)(&invocation);
                L::diagnose(&target, &request, &self.store, &invocation).await
            })
            .await;
            let diagnosed = diagnosed.map_err(Failure::from).and_then(|it| it.map_err(Failure::from));
            let severity = diagnosed.as_ref().map_or(Severity::Fault, Diagnosis::severity);
            let FunctionName { engine, strategy } = shell.name;
            shell.metrics.record_diagnosis(engine, strategy, began.elapsed(), severity);
            request.answer(&context.request_id, diagnosed)
        })
    }

    fn invocation(&self, context: &Context, deadline: Deadline) -> Invocation {
        let arn = context.invoked_function_arn.clone();
        let foreign_secrets = self.settings.foreign_secrets;
        Invocation::new(Invoker::Function { arn, foreign_secrets }, deadline)
    }
}

/// How the doctor event diagnoses a target.
trait Look<T> {
    /// # Errors
    /// As for [`Request::diagnose`].
    async fn diagnose(
        target: &T,
        request: &Request,
        store: &SecretsManager,
        invocation: &Invocation,
    ) -> Result<Diagnosis, RotationError>;
}

/// With the target's own diagnosis port.
enum LookInside {}

impl<T: Diagnosable> Look<T> for LookInside {
    async fn diagnose(
        target: &T,
        request: &Request,
        store: &SecretsManager,
        invocation: &Invocation,
    ) -> Result<Diagnosis, RotationError> {
        request.diagnose(store, target, invocation).await
    }
}

/// With only what every target can do.
enum LookByVerify {}

impl<T: Target> Look<T> for LookByVerify {
    async fn diagnose(
        target: &T,
        request: &Request,
        store: &SecretsManager,
        invocation: &Invocation,
    ) -> Result<Diagnosis, RotationError> {
        request.diagnose(store, &ByVerify(target), invocation).await
    }
}

fn read(payload: &RawValue) -> Result<Value, EventError> {
    let text = payload.get();
    if text.len() > MAX_EVENT {
        return Err(EventError::Malformed);
    }
    serde_json::from_str(text).map_err(|_| EventError::Malformed)
}
