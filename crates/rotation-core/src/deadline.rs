//! One deadline bounds every await of an invocation.

use std::{future::Future, time::Duration};

use thiserror::Error;
use tokio::time::Instant;

/// The moment by which an invocation must have answered.
#[derive(Clone, Copy, Debug)]
pub struct Deadline(Instant);

impl Deadline {
    /// The deadline that is `time` from now.
    pub fn after(time: Duration) -> Self {
        Self(Instant::now() + time)
    }

    /// The time left; zero once the deadline has passed.
    pub fn remaining(self) -> Duration {
        self.0.saturating_duration_since(Instant::now())
    }

    /// The earlier of this deadline and `limit` from now.
    #[must_use]
    pub fn at_most(self, limit: Duration) -> Self {
        Self(self.0.min(Instant::now() + limit))
    }

    /// The deadline that is `by` before this one.
    #[must_use]
    pub fn earlier(self, by: Duration) -> Self {
        Self(self.0.checked_sub(by).unwrap_or(self.0))
    }

    /// Runs the future until it completes or the deadline passes. In the second case the future is dropped at
    /// its current await.
    ///
    /// # Errors
    /// [`TimedOut`].
    pub async fn bound<T>(self, future: impl Future<Output = T>) -> Result<T, TimedOut> {
        tokio::time::timeout_at(self.0, future).await.map_err(|_| TimedOut)
    }
}

/// The deadline passed before the work was done.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
#[error("the time for this invocation is over")]
pub struct TimedOut;
