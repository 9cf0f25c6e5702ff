//! The testkit's conformance suite: all four functions against both servers.

mod server;

use rotation_testkit::{
    MysqlFlavor::{self, MariaDb, MySql},
    conformance::{
        Conformance,
        RotationStrategy::{self, AlternatingUsers, SingleUser},
        Topic,
    },
    function_suite,
};

use server::Server;

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

function_suite!(mysql_single_user: |topic| check(MySql, SingleUser, topic));
function_suite!(mysql_alternating_users: |topic| check(MySql, AlternatingUsers, topic));
function_suite!(mariadb_single_user: |topic| check(MariaDb, SingleUser, topic));
function_suite!(mariadb_alternating_users: |topic| check(MariaDb, AlternatingUsers, topic));
