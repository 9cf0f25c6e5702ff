//! One deadline bounds every await of an invocation.

use std::{future::Future, time::Duration};

use thiserror::Error;
use tokio::time::Instant;

/// The moment at which an invocation must have answered.
#[derive(Clone, Copy, Debug)]
pub struct Deadline(Instant);

impl Deadline {
    /// The deadline that much later than now.
    pub fn after(time: Duration) -> Self {
        Self(Instant::now() + time)
    }

    /// What is left; zero once it is over.
    pub fn remaining(self) -> Duration {
        self.0.saturating_duration_since(Instant::now())
    }

    /// The earlier of this deadline and `limit` from now.
    #[must_use]
    pub fn at_most(self, limit: Duration) -> Self {
        Self(self.0.min(Instant::now() + limit))
    }

    /// The deadline that much before this one.
    #[must_use]
    pub fn earlier(self, by: Duration) -> Self {
        Self(self.0.checked_sub(by).unwrap_or(self.0))
    }

    /// Runs the future until it is done or the deadline is over; in the second case it is dropped where it
    /// stands.
    ///
    /// # Errors
    /// [`TimedOut`].
    pub async fn bound<T>(self, future: impl Future<Output = T>) -> Result<T, TimedOut> {
        tokio::time::timeout_at(self.0, future).await.map_err(|_| TimedOut)
    }
}

/// The deadline was over before the work was.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
#[error("the time for this invocation is over")]
pub struct TimedOut;
