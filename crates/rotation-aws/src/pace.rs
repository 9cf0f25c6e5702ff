//! Retries of Secrets Manager calls with transient failures.
//!
//! The SDK's own retries are off for Secrets Manager. They end after a number of attempts, or earlier once
//! the process has spent its retry quota, which all calls of the process share: a warm function runs out of
//! it just when the service throttles. Here the deadline of the invocation decides, because a rotation that
//! gives up between setSecret and finishSecret leaves a single user without a valid `AWSCURRENT` until the
//! service calls again.

use std::{future::Future, time::Duration};

use aws_sdk_secretsmanager::error::{ProvideErrorMetadata, SdkError};
use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
use rotation_core::TimedOut;

use crate::client::SecretsManager;

/// How far the pauses between attempts grow. This decides which of many functions succeed while the service
/// throttles. The fewer secrets are between setSecret and finishSecret, the fewer have an `AWSCURRENT` that
/// is refused, so the write that ends a rotation has priority over the write that begins one.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Pace {
    /// The write that begins a rotation. Nothing depends on it yet.
    Yielding,
    /// Every other call.
    Steady,
    /// The write that ends a rotation, for which the clients of a single user wait.
    Pressing,
}

impl Pace {
    fn longest_pause(self) -> Duration {
        match self {
            Self::Yielding => Duration::from_secs(5),
            Self::Steady => Duration::from_secs(1),
            Self::Pressing => Duration::from_millis(500),
        }
    }
}

impl SecretsManager {
    /// Makes a call, and repeats it while its failures are transient and time is left. Returns the first
    /// answer that is not a transient failure, or the last transient failure.
    ///
    /// Any call of this client may be made twice. `PutSecretValue` repeats its token with the same value. A
    /// label moves from the version that the description named, so a repeated move is refused and the caller
    /// reads where the label is. A person whose claim of `AWSPENDING` was answered too late gets the answer
    /// that a rotation has begun: it is that person's own rotation.
    pub(crate) async fn persist<T, E, A>(
        &self,
        pace: Pace,
        operation: &'static str,
        attempt: impl Fn() -> A,
    ) -> Result<T, SdkError<E, HttpResponse>>
    where
        E: ProvideErrorMetadata,
        A: Future<Output = Result<T, SdkError<E, HttpResponse>>>,
    {
        let passes = |error: &SdkError<E, HttpResponse>| self.failed(operation, error).fault.passes();
        let backoff = self.backoff.pausing_at_most(pace.longest_pause());
        // The SDK's futures nest deeply, and so do the rotation's futures around them.
        Box::pin(backoff.run(attempt, passes, || SdkError::timeout_error(TimedOut))).await
    }
}
