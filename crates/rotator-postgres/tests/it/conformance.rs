//! The function suite: both functions against every tested version.
//!
//! What does not depend on the server's version (the handling of a killed process, a broken store or a bad
//! event) runs on one version; everything that changes or reads users runs on all.

mod server;

use rotation_suites::{
    Conformance,
    RotationStrategy::{self, MasterUser, SingleUser},
    Topic, function_suite,
};
use test_servers::PostgresVersion;

use server::Server;

const SINGLE_USER: &str = env!("CARGO_BIN_EXE_postgres_single_user");
const MASTER_USER: &str = env!("CARGO_BIN_EXE_postgres_master_user");

fn check(version: PostgresVersion, strategy: RotationStrategy, topic: Topic) {
    let program = match strategy {
        RotationStrategy::SingleUser => SINGLE_USER,
        RotationStrategy::MasterUser => MASTER_USER,
    };
    Conformance { database: Server::shared(version), strategy, program: program.into() }.run(topic);
}

function_suite!(further_version postgres_14_single_user:
    |topic| check(PostgresVersion::V14, SingleUser, topic));
function_suite!(further_version postgres_14_alternating_users:
    |topic| check(PostgresVersion::V14, MasterUser, topic));
function_suite!(version_in_between postgres_15_single_user:
    |topic| check(PostgresVersion::V15, SingleUser, topic));
function_suite!(version_in_between postgres_15_alternating_users:
    |topic| check(PostgresVersion::V15, MasterUser, topic));
function_suite!(version_in_between postgres_17_single_user:
    |topic| check(PostgresVersion::V17, SingleUser, topic));
function_suite!(version_in_between postgres_17_alternating_users:
    |topic| check(PostgresVersion::V17, MasterUser, topic));
function_suite!(further_version postgres_16_single_user:
    |topic| check(PostgresVersion::V16, SingleUser, topic));
function_suite!(further_version postgres_16_alternating_users:
    |topic| check(PostgresVersion::V16, MasterUser, topic));
function_suite!(postgres_18_single_user:
    |topic| check(PostgresVersion::V18, SingleUser, topic));
function_suite!(postgres_18_alternating_users:
    |topic| check(PostgresVersion::V18, MasterUser, topic));

/// A program that ends at once does not conform.
/// The suite itself must be able to fail, and to report where.
#[test]
#[should_panic(expected = "two rotations keep AWSCURRENT and the old credential")]
fn program_that_ends_at_once_fails() {
    let database = Server::shared(PostgresVersion::V18);
    let program = "/bin/true".into();
    Conformance { database, strategy: RotationStrategy::SingleUser, program }.run(Topic::Healthy);
}

/// The function of the other strategy does not conform.
#[test]
#[should_panic(expected = "a pending value for another user is refused without a connection")]
fn function_of_the_other_strategy_fails() {
    let database = Server::shared(PostgresVersion::V18);
    let program = SINGLE_USER.into();
    Conformance { database, strategy: RotationStrategy::MasterUser, program }.run(Topic::Refusals);
}
