//! Calls that fail for the moment are made again: how often, for how long, and after which pauses.

use std::{future::Future, time::Duration};

use aws_smithy_types::retry::RetryConfig;
use rotation_core::{Deadline, TimedOut};

/// The longest pause after the first failure; it doubles with each further one. The SDK's own second would
/// eat most of an invocation's time.
const FIRST_PAUSE: Duration = Duration::from_millis(200);
/// The longest that pauses grow to, unless somebody chooses another length.
const LONGEST_PAUSE: Duration = Duration::from_secs(1);
/// The least time that an attempt is worth making for; a service answers in a fifth of it.
const LEAST_TIME: Duration = Duration::from_millis(100);

/// How long a call that fails for the moment is made again. A pause has any length up to one that doubles
/// each time, so that functions which were refused together do not come back together.
#[derive(Clone, Copy, Debug)]
pub struct Backoff {
    /// The most attempts.
    attempts: Option<u32>,
    /// The end of all attempts.
    deadline: Option<Deadline>,
    longest_pause: Duration,
}

impl Backoff {
    /// So many attempts: somebody waits for the answer, and may ask again.
    pub fn attempts(most: u32) -> Self {
        Self { attempts: Some(most), deadline: None, longest_pause: LONGEST_PAUSE }
    }

    /// Attempts until then.
    pub fn until(deadline: Deadline) -> Self {
        Self { attempts: None, deadline: Some(deadline), longest_pause: LONGEST_PAUSE }
    }

    /// The same, and none after this deadline.
    #[must_use]
    pub fn within(self, deadline: Deadline) -> Self {
        Self { deadline: Some(deadline), ..self }
    }

    /// The same with pauses that grow to this length.
    #[must_use]
    pub fn pausing_at_most(self, longest_pause: Duration) -> Self {
        Self { longest_pause, ..self }
    }

    /// The same, with this time at most where a deadline bounds it.
    #[must_use]
    pub(crate) fn at_most(self, limit: Duration) -> Self {
        Self { deadline: self.deadline.map(|deadline| deadline.at_most(limit)), ..self }
    }

    /// The end of this time from now, or of all attempts if that comes first.
    pub(crate) fn deadline(self, limit: Duration) -> Deadline {
        self.deadline.map_or_else(|| Deadline::after(limit), |deadline| deadline.at_most(limit))
    }

    /// What an SDK's client is told, where it repeats calls by itself. It counts attempts and knows no
    /// deadline.
    pub(crate) fn of_sdk(self) -> RetryConfig {
        RetryConfig::standard()
            .with_max_attempts(self.attempts.unwrap_or(1))
            .with_initial_backoff(FIRST_PAUSE)
            .with_max_backoff(self.longest_pause)
    }

    /// Makes a call, and makes it again while what fails may pass. Afterwards there is an answer, a failure
    /// that does not pass, or the last one that does. Dropped, the last attempt may have reached the service.
    ///
    /// # Errors
    /// That of the last attempt that was answered; `unanswered` where none was before the deadline.
    pub async fn run<T, E, A: Future<Output = Result<T, E>>>(
        self,
        attempt: impl Fn() -> A,
        passes: impl Fn(&E) -> bool,
        unanswered: impl FnOnce() -> E,
    ) -> Result<T, E> {
        let (mut failure, mut failures) = (None, 0);
        loop {
            let error = match self.bound(Box::pin(attempt())).await {
                Ok(Ok(answer)) => return Ok(answer),
                Ok(Err(error)) => error,
                // What the service answered before tells more than that it was too slow at the end.
                Err(TimedOut) => return Err(failure.unwrap_or_else(unanswered)),
            };
            if !passes(&error) {
                return Err(error);
            }
            failures += 1;
            let Some(pause) = self.pause(failures) else { return Err(error) };
            failure = Some(error);
            tokio::time::sleep(pause).await;
        }
    }

    /// One attempt. Where too little time for one is left before it begins, it is made all the same and
    /// without a bound: the caller's own deadline is a little later.
    async fn bound<T>(self, attempt: impl Future<Output = T>) -> Result<T, TimedOut> {
        match self.deadline {
            Some(deadline) if deadline.remaining() >= LEAST_TIME => deadline.bound(attempt).await,
            Some(_) | None => Ok(attempt.await),
        }
    }

    /// The pause after so many failures. `None` at the end, which is a little early rather than in a crowd of
    /// attempts.
    fn pause(self, failures: u32) -> Option<Duration> {
        if self.attempts.is_some_and(|most| failures >= most) {
            return None;
        }
        let doubled = FIRST_PAUSE.saturating_mul(1 << (failures - 1).min(10));
        let mut longest = doubled.min(self.longest_pause);
        if let Some(deadline) = self.deadline {
            let left = deadline.remaining().checked_sub(LEAST_TIME)?;
            longest = longest.min(Some(left).filter(|left| *left >= LEAST_TIME)?);
        }
        Some(longest.mul_f64(fastrand::f64()))
    }
}
