//! The Lambda function `mysql_single_user`.

use std::process::ExitCode;

use rotation_lambda::{StrategyKind, serve};
use rotator_mysql::MySql;

fn main() -> ExitCode {
    serve(StrategyKind::SingleUser, MySql::from_environment)
}
