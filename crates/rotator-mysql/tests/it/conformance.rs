//! The function suite: all four functions against both servers.
//!
//! What does not depend on the server's version (the handling of a killed process, a broken store or a bad
//! event) runs on one version of each; everything that changes or reads users runs on MariaDB 11.8 as well.

mod server;

use rotation_suites::{
    Conformance,
    RotationStrategy::{self, MasterUser, SingleUser},
    Topic, function_suite,
};
use test_servers::{
    MysqlFlavor::{MariaDb, MySql},
    MysqlVersion::{self, MariaDb10, MariaDb11, MySql9},
};

use server::Server;

fn check(version: MysqlVersion, strategy: RotationStrategy, topic: Topic) {
    if !version.is_to_be_tested() {
        return;
    }
    let program = match (version.flavor(), strategy) {
        (MySql, SingleUser) => env!("CARGO_BIN_EXE_mysql_single_user"),
        (MySql, MasterUser) => env!("CARGO_BIN_EXE_mysql_master_user"),
        (MariaDb, SingleUser) => env!("CARGO_BIN_EXE_mariadb_single_user"),
        (MariaDb, MasterUser) => {
            env!("CARGO_BIN_EXE_mariadb_master_user")
        }
    };
    Conformance { database: Server::shared(version), strategy, program: program.into() }.run(topic);
}

function_suite!(mysql_single_user: |topic| check(MySql9, SingleUser, topic));
function_suite!(mysql_alternating_users: |topic| check(MySql9, MasterUser, topic));
function_suite!(mariadb_single_user: |topic| check(MariaDb10, SingleUser, topic));
function_suite!(mariadb_alternating_users: |topic| check(MariaDb10, MasterUser, topic));
function_suite!(further_version mariadb_11_8_single_user: |topic| check(MariaDb11, SingleUser, topic));
function_suite!(further_version mariadb_11_8_alternating_users:
    |topic| check(MariaDb11, MasterUser, topic));
