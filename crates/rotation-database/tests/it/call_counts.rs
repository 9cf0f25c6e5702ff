//! The number of calls and logins of a healthy rotation.

use std::time::Duration;

use rotation_core::Step;
use tokio::time::Instant;

use crate::world::{Kind, Plan, Situation, Variant, World};

/// The cost of the four steps together.
#[derive(Debug, PartialEq, Eq)]
struct Cost {
    store_calls: usize,
    /// Calls of the store that depend on one another.
    store_depth: u128,
    logins: usize,
    refused: usize,
}

#[track_caller]
fn check(plan: Plan, expected: &Cost) {
    for situation in [Situation::Fresh, Situation::SecondRotation, Situation::Drifted] {
        let cost = World::run(async {
            let service = situation.prepare(plan, Kind::Transactional, Variant::Sound).await;
            let delay = Duration::from_millis(20);
            service.world.gate.borrow_mut().store_delay = delay;
            service.world.server.borrow_mut().attempts.clear();
            let mut store_depth = 0;
            for step in Step::ALL {
                let start = Instant::now();
                service.invoke(step).await.unwrap().unwrap();
                // Timers fire on whole milliseconds, so each level may take one or two more.
                store_depth += start.elapsed().as_millis() / delay.as_millis();
            }
            let (gate, server) = (service.world.gate.borrow(), service.world.server.borrow());
            Cost {
                store_calls: gate.log.iter().filter(|(_, name)| name.starts_with("store: ")).count(),
                store_depth,
                logins: server.attempts.len(),
                refused: server.attempts.iter().filter(|attempt| !attempt.accepted).count(),
            }
        });
        assert_eq!(cost, *expected, "{plan:?}, {situation:?}");
    }
}

/// A healthy single-user rotation makes 11 store calls, 7 deep, and 2 logins.
#[test]
fn single_user_11_store_calls_2_logins() {
    check(Plan::SingleUser, &Cost { store_calls: 11, store_depth: 7, logins: 2, refused: 0 });
}

/// A healthy rotation of alternating users makes 12 store calls, 7 deep, and 3 logins.
#[test]
fn master_user_12_store_calls_3_logins() {
    check(Plan::Alternating, &Cost { store_calls: 12, store_depth: 7, logins: 3, refused: 0 });
}

/// Without a deployed master, its secret is read after the others.
#[test]
fn undeployed_master_is_read_last() {
    check(Plan::AlternatingByField, &Cost { store_calls: 12, store_depth: 8, logins: 3, refused: 0 });
}
