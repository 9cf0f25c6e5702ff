//! A function that answers other events than those of a rotation: only the runtime loop.

use std::process::ExitCode;

use lambda_runtime::{Diagnostic, LambdaEvent, service_fn};
use rotation_core::Deadline;
use serde_json::{Value, value::RawValue};

use crate::time_limit::TimeLimit;

/// One event, and the time that is left for it.
#[derive(Debug)]
pub struct EventInvocation<'a> {
    /// The id of the request, for the log.
    pub request_id: &'a str,
    /// The event as it came, unparsed.
    pub payload: &'a str,
    /// The deadline of the answer.
    pub deadline: Deadline,
}

/// Serves invocations until Lambda ends the process. Every invocation is answered with `null`, or with the
/// failure.
pub fn serve_events(handler: &impl AsyncFn(EventInvocation<'_>) -> Result<(), EventFailure>) -> ExitCode {
    let service = service_fn(async |event: LambdaEvent<Box<RawValue>>| {
        let invocation = EventInvocation {
            request_id: &event.context.request_id,
            payload: event.payload.get(),
            deadline: TimeLimit::of(&event.context).deadline,
        };
        // Boxed, because the SDK's futures nest more deeply than the compiler can lay out in one piece.
        Box::pin(handler(invocation)).await.map(|()| Value::Null)
    });
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    match runtime
        .map_err(lambda_runtime::Error::from)
        .and_then(|runtime| runtime.block_on(lambda_runtime::run(service)))
    {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            tracing::error!("the runtime loop ended: {error}");
            ExitCode::FAILURE
        }
    }
}

/// The answer to an event that failed. It contains no secret.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EventFailure {
    /// A stable name for the kind of failure.
    pub code: &'static str,
    /// What is wrong.
    pub message: String,
    /// The remediation.
    pub hint: String,
}

impl From<EventFailure> for Diagnostic {
    fn from(failure: EventFailure) -> Self {
        let EventFailure { code, message, hint } = failure;
        Self { error_type: code.to_owned(), error_message: format!("{message}. {hint}") }
    }
}
