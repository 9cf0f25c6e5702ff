//! The suite of engines: what every [`Engine`](rotation_database::Engine) owes the protocol, by one list of
//! topics.
//!
//! ```text
//! engine_suite!(name: |topic| run_engine_topic(topic, start)) ─> one test for each EngineTopic
//!   start        a fresh EngineScene: a pair of users and a master on a real server
//!   EngineTopic  plays on the scene by the engine's own Session, and by `Database` as setSecret does
//! ```

mod attempt;
mod causes;
mod drift;
mod equality;
mod interruptions;
mod plans;
mod scene;
mod seed;
mod staging;
mod topic;

use super::{DatabaseError, verdict::Verdict};
use causes::causes;

pub use scene::{EngineScene, deadline, owner, owner_named};
pub use seed::Dice;
pub use topic::EngineTopic;

/// Runs one topic of the engine suite; `start` makes a fresh scene each time. Blocks until it is over; starts
/// a runtime of its own.
///
/// # Panics
/// Where the engine does not hold what the topic asks, with every cause.
pub fn run_engine_topic<S: EngineScene>(
    topic: EngineTopic,
    start: impl AsyncFn() -> Result<S, DatabaseError>,
) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime = runtime.expect("the machine gives a runtime");
    if let Err(failure) = runtime.block_on(play(topic, &start)) {
        panic!("{topic:?}: {}", causes(failure.as_ref()));
    }
}

async fn play<S: EngineScene>(
    topic: EngineTopic,
    start: &impl AsyncFn() -> Result<S, DatabaseError>,
) -> Verdict {
    match topic {
        EngineTopic::Plans => plans::hold(start).await,
        EngineTopic::Interruptions => interruptions::hold(start).await,
        EngineTopic::Equality => equality::hold(start).await,
        EngineTopic::Drift => drift::hold(start).await,
        EngineTopic::Staging => staging::hold(start).await,
    }
}
