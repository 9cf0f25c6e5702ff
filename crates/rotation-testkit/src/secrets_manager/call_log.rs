//! The log of the calls that clients made.

use std::time::{Duration, Instant};

use serde_json::Value;

use super::{ErrorCode, Operation};

/// One answered call of a client, over HTTP or by [`call`](super::SecretsManagerHandle::call).
#[derive(Clone, Debug)]
pub struct Call {
    /// What was asked.
    pub operation: Operation,
    /// The secret's ARN, or the id as it came where it names no secret.
    pub secret: Option<String>,
    /// `VersionId`, `ClientRequestToken` or `MoveToVersionId`, whichever the request had.
    pub version: Option<String>,
    /// `VersionStage`, if the request had one.
    pub stage: Option<String>,
    /// When the request had arrived.
    pub start: Instant,
    /// When the answer was ready.
    pub end: Instant,
    /// How it was refused, if it was.
    pub error: Option<ErrorCode>,
}

impl Call {
    pub(crate) fn begin(operation: Operation, request: &Value, secret: Option<String>) -> Self {
        let member = |name: &str| request.get(name).and_then(Value::as_str).map(str::to_owned);
        let version = ["VersionId", "ClientRequestToken", "MoveToVersionId"].into_iter().find_map(member);
        let now = Instant::now();
        Self {
            operation,
            secret: secret.or_else(|| member("SecretId")).or_else(|| member("Name")),
            version,
            stage: member("VersionStage"),
            start: now,
            end: now,
            error: None,
        }
    }

    /// From the request to the answer, as the service saw it.
    pub fn duration(&self) -> Duration {
        self.end.duration_since(self.start)
    }
}

/// How many of the calls had to wait for one another: the length of the longest chain of calls in which each
/// began only after the one before it had ended.
pub fn serial_calls(calls: &[Call]) -> usize {
    let mut by_end: Vec<_> = calls.iter().collect();
    by_end.sort_by_key(|call| call.end);
    // Taking the earliest end each time leaves the most room for the rest, so the chain is the longest one.
    let mut length = 0;
    let mut free_from = None;
    for call in by_end {
        if free_from.is_none_or(|free_from| call.start >= free_from) {
            length += 1;
            free_from = Some(call.end);
        }
    }
    length
}
