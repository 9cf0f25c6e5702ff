//! The testkit's conformance suite: both functions against the stand-in for Redshift.

mod server;

use rotation_testkit::conformance::{Conformance, RotationStrategy, Topic};

use server::Server;

#[track_caller]
fn check(strategy: RotationStrategy, topic: Topic) {
    let program = match strategy {
        RotationStrategy::SingleUser => env!("CARGO_BIN_EXE_redshift_single_user"),
        RotationStrategy::AlternatingUsers => env!("CARGO_BIN_EXE_redshift_master_user"),
    };
    Conformance { database: Server::shared(), strategy, program: program.into() }.run(topic);
}

/// One test for each topic named.
macro_rules! conforms {
    ($name:ident: $strategy:ident, $($test:ident $topic:ident),+ $(,)?) => {
        mod $name {
            use super::{RotationStrategy, Topic, check};

            $(
                #[test]
                fn $test() {
                    check(RotationStrategy::$strategy, Topic::$topic);
                }
            )+
        }
    };
}

conforms! {
    redshift_single_user: SingleUser,
    good_days_are_as_promised Healthy,
    steps_may_be_repeated Repetition,
    changed_credentials_are_recovered_or_named Credentials,
    old_invocations_change_nothing Races,
    faults_of_secrets_manager_are_outlived Faults,
    a_killed_process_leaves_nothing_broken Kills,
    bad_events_and_documents_are_refused Refusals,
    settings_are_checked_and_lines_are_written Operation,
}

conforms! {
    redshift_alternating_users: AlternatingUsers,
    good_days_are_as_promised Healthy,
    steps_may_be_repeated Repetition,
    changed_credentials_are_recovered_or_named Credentials,
    old_invocations_change_nothing Races,
    faults_of_secrets_manager_are_outlived Faults,
    a_killed_process_leaves_nothing_broken Kills,
    bad_events_and_documents_are_refused Refusals,
    settings_are_checked_and_lines_are_written Operation,
}

/// The suite itself must be able to fail, and to say where.
#[test]
#[should_panic(expected = "a pending value for another user is refused without a connection")]
fn the_function_of_the_other_strategy_does_not_conform() {
    let program = env!("CARGO_BIN_EXE_redshift_single_user").into();
    let strategy = RotationStrategy::AlternatingUsers;
    Conformance { database: Server::shared(), strategy, program }.run(Topic::Refusals);
}
