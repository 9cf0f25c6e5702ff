//! The time limit of an invocation.
//!
//! Lambda may freeze a function and resume it later. The clock of timers may stop meanwhile, so an invocation
//! that is thawed after its end would assume that it has time left, and change a password for a caller that
//! has long called again. So the time of day is also checked, each time that the invocation is about to
//! continue.

use std::{
    future::poll_fn,
    pin::pin,
    task::Poll,
    time::{Duration, SystemTime},
};

use lambda_runtime::Context;
use rotation_core::Deadline;

/// Reserved at the end of an invocation, so that the answer is sent before Lambda ends the process.
const MARGIN: Duration = Duration::from_millis(500);
/// Used where the runtime gives no deadline, as with some local emulators. It is the default
/// timeout of these functions.
const DEFAULT_TIME: Duration = Duration::from_secs(30);

/// The moment by which an invocation must have answered.
#[derive(Clone, Copy, Debug)]
pub(crate) struct TimeLimit {
    /// By the clock of timers, which bounds every await.
    pub(crate) deadline: Deadline,
    /// By the time of day.
    end: SystemTime,
}

impl TimeLimit {
    /// The time limit from the runtime.
    pub(crate) fn of(context: &Context) -> Self {
        Self::until(context.deadline(), now())
    }

    fn until(end: SystemTime, now: SystemTime) -> Self {
        let left = match end.duration_since(now) {
            _ if end == SystemTime::UNIX_EPOCH => DEFAULT_TIME,
            // The function was frozen after it had received the event.
            Err(_) => Duration::ZERO,
            Ok(left) => left.saturating_sub(MARGIN),
        };
        let end = if end == SystemTime::UNIX_EPOCH { now + DEFAULT_TIME } else { end };
        Self { deadline: Deadline::after(left), end }
    }

    /// Runs the work. If it is about to continue after its end, it is dropped at its current await, and the
    /// result is `None`.
    pub(crate) async fn bound<T>(self, work: impl Future<Output = T>) -> Option<T> {
        let mut work = pin!(work);
        poll_fn(|context| {
            if now() > self.end {
                return Poll::Ready(None);
            }
            work.as_mut().poll(context).map(Some)
        })
        .await
    }
}

fn now() -> SystemTime {
    #[expect(
        clippy::disallowed_methods,
        reason = "the deadline comes as a time of day, and this is the shell"
    )]
    SystemTime::now()
}

#[cfg(test)]
mod tests {
    use std::{cell::Cell, time::Duration};

    use super::{DEFAULT_TIME, MARGIN, SystemTime, TimeLimit, now};

    fn left(end: SystemTime, now: SystemTime) -> Duration {
        TimeLimit::until(end, now).deadline.remaining()
    }

    /// The time limit ends before the runtime's own, and at once where that has passed.
    #[tokio::test(start_paused = true)]
    async fn ends_before_the_runtimes_own() {
        let now = SystemTime::UNIX_EPOCH + Duration::from_secs(1_000);
        assert_eq!(left(now + Duration::from_secs(20), now), Duration::from_millis(19_500));
        assert_eq!(left(now + MARGIN / 2, now), Duration::ZERO);
        assert_eq!(left(now - Duration::from_secs(1), now), Duration::ZERO);
        assert_eq!(left(SystemTime::UNIX_EPOCH, now), DEFAULT_TIME);
    }

    /// An invocation that is thawed after its end does nothing more.
    /// The clock of timers does not advance.
    #[tokio::test(start_paused = true)]
    async fn thawed_invocation_does_nothing_more() {
        let went_on = Cell::new(false);
        let work = async { went_on.set(true) };
        let limit = TimeLimit::until(now() - Duration::from_secs(1), now() - Duration::from_mins(1));
        assert!(!limit.deadline.remaining().is_zero());
        assert_eq!(limit.bound(work).await, None);
        assert!(!went_on.get());
        let limit = TimeLimit::until(now() + Duration::from_mins(1), now());
        assert_eq!(limit.bound(async { 1 }).await, Some(1));
    }
}
