//! The Lambda function `mariadb_master_user`.

use std::process::ExitCode;

use rotation_lambda::{StrategyKind, serve};
use rotator_mysql::MariaDb;

fn main() -> ExitCode {
    serve(StrategyKind::AlternatingUsers, MariaDb::from_environment)
}
