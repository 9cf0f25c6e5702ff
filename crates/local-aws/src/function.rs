//! What the local Secrets Manager invokes: a function, as Lambda's `Invoke` shows it to a caller.

use std::{fmt, future::Future, pin::Pin};

use serde_json::Value;

/// A future that the local services may move between threads.
pub type BoxFuture<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// Something that can be invoked with a JSON event: a program under the local Runtime API, or a closure in a
/// test.
pub trait Function: Send + Sync {
    /// Invokes the function once and waits for its answer.
    ///
    /// # Errors
    /// What Lambda's `Invoke` reports with `X-Amz-Function-Error`: the function answered with an error, timed
    /// out, or its process ended.
    fn invoke(&self, event: Value) -> BoxFuture<'_, Result<Value, FunctionError>>;
}

/// The error document of a failed invocation, as Lambda shows it to the caller.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FunctionError {
    /// `errorType`: the function's own code, or `Sandbox.Timedout`, `Runtime.ExitError`.
    pub error_type: String,
    /// `errorMessage`.
    pub message: String,
}

impl fmt::Display for FunctionError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.error_type, self.message)
    }
}

impl std::error::Error for FunctionError {}
