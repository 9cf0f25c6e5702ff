//! The log of the calls that clients made.

use std::time::{Duration, Instant};

use serde_json::Value;

use super::{ErrorCode, Operation};

/// One answered call of a client, over HTTP or by [`call`](super::SecretsManagerHandle::call).
#[derive(Clone, Debug)]
pub struct Call {
    /// What was asked.
    pub operation: Operation,
    /// The secret's ARN, or the id in the request where it names no secret.
    pub secret: Option<String>,
    /// `VersionId`, `ClientRequestToken` or `MoveToVersionId`, whichever the request had.
    pub version: Option<String>,
    /// `VersionStage`, if the request had one.
    pub stage: Option<String>,
    /// When the request had arrived.
    pub start: Instant,
    /// When the answer was ready.
    pub end: Instant,
    /// The position of the request among all requests and answers of the service.
    pub arrival: u64,
    /// The position of the answer among all requests and answers of the service.
    pub answer: u64,
    /// The refusal, if it was refused.
    pub error: Option<ErrorCode>,
}

impl Call {
    pub(crate) fn begin(operation: Operation, request: &Value, secret: Option<String>, arrival: u64) -> Self {
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
            arrival,
            answer: arrival,
            error: None,
        }
    }

    /// From the request to the answer, as the service saw it.
    pub fn duration(&self) -> Duration {
        self.end.duration_since(self.start)
    }
}

/// How many of the calls may have waited for one another: the length of the longest chain of calls in which
/// each arrived only after the previous one had been answered.
///
/// A call that arrived while another was unanswered did not wait for that one. So the true chain is never
/// longer than this. It is shorter where an answer was faster than a request that did not wait for it;
/// [`expect_together`](super::SecretsManagerHandle::expect_together) prevents answers from being that fast.
pub fn serial_calls(calls: &[Call]) -> usize {
    let mut by_answer: Vec<_> = calls.iter().collect();
    by_answer.sort_by_key(|call| call.answer);
    // Taking the earliest answer each time leaves the most room for the rest, so the chain is the longest
    // one.
    let mut length = 0;
    let mut free_from = None;
    for call in by_answer {
        if free_from.is_none_or(|free_from| call.arrival > free_from) {
            length += 1;
            free_from = Some(call.answer);
        }
    }
    length
}
