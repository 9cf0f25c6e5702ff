//! A local Lambda: starts any program as Lambda would and invokes it through the Runtime API.
//!
//! ```text
//! invoke ─> gate (one at a time) ─> Sandbox: one process and its own Runtime API server
//!                                     cold: exec, wait for the first GET next
//!                                     then: event ─> next ... response | error | exit | timeout
//! ```
//!
//! A program sees what the AWS manual describes in "Using the Lambda runtime API for custom runtimes" and
//! "Defined runtime environment variables"; a caller sees what `Invoke` returns, with `X-Amz-Function-Error`.

mod api;
mod exchange;
mod lock;
mod output;
mod sandbox;
mod settings;

use std::{
    path::PathBuf,
    sync::{Arc, Mutex},
    time::{Duration, Instant, SystemTime},
};

use serde_json::Value;
use tokio::sync::Mutex as AsyncMutex;
use uuid::Uuid;

use crate::function::{BoxFuture, Function, FunctionError};

use exchange::{Answer, Invocation};
use lock::lock;
use output::Output;
use sandbox::{Ended, ProcessHandle, Sandbox};
pub use settings::LambdaBuilder;
use settings::Settings;

/// The cost of one invocation, measured outside the process.
#[derive(Clone, Debug, PartialEq)]
pub struct InvocationReport {
    /// `Lambda-Runtime-Aws-Request-Id`.
    pub request_id: String,
    /// From just before exec to the first request for work; `None` where the process was warm.
    pub init: Option<Duration>,
    /// When `init` began, by the machine's clock: to compare with what the process itself has noted.
    pub started: SystemTime,
    /// From passing on the event to its answer, or to the end of the process.
    pub duration: Duration,
    /// The highest resident set of the process so far (`VmHWM`), in KiB; `None` where it ended without an
    /// answer.
    pub peak_rss_kib: Option<u64>,
    /// The process that was invoked.
    pub process_id: u32,
}

/// A program that is invoked as Lambda would invoke it.
///
/// The process starts at the first invocation and stays warm. It is killed when this value is dropped. Clones
/// share the process, so that one can [`kill`](Self::kill) it while another invokes it.
#[derive(Clone)]
pub struct LambdaFunction {
    shared: Arc<Shared>,
}

struct Shared {
    settings: Settings,
    output: Output,
    /// Holds the warm process between invocations; locked during an invocation.
    gate: AsyncMutex<Option<Sandbox>>,
    /// The process that `kill` reaches without the gate.
    process: Mutex<Option<ProcessHandle>>,
    reports: Mutex<Vec<InvocationReport>>,
}

impl LambdaFunction {
    /// Prepares the program at `path`; nothing runs before the first invocation.
    pub fn builder(path: impl Into<PathBuf>) -> LambdaBuilder {
        LambdaBuilder::new(path.into())
    }

    fn new(settings: Settings) -> std::io::Result<Self> {
        let shared = Shared {
            settings,
            output: Output::create()?,
            gate: AsyncMutex::new(None),
            process: Mutex::new(None),
            reports: Mutex::new(Vec::new()),
        };
        Ok(Self { shared: Arc::new(shared) })
    }

    /// `arn:aws:lambda:<region>:<account>:function:<name>`.
    pub fn arn(&self) -> &str {
        &self.shared.settings.arn
    }

    /// The name in the process's `AWS_LAMBDA_FUNCTION_NAME`.
    pub fn name(&self) -> &str {
        &self.shared.settings.name
    }

    /// Kills the process with SIGKILL and waits until it is gone; afterwards the next invocation starts cold.
    ///
    /// An invocation in progress ends with `Runtime.ExitError`. Returns whether there was a process.
    pub async fn kill(&self) -> bool {
        let process = lock(&self.shared.process).take();
        match process {
            Some(process) => process.kill().await,
            None => false,
        }
    }

    /// All that the processes of this function wrote to standard output and standard error so far, in the
    /// order of writing, as text (invalid UTF-8 is replaced).
    pub fn output(&self) -> String {
        self.shared.output.text()
    }

    /// One report for each invocation that ended, oldest first.
    pub fn reports(&self) -> Vec<InvocationReport> {
        lock(&self.shared.reports).clone()
    }

    /// The report of the invocation that ended last.
    pub fn last_report(&self) -> Option<InvocationReport> {
        lock(&self.shared.reports).last().cloned()
    }

