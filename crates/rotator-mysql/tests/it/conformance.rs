//! The testkit's conformance suite: all four functions against both servers.
//!
//! What does not depend on the server (how a broken store or a bad event is met) runs once.

mod server;

use rotation_testkit::{
    MysqlFlavor,
    conformance::{Conformance, RotationStrategy, Topic},
};

use server::Server;

#[track_caller]
fn check(flavor: MysqlFlavor, strategy: RotationStrategy, topic: Topic) {
    if !flavor.is_to_be_tested() {
        return;
    }
    let program = match (flavor, strategy) {
        (MysqlFlavor::MySql, RotationStrategy::SingleUser) => env!("CARGO_BIN_EXE_mysql_single_user"),
        (MysqlFlavor::MySql, RotationStrategy::AlternatingUsers) => env!("CARGO_BIN_EXE_mysql_master_user"),
        (MysqlFlavor::MariaDb, RotationStrategy::SingleUser) => env!("CARGO_BIN_EXE_mariadb_single_user"),
        (MysqlFlavor::MariaDb, RotationStrategy::AlternatingUsers) => {
            env!("CARGO_BIN_EXE_mariadb_master_user")
        }
    };
    Conformance { database: Server::shared(flavor), strategy, program: program.into() }.run(topic);
}

/// One test for each topic named.
macro_rules! conforms {
    ($name:ident: $flavor:ident, $strategy:ident, $($test:ident $topic:ident),+ $(,)?) => {
        mod $name {
            use super::{MysqlFlavor, RotationStrategy, Topic, check};

            $(
                #[test]
                fn $test() {
                    check(MysqlFlavor::$flavor, RotationStrategy::$strategy, Topic::$topic);
                }
            )+
        }
    };
}

conforms! {
    mysql_single_user: MySql, SingleUser,
    good_days_are_as_promised Healthy,
    steps_may_be_repeated Repetition,
    changed_credentials_are_recovered_or_named Credentials,
    old_invocations_change_nothing Races,
    a_killed_process_leaves_nothing_broken Kills,
}

conforms! {
    mysql_alternating_users: MySql, AlternatingUsers,
    good_days_are_as_promised Healthy,
    steps_may_be_repeated Repetition,
    changed_credentials_are_recovered_or_named Credentials,
    old_invocations_change_nothing Races,
    a_killed_process_leaves_nothing_broken Kills,
}

conforms! {
    mariadb_single_user: MariaDb, SingleUser,
    good_days_are_as_promised Healthy,
    steps_may_be_repeated Repetition,
    changed_credentials_are_recovered_or_named Credentials,
    old_invocations_change_nothing Races,
    a_killed_process_leaves_nothing_broken Kills,
    settings_are_checked_and_lines_are_written Operation,
}

conforms! {
    mariadb_alternating_users: MariaDb, AlternatingUsers,
    good_days_are_as_promised Healthy,
    steps_may_be_repeated Repetition,
    changed_credentials_are_recovered_or_named Credentials,
    old_invocations_change_nothing Races,
    faults_of_secrets_manager_are_outlived Faults,
    a_killed_process_leaves_nothing_broken Kills,
    bad_events_and_documents_are_refused Refusals,
}
