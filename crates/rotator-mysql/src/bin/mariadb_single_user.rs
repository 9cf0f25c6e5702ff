//! The Lambda function `mariadb_single_user`.

use std::process::ExitCode;

use rotation_lambda::serve_single_user;
use rotator_mysql::MariaDb;

fn main() -> ExitCode {
    serve_single_user(MariaDb::from_environment)
}
