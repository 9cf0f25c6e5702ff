//! The Lambda function `mysql_master_user`.

use std::process::ExitCode;

use rotation_lambda::{StrategyKind, serve};
use rotator_mysql::MySql;

fn main() -> ExitCode {
    serve(StrategyKind::AlternatingUsers, MySql::from_environment)
}
