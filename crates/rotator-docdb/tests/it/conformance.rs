//! The testkit's conformance suite: both functions against a real server with TLS and SCRAM.

mod server;

use rotation_testkit::{
    conformance::{
        Conformance,
        RotationStrategy::{self, AlternatingUsers, SingleUser},
        Topic,
    },
    function_suite,
};

use server::Server;

const SINGLE_USER: &str = env!("CARGO_BIN_EXE_docdb_single_user");
const MASTER_USER: &str = env!("CARGO_BIN_EXE_docdb_master_user");

fn check(strategy: RotationStrategy, topic: Topic) {
    let program = match strategy {
        RotationStrategy::SingleUser => SINGLE_USER,
        RotationStrategy::AlternatingUsers => MASTER_USER,
    };
    Conformance { database: Server::shared(), strategy, program: program.into() }.run(topic);
}

function_suite!(single_user: |topic| check(SingleUser, topic));
function_suite!(alternating_users: |topic| check(AlternatingUsers, topic));
