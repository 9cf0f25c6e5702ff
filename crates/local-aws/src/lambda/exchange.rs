//! Where the caller and the process meet: at most one invocation, waiting or running.

use std::{
    sync::{Mutex, MutexGuard},
    time::{Duration, Instant},
};

use hyper::body::Bytes;
use serde_json::Value;
use tokio::sync::{Notify, oneshot};

use crate::function::FunctionError;

use super::lock::lock;

/// One event, on its way to the process.
pub(super) struct Invocation {
    pub(super) request_id: String,
    pub(super) event: Bytes,
    timeout: Duration,
}

/// What the process sent to the Runtime API.
pub(super) struct Answer {
    pub(super) result: Result<Value, FunctionError>,
    pub(super) received: Instant,
    pub(super) peak_rss_kib: Option<u64>,
}

/// State shared by the sandbox and the Runtime API of one process.
#[derive(Default)]
pub(super) struct Exchange {
    state: Mutex<State>,
    /// Notified when an invocation is put in.
    posted: Notify,
}

#[derive(Default)]
struct State {
    process_id: u32,
    waiting: Option<Invocation>,
    running: Option<String>,
    /// Taken by the first request for work.
    ready: Option<oneshot::Sender<Instant>>,
    /// Taken by the first answer.
    answer: Option<oneshot::Sender<Answer>>,
}

impl Invocation {
    pub(super) fn new(request_id: &str, event: &Value, timeout: Duration) -> Self {
        Self { request_id: request_id.to_owned(), event: Bytes::from(event.to_string()), timeout }
    }

    /// The deadline if the invocation starts now, in milliseconds since 1970.
    pub(super) fn deadline_ms(&self) -> i128 {
        let deadline = time::OffsetDateTime::now_utc() + self.timeout;
        deadline.unix_timestamp_nanos() / 1_000_000
    }
}

impl Exchange {
    pub(super) fn expect_ready(&self, process_id: u32) -> oneshot::Receiver<Instant> {
        let (sender, receiver) = oneshot::channel();
        let mut state = self.lock();
        state.process_id = process_id;
        state.ready = Some(sender);
        receiver
    }

    /// The channel for an error during initialization, or for the answer to the next invocation.
    pub(super) fn expect_answer(&self) -> oneshot::Receiver<Answer> {
        let (sender, receiver) = oneshot::channel();
        self.lock().answer = Some(sender);
        receiver
    }

    pub(super) fn post(&self, invocation: Invocation) {
        self.lock().waiting = Some(invocation);
        self.posted.notify_one();
    }

    /// Waits for the next invocation and marks it as running.
    ///
    /// Cancel safe: an invocation is taken only in the poll that returns it.
    pub(super) async fn next(&self) -> Invocation {
        if let Some(ready) = self.lock().ready.take() {
            // The receiver is gone when the sandbox has given up on the process.
            let _ = ready.send(Instant::now());
        }
        loop {
            {
                let mut state = self.lock();
                if let Some(invocation) = state.waiting.take() {
                    state.running = Some(invocation.request_id.clone());
                    return invocation;
                }
            }
            self.posted.notified().await;
        }
    }

    /// Takes the answer of the running invocation. `false` where `request_id` is not the running one.
    pub(super) fn answer(&self, request_id: &str, result: Result<Value, FunctionError>) -> bool {
        let received = Instant::now();
        let mut state = self.lock();
        if state.running.as_deref() != Some(request_id) {
            return false;
        }
        state.running = None;
        send(&mut state, result, received);
        true
    }

    /// Takes an error from before the first request for work. `false` after it.
    pub(super) fn init_error(&self, error: FunctionError) -> bool {
        let received = Instant::now();
        let mut state = self.lock();
        if state.ready.is_none() {
            return false;
        }
        send(&mut state, Err(error), received);
        true
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        lock(&self.state)
    }
}

fn send(state: &mut State, result: Result<Value, FunctionError>, received: Instant) {
    let peak_rss_kib = peak_rss_kib(state.process_id);
    if let Some(answer) = state.answer.take() {
        // The receiver is gone when the invocation has timed out meanwhile.
        let _ = answer.send(Answer { result, received, peak_rss_kib });
    }
}

/// `VmHWM` of a process (`man 5 proc_pid_status`).
fn peak_rss_kib(process_id: u32) -> Option<u64> {
    let status = std::fs::read_to_string(format!("/proc/{process_id}/status")).ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    line.trim().strip_suffix("kB")?.trim().parse().ok()
}
