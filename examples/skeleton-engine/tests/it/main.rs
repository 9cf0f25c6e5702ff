//! Both suites on the skeleton: each topic fails by the name of what to write next.

/// Methods that say what to write in their place, until they are written as any other.
macro_rules! unwritten {
    ($(fn $name:ident($($argument:ty),*) -> $given:ty: $words:literal;)+) => {$(
        async fn $name(&self, $(_: $argument),*) -> Result<$given, rotation_suites::DatabaseError> {
            let words = concat!(stringify!($name), ": write ", $words, " (not written yet)");
            Err(rotation_suites::DatabaseError::new(words))
        }
    )+};
}

mod scene;
mod server;

use rotation_database::{Session, StatementRule, TestQuery};
use rotation_suites::{
    Conformance, EngineTopic,
    RotationStrategy::{self, MasterUser, SingleUser},
    Topic, deadline, engine_suite, function_suite, run_engine_topic,
};
use skeleton_engine::SkeletonSession;

use scene::Pair;
use server::Server;

function_suite!(skeleton_single_user: |topic| function(SingleUser, topic));
function_suite!(skeleton_master_user: |topic| function(MasterUser, topic));
engine_suite!(skeleton: engine);

fn function(strategy: RotationStrategy, topic: Topic) {
    let program = match strategy {
        SingleUser => env!("CARGO_BIN_EXE_skeleton_single_user").into(),
        MasterUser => env!("CARGO_BIN_EXE_skeleton_master_user").into(),
    };
    let suite = Conformance { database: Server, strategy, program };
    fails_by("create_tenant: write the server of the tests", || suite.run(topic));
}

fn engine(topic: EngineTopic) {
    let next = match topic {
        EngineTopic::Plans => "plan: write the list of statements",
        EngineTopic::Interruptions | EngineTopic::Staging => "probe: write the login",
        EngineTopic::Drift => "stage: write the change",
        EngineTopic::Equality => "draw: write the random users",
    };
    fails_by(next, || run_engine_topic(topic, async || Ok(Pair::new())));
}

/// Take this away from a topic once what it names is written: then the suite itself decides.
fn fails_by(next: &str, suite: impl FnOnce()) {
    let ended = std::panic::catch_unwind(std::panic::AssertUnwindSafe(suite));
    let failure = ended.expect_err("nothing is written, and the suite passes");
    let words = failure.downcast_ref::<String>().expect("a suite fails in words");
    assert!(words.contains(next), "the failure does not say \"{next}\": {words}");
}

/// A method that no topic reaches names itself as well.
#[tokio::test]
async fn untested_methods_name_themselves_too() {
    let statement = TestQuery::parse("SELECT 1", &StatementRule::SQL).expect("one statement");
    let proved = SkeletonSession.prove(&statement, deadline()).await.expect_err("it is not written");
    assert!(proved.to_string().starts_with("prove: write the test query"));
    let committed = SkeletonSession.commit().await.expect_err("it is not written");
    assert!(committed.to_string().starts_with("commit: write the end of the change"));
}
