//! Calls that fail for the moment are made again.
//!
//! The SDK's own retries are off for Secrets Manager. They end after a number of attempts, and before that once the
//! process has spent its quota of retries, on which all calls of its life draw: a warm function runs out of it just
//! when the service throttles. Here an invocation's time decides, because a rotation that gives up between setSecret
//! and finishSecret leaves a single user without a valid `AWSCURRENT` until the service calls again.

use std::{future::Future, time::Duration};

use aws_sdk_secretsmanager::error::{ProvideErrorMetadata, SdkError};
use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
use rotation_core::{Deadline, TimedOut};

use crate::{access::FIRST_BACKOFF, client::SecretsManager};

/// The least time that an attempt is worth making for; the service answers in a fifth of it.
const LEAST_TIME: Duration = Duration::from_millis(100);

/// How long a call that fails for the moment is made again.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Patience {
    /// So many attempts: somebody waits for the answer, and may ask again.
    Attempts(u32),
    /// Until then.
    Until(Deadline),
}

/// How far the pauses between attempts grow, and so which of many functions get through while the service throttles.
/// The fewer secrets are between setSecret and finishSecret, the fewer have an `AWSCURRENT` that is refused: so what
/// ends a rotation goes before what begins one.
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
    /// Makes a call, and makes it again while it fails for the moment and there is patience. Afterwards there is an
    /// answer that is not of the moment, or the last that was.
    ///
    /// Any call of ours may be made twice: `PutSecretValue` repeats its token with the same value, and a label moves
    /// from where it was described, so that a repeated move is refused and whoever asked looks where the label is. A
    /// person whose claim of `AWSPENDING` was answered too late is told that a rotation has begun: it is that one.
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
        let (mut failure, mut failures) = (None, 0);
        loop {
            let error = match self.patience.bound(Box::pin(attempt())).await {
                Ok(Ok(answer)) => return Ok(answer),
                Ok(Err(error)) => error,
                // What the service said before tells more than that it was too slow at the end.
                Err(TimedOut) => return Err(failure.unwrap_or_else(|| SdkError::timeout_error(TimedOut))),
            };
            if !self.failed(operation, &error).fault.passes() {
                return Err(error);
            }
            failures += 1;
            let Some(pause) = self.patience.pause(pace, failures) else { return Err(error) };
            failure = Some(error);
            tokio::time::sleep(pause).await;
        }
    }
}

impl Patience {
    /// The same patience, with this time at most where a deadline bounds it.
    pub(crate) fn at_most(self, limit: Duration) -> Self {
        match self {
            Self::Attempts(most) => Self::Attempts(most),
            Self::Until(deadline) => Self::Until(deadline.at_most(limit)),
        }
    }

    /// The end of this time from now, or of patience if that comes first.
    pub(crate) fn deadline(self, limit: Duration) -> Deadline {
        match self {
            Self::Attempts(_) => Deadline::after(limit),
            Self::Until(deadline) => deadline.at_most(limit),
        }
    }

    /// One attempt. Where too little time for one is left before it begins, it is made all the same and without a
    /// bound: the caller's own deadline is a little later.
    async fn bound<T>(self, attempt: impl Future<Output = T>) -> Result<T, TimedOut> {
        match self {
            Self::Until(deadline) if deadline.remaining() >= LEAST_TIME => deadline.bound(attempt).await,
            Self::Until(_) | Self::Attempts(_) => Ok(attempt.await),
        }
    }

    /// The pause after so many failures: any length up to one that doubles each time, so that functions which were
    /// refused together do not come back together. `None` at the end of patience, which is a little early rather than in
    /// a crowd of attempts.
    fn pause(self, pace: Pace, failures: u32) -> Option<Duration> {
        let doubled = FIRST_BACKOFF.saturating_mul(1 << (failures - 1).min(10));
        let longest = doubled.min(pace.longest_pause());
        let longest = match self {
            Self::Attempts(most) if failures >= most => return None,
            Self::Attempts(_) => longest,
            Self::Until(deadline) => {
                let left = deadline.remaining().checked_sub(LEAST_TIME)?;
                longest.min(Some(left).filter(|left| *left >= LEAST_TIME)?)
            }
        };
        Some(longest.mul_f64(fastrand::f64()))
    }
}
