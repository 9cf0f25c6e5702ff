//! The Lambda function `mariadb_master_user`.

use std::process::ExitCode;

use aws_databases::Rds;
use rotation_lambda::serve_master_user;
use rotator_mysql::MariaDb;

fn main() -> ExitCode {
    serve_master_user(MariaDb::from_environment, Rds::new)
}
