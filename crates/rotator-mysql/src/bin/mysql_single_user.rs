//! The Lambda function `mysql_single_user`.

use std::process::ExitCode;

use rotation_lambda::serve_single_user;
use rotator_mysql::MySql;

fn main() -> ExitCode {
    serve_single_user(MySql::from_environment)
}
