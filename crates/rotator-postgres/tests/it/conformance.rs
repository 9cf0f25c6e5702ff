//! The testkit's conformance suite: both functions against every tested version.
//!
//! What does not depend on the version of the server (how a killed process, a broken store or a bad event is met)
//! runs on one version; everything that changes or reads users runs on all.

mod server;

use rotation_testkit::{
    PostgresVersion,
    conformance::{Conformance, RotationStrategy, Topic},
};

use server::Server;

const SINGLE_USER: &str = env!("CARGO_BIN_EXE_postgres_single_user");
const MASTER_USER: &str = env!("CARGO_BIN_EXE_postgres_master_user");

#[track_caller]
fn check(version: PostgresVersion, strategy: RotationStrategy, topic: Topic) {
    let program = match strategy {
        RotationStrategy::SingleUser => SINGLE_USER,
        RotationStrategy::AlternatingUsers => MASTER_USER,
    };
    Conformance { database: Server::shared(version), strategy, program: program.into() }.run(topic);
}

/// One test for each topic named.
macro_rules! conforms {
    ($name:ident: $version:ident, $strategy:ident, $($test:ident $topic:ident),+ $(,)?) => {
        mod $name {
            use super::{PostgresVersion, RotationStrategy, Topic, check};

            $(
                #[test]
                fn $test() {
                    check(PostgresVersion::$version, RotationStrategy::$strategy, Topic::$topic);
                }
            )+
        }
    };
}

conforms! {
    postgres_14_single_user: V14, SingleUser,
    good_days_are_as_promised Healthy,
    steps_may_be_repeated Repetition,
    changed_credentials_are_recovered_or_named Credentials,
    old_invocations_change_nothing Races,
}

conforms! {
    postgres_14_alternating_users: V14, AlternatingUsers,
    good_days_are_as_promised Healthy,
    steps_may_be_repeated Repetition,
    changed_credentials_are_recovered_or_named Credentials,
    old_invocations_change_nothing Races,
}

conforms! {
    postgres_16_single_user: V16, SingleUser,
    good_days_are_as_promised Healthy,
    steps_may_be_repeated Repetition,
    changed_credentials_are_recovered_or_named Credentials,
    old_invocations_change_nothing Races,
}

conforms! {
    postgres_16_alternating_users: V16, AlternatingUsers,
    good_days_are_as_promised Healthy,
    steps_may_be_repeated Repetition,
    changed_credentials_are_recovered_or_named Credentials,
    old_invocations_change_nothing Races,
}

conforms! {
    postgres_18_single_user: V18, SingleUser,
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
    postgres_18_alternating_users: V18, AlternatingUsers,
    good_days_are_as_promised Healthy,
    steps_may_be_repeated Repetition,
    changed_credentials_are_recovered_or_named Credentials,
    a_managed_master_leads_to_its_server_and_to_the_writer Managed,
    old_invocations_change_nothing Races,
    faults_of_secrets_manager_are_outlived Faults,
    a_killed_process_leaves_nothing_broken Kills,
    bad_events_and_documents_are_refused Refusals,
    settings_are_checked_and_lines_are_written Operation,
}

/// The suite itself must be able to fail, and to say where.
#[test]
#[should_panic(expected = "two rotations leave AWSCURRENT alive and the old credential as promised")]
fn a_program_that_ends_at_once_does_not_conform() {
    let database = Server::shared(PostgresVersion::V18);
    let program = "/bin/true".into();
    Conformance { database, strategy: RotationStrategy::SingleUser, program }.run(Topic::Healthy);
}

#[test]
#[should_panic(expected = "a pending value for another user is refused without a connection")]
fn the_function_of_the_other_strategy_does_not_conform() {
    let database = Server::shared(PostgresVersion::V18);
    let program = SINGLE_USER.into();
    Conformance { database, strategy: RotationStrategy::AlternatingUsers, program }.run(Topic::Refusals);
}
