//! The Lambda function `mariadb_single_user`.

use std::process::ExitCode;

use rotation_lambda::{StrategyKind, serve};
use rotator_mysql::MariaDb;

fn main() -> ExitCode {
    serve(StrategyKind::SingleUser, MariaDb::from_environment)
}
