//! The function suite: both functions against the stand-in for Redshift.

mod server;

use rotation_suites::{
    Conformance,
    RotationStrategy::{self, MasterUser, SingleUser},
    Topic, function_suite,
};

use server::Server;

fn check(strategy: RotationStrategy, topic: Topic) {
    let program = match strategy {
        RotationStrategy::SingleUser => env!("CARGO_BIN_EXE_redshift_single_user"),
        RotationStrategy::MasterUser => env!("CARGO_BIN_EXE_redshift_master_user"),
    };
    Conformance { database: Server::shared(), strategy, program: program.into() }.run(topic);
}

function_suite!(redshift_single_user: |topic| check(SingleUser, topic));
function_suite!(redshift_alternating_users: |topic| check(MasterUser, topic));

/// The function of the other strategy does not conform.
/// The suite itself must be able to fail, and to report where.
#[test]
#[should_panic(expected = "a pending value for another user is refused without a connection")]
fn function_of_the_other_strategy_fails() {
    let program = env!("CARGO_BIN_EXE_redshift_single_user").into();
    let strategy = RotationStrategy::MasterUser;
    Conformance { database: Server::shared(), strategy, program }.run(Topic::Refusals);
}
