//! Retries of calls with transient failures: how often, for how long, and after which pauses.

use std::{future::Future, time::Duration};

use aws_smithy_types::retry::RetryConfig;
use rotation_core::{Deadline, TimedOut};

/// The longest pause after the first failure; it doubles with each further failure. The SDK's own first pause
/// of one second would use up most of an invocation's time.
const FIRST_PAUSE: Duration = Duration::from_millis(200);
/// The limit of the pauses, unless the caller chooses another one.
const LONGEST_PAUSE: Duration = Duration::from_secs(1);
/// The least time for which an attempt is worth making; a service answers in a fifth of it.
const LEAST_TIME: Duration = Duration::from_millis(100);

/// How long a call with transient failures is retried. Each pause has a random length up to a limit that
/// doubles each time, so that functions which were refused together do not retry together.
#[derive(Clone, Copy, Debug)]
pub struct Backoff {
    /// The most attempts.
    attempts: Option<u32>,
    /// The deadline of all attempts.
    deadline: Option<Deadline>,
    longest_pause: Duration,
}

impl Backoff {
    /// This number of attempts, for a caller that waits for the answer and may call again.
    pub fn attempts(most: u32) -> Self {
        Self { attempts: Some(most), deadline: None, longest_pause: LONGEST_PAUSE }
    }

    /// Attempts until this deadline.
    pub fn until(deadline: Deadline) -> Self {
        Self { attempts: None, deadline: Some(deadline), longest_pause: LONGEST_PAUSE }
    }

    /// The same, and none after this deadline.
    #[must_use]
    pub fn within(self, deadline: Deadline) -> Self {
        Self { deadline: Some(deadline), ..self }
    }

    /// The same, with pauses that grow to this length.
    #[must_use]
    pub fn pausing_at_most(self, longest_pause: Duration) -> Self {
        Self { longest_pause, ..self }
    }

    /// The same, with at most this time where a deadline bounds it.
    #[must_use]
    pub(crate) fn at_most(self, limit: Duration) -> Self {
        Self { deadline: self.deadline.map(|deadline| deadline.at_most(limit)), ..self }
    }

    /// The end of this time from now, or the deadline of all attempts if that comes first.
    pub(crate) fn deadline(self, limit: Duration) -> Deadline {
        self.deadline.map_or_else(|| Deadline::after(limit), |deadline| deadline.at_most(limit))
    }

    /// The retry configuration for an SDK client that retries calls itself. It counts attempts and has no
    /// deadline.
    pub(crate) fn of_sdk(self) -> RetryConfig {
        RetryConfig::standard()
            .with_max_attempts(self.attempts.unwrap_or(1))
            .with_initial_backoff(FIRST_PAUSE)
            .with_max_backoff(self.longest_pause)
    }

    /// Makes a call, and repeats it while its failures are transient. Returns the answer, a failure that is
    /// not transient, or the last transient failure. If it is dropped, the last attempt may have reached the
    /// service.
    ///
    /// # Errors
    /// The error of the last attempt that was answered; `unanswered` where none was answered before the
    /// deadline.
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
                // An earlier answer of the service is more useful than the timeout at the end.
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

    /// One attempt. Where too little time is left before it begins, it is made nevertheless, without a bound:
    /// the caller's own deadline is a little later.
    async fn bound<T>(self, attempt: impl Future<Output = T>) -> Result<T, TimedOut> {
        match self.deadline {
            Some(deadline) if deadline.remaining() >= LEAST_TIME => deadline.bound(attempt).await,
            Some(_) | None => Ok(attempt.await),
        }
    }

    /// The pause after this number of failures. `None` at the end, which comes a little early so that not all
    /// attempts crowd there.
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