    /// Invokes the function with an event and waits for its answer; see [`Function::invoke`].
    ///
    /// Dropping the future during an invocation kills the process; the next invocation starts cold.
    ///
    /// # Errors
    /// The function's own error document; `Runtime.ExitError` when the process ended; `Sandbox.Timedout` when
    /// it took too long; `Runtime.InvalidEntrypoint` when it could not be started;
    /// `Runtime.MalformedResponse` when its answer is not JSON (Lambda passes such an answer through).
    pub async fn invoke(&self, event: &Value) -> Result<Value, FunctionError> {
        let mut gate = self.shared.gate.lock().await;
        let request_id = Uuid::new_v4().to_string();
        // Removed from the gate: however this function is left, a sandbox that is not put back is killed.
        let (mut sandbox, init) = if let Some(sandbox) = gate.take().filter(Sandbox::is_warm) {
            (sandbox, None)
        } else {
            let (sandbox, init) = self.start(&request_id).await?;
            (sandbox, Some(init))
        };

        let started = Instant::now();
        let invocation = Invocation::new(&request_id, event, self.shared.settings.timeout);
        let ended = sandbox.run(invocation, self.shared.settings.timeout).await;
        let answer = match ended {
            Ended::Answered(answer) => Ok(answer),
            Ended::Exited(status) => Err(exit_error(&request_id, status)),
            Ended::TimedOut => Err(timeout_error(&request_id, self.shared.settings.timeout)),
        };
        lock(&self.shared.reports).push(InvocationReport {
            request_id,
            init,
            started: sandbox.started_at(),
            duration: match &answer {
                Ok(answer) => answer.received.saturating_duration_since(started),
                Err(_) => started.elapsed(),
            },
            peak_rss_kib: answer.as_ref().ok().and_then(|answer| answer.peak_rss_kib),
            process_id: sandbox.process_id(),
        });
        match answer {
            Ok(Answer { result, .. }) => {
                *gate = Some(sandbox);
                result
            }
            Err(error) => {
                // The caller may inspect what the process did: it must have ended before the error is
                // reported.
                sandbox.stop().await;
                Err(error)
            }
        }
    }

    async fn start(&self, request_id: &str) -> Result<(Sandbox, Duration), FunctionError> {
        let mut sandbox =
            Sandbox::start(&self.shared.settings, &self.shared.output).map_err(|error| FunctionError {
                error_type: "Runtime.InvalidEntrypoint".to_owned(),
                message: format!("RequestId: {request_id} Error: {error}"),
            })?;
        *lock(&self.shared.process) = Some(sandbox.handle());
        let limit = self.shared.settings.start_limit;
        match sandbox.ready(limit).await {
            Ok(init) => Ok((sandbox, init)),
            Err(ended) => {
                sandbox.stop().await;
                Err(match ended {
                    Ended::Answered(Answer { result, .. }) => result.err().unwrap_or_else(|| FunctionError {
                        error_type: "Runtime.Unknown".to_owned(),
                        message: "the function answered before it was asked".to_owned(),
                    }),
                    Ended::Exited(status) => exit_error(request_id, status),
                    Ended::TimedOut => timeout_error(request_id, limit),
                })
            }
        }
    }
}

impl Function for LambdaFunction {
    fn invoke(&self, event: Value) -> BoxFuture<'_, Result<Value, FunctionError>> {
        Box::pin(async move { Self::invoke(self, &event).await })
    }
}

impl std::fmt::Debug for LambdaFunction {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("LambdaFunction").field("arn", &self.arn()).finish_non_exhaustive()
    }
}

fn exit_error(request_id: &str, status: std::process::ExitStatus) -> FunctionError {
    use std::os::unix::process::ExitStatusExt;
    let what = match (status.code(), status.signal()) {
        (Some(0), _) => "Runtime exited without providing a reason".to_owned(),
        (Some(code), _) => format!("Runtime exited with error: exit status {code}"),
        (None, Some(signal)) => {
            format!("Runtime exited with error: signal: {}", sandbox::signal_name(signal))
        }
        (None, None) => "Runtime exited with error".to_owned(),
    };
    FunctionError {
        error_type: "Runtime.ExitError".to_owned(),
        message: format!("RequestId: {request_id} Error: {what}"),
    }
}

fn timeout_error(request_id: &str, limit: Duration) -> FunctionError {
    FunctionError {
        error_type: "Sandbox.Timedout".to_owned(),
        message: format!(
            "RequestId: {request_id} Error: Task timed out after {:.2} seconds",
            limit.as_secs_f64()
        ),
    }
}
