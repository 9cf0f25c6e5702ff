//! The model in its environment: the clock, the random source, the file, the functions, and the faults that
//! tests inject.

mod rotations;

use std::{
    collections::{BTreeMap, HashMap, VecDeque},
    io,
    sync::{Arc, Mutex, MutexGuard},
    time::{Duration, Instant, SystemTime},
};

// Circle: the service starts the task that drives a rotation, and that task reports to the service.
use serde_json::Value;
use tokio::{sync::Notify, task::JoinSet};

use super::{
    Call, ErrorCode, Fault, FaultKind, Operation, RotationRecord, ServiceError, Settings, driver,
    fault::{Faults, dropped, throttled},
    hold::{Groups, Held, Hold, Holds, Kept},
    model::{Entropy, Model, Moment, SecretArn, Timestamp},
    state_file,
};
use crate::Function;

/// Everything behind the endpoint.
pub(crate) struct Service {
    settings: Settings,
    state: Mutex<State>,
    functions: Mutex<HashMap<String, Arc<dyn Function>>>,
    records: Mutex<BTreeMap<(String, String), RotationRecord>>,
    /// Notified whenever a rotation ends.
    pub(super) ended: Notify,
    tasks: Mutex<JoinSet<()>>,
    groups: Groups,
}

struct State {
    model: Model,
    faults: Faults,
    holds: Holds,
    /// Requests and answers of clients so far.
    events: u64,
    delay: Duration,
    calls: Vec<Call>,
    /// The times of the value writes in the last second.
    writes: VecDeque<Instant>,
    /// What reads of a secret still see, and how many of them.
    lagging: HashMap<SecretArn, (Model, u32)>,
}

impl Service {
    pub(crate) fn open(settings: Settings) -> io::Result<Self> {
        let kept = settings.state_file.as_deref().map(state_file::load).transpose()?.flatten();
        let mut model = kept.unwrap_or_else(|| Model::new(&settings.region, &settings.account));
        model.require_rotation_token(settings.rotation.require_rotation_token);
        let state = State {
            model,
            faults: Faults::default(),
            holds: Holds::default(),
            events: 0,
            delay: settings.trouble.delay,
            calls: Vec::new(),
            writes: VecDeque::new(),
            lagging: HashMap::new(),
        };
        Ok(Self {
            settings,
            state: Mutex::new(state),
            functions: Mutex::default(),
            records: Mutex::default(),
            ended: Notify::new(),
            tasks: Mutex::default(),
            groups: Groups::default(),
        })
    }

    /// Answers a client: delayed, refused and logged as the test has requested.
    ///
    /// Not cancel safe in one way only: dropped while it is delayed or held, it is not logged, and takes no
    /// effect unless its answer alone is held.
    pub(crate) async fn call(
        self: &Arc<Self>,
        operation: Operation,
        request: Value,
    ) -> Result<Value, ServiceError> {
        let (mut call, delay, fault, kept) = {
            let mut state = self.state();
            let id = request.get("SecretId").and_then(Value::as_str);
            let arn = id.and_then(|id| state.model.resolve(id)).map(|arn| arn.as_str().to_owned());
            let call = Call::begin(operation, &request, arn, state.next_event());
            (call, state.delay, state.faults.meet(operation), state.holds.meet(operation))
        };
        self.groups.arrive().await;
        let kept = Kept::wait(kept, Held::Request).await;
        let extra = if let Some(FaultKind::Delay(extra)) = fault { extra } else { Duration::ZERO };
        let wait = delay.saturating_add(extra);
        if !wait.is_zero() {
            pause(wait).await;
        }
        let answer = match fault.and_then(FaultKind::refusal) {
            Some(refusal) => Err(refusal),
            None => self.effect(operation, request),
        };
        let answer = match fault {
            Some(FaultKind::DropAfterEffect) => Err(dropped()),
            Some(_) | None => answer,
        };
        Kept::wait(kept, Held::Answer).await;
        call.end = Instant::now();
        call.error = answer.as_ref().err().map(|error| error.code);
        let mut state = self.state();
        call.answer = state.next_event();
        state.calls.push(call);
        answer
    }

    /// Answers at once, unlogged and without faults: the test's direct access.
    pub(crate) fn call_inside(
        self: &Arc<Self>,
        operation: Operation,
        request: Value,
    ) -> Result<Value, ServiceError> {
        let mut state = self.state();
        let answer = self.apply(&mut state, operation, request);
        self.drive_orders(&mut state);
        answer
    }

    fn effect(self: &Arc<Self>, operation: Operation, request: Value) -> Result<Value, ServiceError> {
        let mut state = self.state();
        if operation.is_value_write() && state.is_throttled(self.settings.trouble.writes_per_second) {
            return Err(throttled());
        }
        let id = request.get("SecretId").and_then(Value::as_str);
        let arn = id.and_then(|id| state.model.resolve(id));
        if operation.reads_a_secret()
            && let Some(arn) = &arn
            && let Some((before, left)) = state.lagging.get_mut(arn).filter(|(_, left)| *left > 0)
        {
            *left -= 1;
            return before.call(operation, request, &mut moment(&mut OperatingSystem));
        }
        let stale_reads = self.settings.trouble.stale_reads;
        let before = match &arn {
            Some(arn) if stale_reads > 0 && operation.writes() => state.model.with_only(arn),
            Some(_) | None => None,
        };
        let answer = self.apply(&mut state, operation, request);
        if let (Ok(_), Some(arn), Some(before)) = (&answer, arn, before) {
            state.lagging.insert(arn, (before, stale_reads));
        }
        self.drive_orders(&mut state);
        answer
    }

