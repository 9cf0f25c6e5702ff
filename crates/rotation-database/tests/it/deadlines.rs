//! Time: the deadline, and how long a lagging value is waited for.

use std::time::Duration;

use rotation_core::{Deadline, Step};
use tokio::time::Instant;

use crate::world::{Kind, Plan, Service, Situation, Variant, World};

/// A deadline returns the time that is left, and only a shorter limit cuts it.
#[test]
fn remaining_time_and_shorter_limits() {
    World::run(async {
        let deadline = Deadline::after(Duration::from_secs(10));
        assert_eq!(deadline.remaining(), Duration::from_secs(10));
        assert_eq!(deadline.at_most(Duration::from_secs(5)).remaining(), Duration::from_secs(5));
        assert_eq!(deadline.at_most(Duration::from_secs(15)).remaining(), Duration::from_secs(10));
        assert_eq!(deadline.earlier(Duration::from_secs(1)).remaining(), Duration::from_secs(9));
        tokio::time::sleep(Duration::from_secs(4)).await;
        assert_eq!(deadline.remaining(), Duration::from_secs(6));
        tokio::time::sleep(Duration::from_secs(7)).await;
        assert_eq!(deadline.remaining(), Duration::ZERO);
    });
}

/// A lagging value is waited for with growing, randomly extended pauses.
/// The pauses are 1.55 s in total. Each is extended by up to its own length, never shortened.
#[test]
fn lagging_value_is_polled() {
    World::run(async {
        let service = Situation::Fresh.prepare(Plan::SingleUser, Kind::Transactional, Variant::Sound).await;
        let start = Instant::now();
        let error = service.invoke(Step::Set).await.unwrap().unwrap_err();
        assert_eq!(error.code().name(), "SECRET_NO_VALUE");
        let waited = start.elapsed();
        let (shortest, longest) = (Duration::from_millis(1_570), Duration::from_millis(3_110));
        assert!(waited > shortest && waited < longest, "{waited:?}");
    });
}

/// Runs setSecret with this time left after the labels were read for the last time.
#[track_caller]
fn check_commit(plan: Plan, left: Duration, expected: Result<(), &str>) {
    World::run(async {
        let service = Situation::Fresh.prepare(plan, Kind::Transactional, Variant::Sound).await;
        service.invoke(Step::Create).await.unwrap().unwrap();
        // Two store reads, one after the other: labels and values, then the labels once more.
        service.world.gate.borrow_mut().store_delay = Service::TIME.saturating_sub(left) / 2;
        let (outcome, journal) = service.journaled(Step::Set).await.unwrap();
        assert_eq!(
            outcome.as_ref().map(drop).map_err(|error| error.code().name()),
            expected,
            "{left:?} left"
        );
        let committed = journal.phases().iter().any(|(phase, _)| phase.name() == "commit");
        assert_eq!(committed, expected.is_ok(), "{left:?} left");
    });
}

/// A change is not begun without the time to learn its result.
#[test]
fn no_change_without_time_for_its_answer() {
    for plan in [Plan::SingleUser, Plan::Alternating] {
        check_commit(plan, Duration::from_millis(260), Ok(()));
        check_commit(plan, Duration::from_millis(240), Err("TIMED_OUT"));
    }
}

/// Runs setSecret where staging takes this long. Returns its outcome and how often the labels were read.
async fn staged_for(plan: Plan, time: Duration) -> (Result<(), &'static str>, usize) {
    let service = Situation::Fresh.prepare(plan, Kind::Transactional, Variant::Sound).await;
    service.invoke(Step::Create).await.unwrap().unwrap();
    service.world.server.borrow_mut().waits = time;
    let before = service.world.gate.borrow().log.len();
    let outcome = service.invoke(Step::Set).await.unwrap().map(drop);
    let log = service.world.gate.borrow_mut().log.split_off(before);
    let asked = log.iter().filter(|(_, name)| *name == "store: DescribeSecret").count();
    (outcome.map_err(|error| error.code().name()), asked)
}

/// The minimum time for a commit is enough for one.
/// A change of a single user reads the labels after staging, so the time left for the commit is exactly the
/// rest.
#[test]
fn minimum_commit_time_is_enough() {
    World::run(async {
        let most = Service::TIME.checked_sub(Duration::from_millis(250)).unwrap();
        assert_eq!(staged_for(Plan::SingleUser, most).await.0, Ok(()));
        let more = most + Duration::from_nanos(1);
        assert_eq!(staged_for(Plan::SingleUser, more).await.0, Err("TIMED_OUT"));
    });
}

/// Labels that are older than a second are read again.
/// Labels that were read while a change was staged are valid for a second; after that they are read once
/// more.
#[test]
fn old_labels_are_read_again() {
    World::run(async {
        let second = Duration::from_secs(1);
        for (time, asked) in [(Duration::ZERO, 2), (second, 2), (second + Duration::from_nanos(1), 3)] {
            assert_eq!(staged_for(Plan::Alternating, time).await, (Ok(()), asked), "{time:?}");
        }
        assert_eq!(staged_for(Plan::SingleUser, second * 2).await, (Ok(()), 2));
    });
}
