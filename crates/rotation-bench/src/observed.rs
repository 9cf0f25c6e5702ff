//! A function whose process is read after each invocation.

use std::{
    path::PathBuf,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use local_aws::{BoxFuture, Function, FunctionError, InvocationReport, LambdaBuilder, LambdaFunction};
use serde_json::Value;

// Circle: the world runs a rotation by an observed function, and the function is launched into that world.
use crate::{
    control_group::ControlGroup,
    engine::Strategy,
    failure::Failure,
    launch::{self, Launch},
    process::Use,
    sample::Step,
    subject::Subject,
    world::{Route, World},
};

/// How long one step, or the start, may take. The slowest, a clone with the most grants, needs a part of a
/// minute.
const STEP_LIMIT: Duration = Duration::from_mins(5);

/// A function in a control group, where there is one.
#[derive(Clone)]
pub(crate) struct Observed {
    function: LambdaFunction,
    group: Option<Arc<ControlGroup>>,
    /// The group's processor time before the process began.
    before: Duration,
    record: PathBuf,
    readings: Arc<Mutex<Vec<Reading>>>,
}

/// What a process has cost since it became the function.
#[derive(Clone, Copy, Debug, Default)]
struct Reading {
    processor: Duration,
    page_faults: u64,
}

/// What one rotation of a process cost.
pub(crate) struct Rotation {
    pub(crate) steps: [Step; 4],
    /// From just before it became the function to the first request for work; `None` where it was warm.
    pub(crate) start: Option<Duration>,
    pub(crate) page_faults: u64,
    /// The highest resident set of the process so far.
    pub(crate) peak_kib: u64,
}

impl Observed {
    /// Prepares a subject; nothing runs before the first invocation.
    pub(crate) fn new(
        world: &World,
        subject: &Subject,
        route: &Route,
        group: Option<&Arc<ControlGroup>>,
    ) -> Result<Self, Failure> {
        let record = world.folder().join("launched");
        let doors = group.map(|group| group.doors().collect::<Vec<_>>()).unwrap_or_default();
        let mut builder = LambdaFunction::builder(std::env::current_exe()?)
            .name("measured")
            .timeout(STEP_LIMIT)
            .start_limit(STEP_LIMIT)
            .env("SECRETS_MANAGER_ENDPOINT", &route.store)
            .env("AWS_CA_BUNDLE", world.store_authority().to_string_lossy())
            .env("TLS_CA_BUNDLE", world.database_authority().to_string_lossy())
            .env("EXCLUDE_CHARACTERS", ":/@\"'\\");
        if subject.strategy == Some(Strategy::MasterUser) {
            builder = builder.env("MASTER_SECRET_ARN", route.master_secret(subject.ssl));
        }
        let launcher = launch::arguments(&record, doors.into_iter());
        builder = launcher.into_iter().fold(builder, LambdaBuilder::arg);
        builder = builder.arg(subject.program.to_string_lossy());
        builder = subject.arguments.iter().fold(builder, LambdaBuilder::arg);
        for (name, value) in &subject.environment {
            builder = builder.env(name, value);
        }
        let group = group.cloned();
        let before = group.as_ref().map(|group| group.processor_time()).transpose()?.unwrap_or_default();
        Ok(Self { function: builder.build()?, group, before, record, readings: Arc::default() })
    }

    pub(crate) fn arn(&self) -> &str {
        self.function.arn()
    }

    /// What its process has written.
    pub(crate) fn output(&self) -> String {
        self.function.output()
    }

    /// Ends its process.
    pub(crate) async fn kill(&self) {
        self.function.kill().await;
    }

    /// The rotation that ended last, whose steps are the last four invocations.
    pub(crate) fn last_rotation(&self) -> Result<Rotation, Failure> {
        let (reports, readings) = (self.function.reports(), self.readings());
        let steps = reports.len().checked_sub(4).filter(|_| readings.len() == reports.len());
        let first = steps.ok_or("a rotation has four steps, each with a reading of its process")?;
        let before = first.checked_sub(1).map(|last| readings[last]).unwrap_or_default();
        let mut previous = before;
        let mut cost = |index: usize| {
            let reading = readings[first + index];
            let processor = reading.processor.saturating_sub(previous.processor);
            previous = reading;
            Step { duration: reports[first + index].duration, processor }
        };
        let steps = [cost(0), cost(1), cost(2), cost(3)];
        let last = first + 3;
        Ok(Rotation {
            steps,
            start: start(&reports[first], &self.record)?,
            page_faults: readings[last].page_faults.saturating_sub(before.page_faults),
            peak_kib: reports[last].peak_rss_kib.ok_or("the peak memory could not be read")?,
        })
    }

    fn read(&self) -> Result<Reading, Failure> {
        let report = self.function.last_report().ok_or("the function was not invoked")?;
        let (launch, used) = (Launch::read(&self.record)?, Use::of_process(&report.process_id.to_string())?);
        let processor = match &self.group {
            Some(group) => group.processor_time()?.saturating_sub(self.before),
            None => used.processor.saturating_sub(launch.used.processor),
        };
        Ok(Reading { processor, page_faults: used.page_faults.saturating_sub(launch.used.page_faults) })
    }

    fn readings(&self) -> Vec<Reading> {
        self.readings.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl Function for Observed {
    fn invoke(&self, event: Value) -> BoxFuture<'_, Result<Value, FunctionError>> {
        Box::pin(async move {
            let answer = self.function.invoke(&event).await;
            // A process that has ended cannot be read; its rotation has failed.
            if let Ok(reading) = self.read() {
                self.readings.lock().unwrap_or_else(PoisonError::into_inner).push(reading);
            }
            answer
        })
    }
}

/// The start of the function itself: without that of its launcher.
fn start(report: &InvocationReport, record: &std::path::Path) -> Result<Option<Duration>, Failure> {
    let Some(init) = report.init else { return Ok(None) };
    let launched = Launch::read(record)?.at.duration_since(report.started).unwrap_or_default();
    Ok(Some(init.saturating_sub(launched)))
}
