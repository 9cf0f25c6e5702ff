//! The testkit's conformance suite: both functions against a real server with TLS and SCRAM.

mod server;

use rotation_testkit::conformance::{Conformance, RotationStrategy, Topic};

use server::Server;

const SINGLE_USER: &str = env!("CARGO_BIN_EXE_docdb_single_user");
const MASTER_USER: &str = env!("CARGO_BIN_EXE_docdb_master_user");

#[track_caller]
fn check(strategy: RotationStrategy, topic: Topic) {
    let program = match strategy {
        RotationStrategy::SingleUser => SINGLE_USER,
        RotationStrategy::AlternatingUsers => MASTER_USER,
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
    single_user: SingleUser,
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
    alternating_users: AlternatingUsers,
    good_days_are_as_promised Healthy,
    steps_may_be_repeated Repetition,
    changed_credentials_are_recovered_or_named Credentials,
    old_invocations_change_nothing Races,
    faults_of_secrets_manager_are_outlived Faults,
    a_killed_process_leaves_nothing_broken Kills,
    bad_events_and_documents_are_refused Refusals,
    settings_are_checked_and_lines_are_written Operation,
}