    /// The model's answer.
    fn apply(&self, state: &mut State, operation: Operation, request: Value) -> Result<Value, ServiceError> {
        let call = |model: &mut Model| model.call(operation, request, &mut moment(&mut OperatingSystem));
        if operation.writes() { self.change(state, call) } else { call(&mut state.model) }
    }

    /// A change of the model, written to the file before it is visible.
    fn change<T>(
        &self,
        state: &mut State,
        change: impl FnOnce(&mut Model) -> Result<T, ServiceError>,
    ) -> Result<T, ServiceError> {
        let before = self.settings.state_file.is_some().then(|| state.model.clone());
        let answer = change(&mut state.model)?;
        if let Some(before) = before
            && let Err(error) = self.keep(&state.model)
        {
            state.model = before;
            return Err(ServiceError::new(
                ErrorCode::InternalServiceError,
                format!("the state file cannot be written: {error}"),
            ));
        }
        Ok(answer)
    }

    fn keep(&self, model: &Model) -> io::Result<()> {
        self.settings.state_file.as_deref().map_or(Ok(()), |path| state_file::save(model, path))
    }

    fn drive_orders(self: &Arc<Self>, state: &mut State) {
        let mut tasks = self.tasks.lock().expect("no holder panics");
        while tasks.try_join_next().is_some() {}
        for order in state.model.take_orders() {
            self.record(&order, |record| record.outcome = None);
            tasks.spawn(driver::drive(Arc::clone(self), order));
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().expect("no holder panics")
    }
}

/// The requests of the handle.
impl Service {
    pub(crate) fn register(&self, arn: &str, function: Arc<dyn Function>) {
        self.functions.lock().expect("no holder panics").insert(arn.to_owned(), function);
        self.state().model.allow_function(arn);
    }

    /// Turns a secret into one that a service of AWS manages, with tags of that service.
    pub(crate) fn give_to_service(
        &self,
        secret: &str,
        service: &str,
        tags: &[(&str, &str)],
    ) -> Result<(), ServiceError> {
        let mut state = self.state();
        let now = moment(&mut OperatingSystem).now;
        self.change(&mut state, |model| model.give_to_service(secret, service, tags, now))
    }

    pub(crate) fn make_replica(&self, secret: &str, primary_region: &str) -> Result<(), ServiceError> {
        self.change(&mut self.state(), |model| model.make_replica(secret, primary_region))
    }

    pub(crate) fn inject(&self, fault: Fault) {
        self.state().faults.add(fault);
    }

    pub(crate) fn clear_faults(&self) {
        self.state().faults.clear();
    }

    pub(crate) fn hold(&self, operation: Operation, after: u32, held: Held) -> Hold {
        self.state().holds.add(operation, after, held)
    }

    pub(crate) fn expect_together(&self, groups: &[usize]) {
        self.groups.expect(groups);
    }

    pub(crate) fn set_delay(&self, delay: Duration) {
        self.state().delay = delay;
    }

    pub(crate) fn calls(&self) -> Vec<Call> {
        self.state().calls.clone()
    }

    pub(crate) fn take_calls(&self) -> Vec<Call> {
        std::mem::take(&mut self.state().calls)
    }

    /// Ends the rotations in progress, and drops the functions, which may hold handles of their own.
    pub(crate) fn close(&self) {
        self.tasks.lock().expect("no holder panics").abort_all();
        self.functions.lock().expect("no holder panics").clear();
    }
}

impl State {
    fn next_event(&mut self) -> u64 {
        self.events += 1;
        self.events
    }

    /// Counts a value write, or reports that it exceeds the limit.
    fn is_throttled(&mut self, limit: Option<u32>) -> bool {
        let Some(limit) = limit else {
            return false;
        };
        let now = Instant::now();
        self.writes.retain(|write| now.duration_since(*write) < Duration::from_secs(1));
        if self.writes.len() >= limit as usize {
            return true;
        }
        self.writes.push_back(now);
        false
    }
}

/// How late the runtime's timer may be, as it counts whole milliseconds and shares its thread.
const TIMER_LAG: Duration = Duration::from_millis(3);

/// Waits as long as requested and hardly longer: a measurement of a function against a delay must not include
/// the timer's error. The system's own timer waits for the rest; that cannot be dropped, but ends almost at
/// once.
async fn pause(wait: Duration) {
    let end = Instant::now() + wait;
    tokio::time::sleep(wait.saturating_sub(TIMER_LAG)).await;
    let rest = end.saturating_duration_since(Instant::now()).min(TIMER_LAG);
    if !rest.is_zero() {
        // Fails only where the runtime is ending.
        let _ = tokio::task::spawn_blocking(move || std::thread::sleep(rest)).await;
    }
}

/// The operating system's random source.
struct OperatingSystem;

impl Entropy for OperatingSystem {
    fn fill(&mut self, bytes: &mut [u8]) {
        getrandom::fill(bytes).expect("the operating system gives random bytes");
    }
}

#[expect(clippy::disallowed_methods, reason = "this is the model's clock")]
fn moment(entropy: &mut dyn Entropy) -> Moment<'_> {
    let elapsed = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
    Moment { now: Timestamp::since_epoch(elapsed.expect("the clock is past 1970")), entropy }
}
