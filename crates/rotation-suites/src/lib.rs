//! The suite of functions: any rotation function against any database server, with the same list of cases.
//!
//! ```text
//! Conformance { database, strategy, program } ─ run(Topic) ─> each case on a Scene of its own:
//!   Scene   a tenant of the database (user, rights, data, master), its secret, a local Secrets Manager,
//!           the program as a Lambda function behind a Gate
//!   after   outputs and answers of every scene, and the server's log, are searched for passwords and tokens
//! ```
//!
//! A second suite is that of engines, by [`EngineScene`] and `engine_suite!`.
//!
//! A database takes part by implementing [`Database`]; nothing here knows an engine. The cases hold what
//! the AWS manual "Rotate AWS Secrets Manager secrets" asks of a rotation function, and what this project
//! promises beyond.

mod builder;
mod canaries;
mod case;
mod copied_fields;
mod cost;
mod credentials;
mod database;
mod database_lookup;
mod doctor;
mod documents;
mod dry_run;
mod engine;
mod events;
mod faults;
mod gate;
mod healthy;
mod hostile;
mod kills;
mod leftovers;
mod lines;
mod managed;
mod masters;
mod metrics;
mod owner;
mod ownership;
mod pending;
mod proofs;
mod races;
mod repetition;
mod scene;
mod settings;
mod strategy;
mod topic;
mod trace;
mod trial;
mod verdict;

use std::{path::PathBuf, rc::Rc};

use tokio::{sync::Semaphore, task::LocalSet};

use canaries::Canaries;
use case::{Case, Scenes};

pub use cost::StoreCost;
pub use database::{Database, DatabaseError, Tenant};
pub use engine::{Dice, EngineScene, EngineTopic, deadline, owner, owner_named, run_engine_topic};
pub use hostile::{Hostile, SecretTls, every_log};
pub use owner::Owner;
pub use strategy::RotationStrategy;
pub use topic::Topic;
pub use trial::Trial;

/// The number of cases of one topic that run concurrently: most of a case's time is spent waiting.
const CASES_AT_ONCE: usize = 6;

/// The suite for one program and one server.
#[derive(Clone, Debug)]
pub struct Conformance<D> {
    /// The server.
    pub database: D,
    /// The strategy for which the program was built.
    pub strategy: RotationStrategy,
    /// The function's program.
    pub program: PathBuf,
}

impl<D: Database> Conformance<D> {
    /// Runs the cases of one topic. Blocks until they have ended; starts its own runtime.
    ///
    /// # Panics
    /// Names every case that failed, with its reason, once all have run.
    pub fn run(self, topic: Topic) {
        // Cases run here, and the services that they call on a thread of its own: these answer while a case
        // searches a log.
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build();
        let runtime = runtime.expect("the machine gives a runtime");
        let heading = format!("{}, {:?}, {topic:?}", self.database.server().title(), self.strategy);
        let failures = LocalSet::new().block_on(&runtime, self.failures(topic));
        assert!(failures.is_empty(), "{heading}: {} failed\n{}", failures.len(), failures.join("\n"));
    }

    async fn failures(self, topic: Topic) -> Vec<String> {
        let Self { database, strategy, program } = self;
        let cases = cases(&database, topic, strategy);
        let database = Rc::new(database);
        let places = Rc::new(Semaphore::new(CASES_AT_ONCE));
        let mut running = Vec::new();
        for (index, case) in cases.into_iter().enumerate() {
            let places = Rc::clone(&places);
            let scenes = Scenes::new(Rc::clone(&database), strategy, program.clone(), index);
            running.push(tokio::task::spawn_local(async move {
                let _place = places.acquire().await.expect("the semaphore is never closed");
                let began = std::time::Instant::now();
                let (name, failure, canaries) = case.run(scenes).await;
                let took = began.elapsed();
                (name, failure.map(|failure| format!("{failure} (after {took:.1?})")), canaries)
            }));
        }
        let mut failures = Vec::new();
        let mut canaries = Canaries::default();
        let mut ran = 0;
        for case in running {
            let (name, failure, seen) = case.await.expect("a case's panics are caught");
            ran += 1;
            failures.extend(failure.map(|failure| format!("- {name}: {failure}")));
            canaries.extend(seen);
        }
        assert!(ran > 0, "there is no case for {topic:?}");
        if let Some(found) = canaries.find_in(&database.log()) {
            failures.push(format!("- the server's log holds {found}"));
        }
        failures
    }
}

fn cases<D: Database>(database: &D, topic: Topic, strategy: RotationStrategy) -> Vec<Case<D>> {
    match topic {
        Topic::Healthy => healthy::cases(),
        Topic::Repetition => [repetition::cases(), leftovers::cases()].into_iter().flatten().collect(),
        Topic::Faults => faults::cases(),
        Topic::Kills => kills::cases(),
        Topic::Races => [races::cases(), masters::races(strategy)].into_iter().flatten().collect(),
        Topic::Credentials => {
            let all = [credentials::cases(strategy), masters::cases(strategy), ownership::cases(strategy)];
            all.into_iter().flatten().collect()
        }
        Topic::Managed => managed::cases(database.owners(), strategy),
        Topic::Refusals => {
            [events::cases(), documents::cases(), pending::cases()].into_iter().flatten().collect()
        }
        Topic::Operation => {
            let all = [
                settings::cases(),
                copied_fields::cases(),
                lines::cases(),
                metrics::cases(),
                dry_run::cases(),
                doctor::cases(),
                proofs::cases(),
            ];
            all.into_iter().flatten().collect()
        }
    }
}
