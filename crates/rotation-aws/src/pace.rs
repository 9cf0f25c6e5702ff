//! Calls of Secrets Manager that fail for the moment are made again.
//!
//! The SDK's own retries are off for Secrets Manager. They end after a number of attempts, and before that
//! once the process has spent its quota of retries, on which all calls of its life draw: a warm function runs
//! out of it just when the service throttles. Here an invocation's time decides, because a rotation that
//! gives up between setSecret and finishSecret leaves a single user without a valid `AWSCURRENT` until the
//! service calls again.

use std::{future::Future, time::Duration};

use aws_sdk_secretsmanager::error::{ProvideErrorMetadata, SdkError};
use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
use rotation_core::TimedOut;

use crate::client::SecretsManager;

/// How far the pauses between attempts grow, and so which of many functions get through while the service
/// throttles. The fewer secrets are between setSecret and finishSecret, the fewer have an `AWSCURRENT` that
/// is refused: so what ends a rotation goes before what begins one.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Pace {
    /// The write that begins a rotation. Nothing depends on it yet.
    Yielding,
    /// Whatever neither begins nor ends one.
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
    /// Makes a call, and makes it again while it fails for the moment and there is time. Afterwards there is
    /// an answer that is not of the moment, or the last that was.
    ///
    /// Any call of ours may be made twice: `PutSecretValue` repeats its token with the same value, and a
    /// label moves from where it was described, so that a repeated move is refused and whoever asked looks
    /// where the label is. A person whose claim of `AWSPENDING` was answered too late is told that a rotation
    /// has begun: it is that one.
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
        // The SDK's futures nest deep, and a rotation's around them do, too.
        Box::pin(backoff.run(attempt, passes, || SdkError::timeout_error(TimedOut))).await
    }
}
