//! The function suite: both functions against MongoDB's own servers, and against another one that speaks the
//! protocol.
//!
//! What does not depend on the server (the handling of a killed process, a broken store or a bad event) runs
//! on MongoDB 6.0; everything that changes or reads users runs on all.

mod server;

use rotation_suites::{
    Conformance,
    RotationStrategy::{self, MasterUser, SingleUser},
    Topic, function_suite,
};
use test_servers::{
    DocdbProduct::{self, MongoDb, SecantusDb},
    MongoVersion::{V4_4, V5_0, V6_0},
};

use server::Server;

const SINGLE_USER: &str = env!("CARGO_BIN_EXE_docdb_single_user");
const MASTER_USER: &str = env!("CARGO_BIN_EXE_docdb_master_user");

#[expect(clippy::print_stdout, reason = "the output names the tests that did not run")]
fn check(product: DocdbProduct, strategy: RotationStrategy, topic: Topic) {
    if let MongoDb(version) = product
        && let Some(why) = version.left_out()
    {
        println!("left out: {why}");
        return;
    }
    let program = match strategy {
        RotationStrategy::SingleUser => SINGLE_USER,
        RotationStrategy::MasterUser => MASTER_USER,
    };
    Conformance { database: Server::shared(product), strategy, program: program.into() }.run(topic);
}

function_suite!(mongodb_6_0_single_user: |topic| check(MongoDb(V6_0), SingleUser, topic));
function_suite!(mongodb_6_0_alternating_users: |topic| check(MongoDb(V6_0), MasterUser, topic));
function_suite!(further_version mongodb_5_0_single_user: |topic| check(MongoDb(V5_0), SingleUser, topic));
function_suite!(further_version mongodb_5_0_alternating_users:
    |topic| check(MongoDb(V5_0), MasterUser, topic));
function_suite!(further_version mongodb_4_4_single_user: |topic| check(MongoDb(V4_4), SingleUser, topic));
function_suite!(further_version mongodb_4_4_alternating_users:
    |topic| check(MongoDb(V4_4), MasterUser, topic));
function_suite!(further_version secantusdb_single_user: |topic| check(SecantusDb, SingleUser, topic));
function_suite!(further_version secantusdb_alternating_users:
    |topic| check(SecantusDb, MasterUser, topic));
