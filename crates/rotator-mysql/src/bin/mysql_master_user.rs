//! The Lambda function `mysql_master_user`.

use std::process::ExitCode;

use aws_databases::Rds;
use rotation_lambda::serve_master_user;
use rotator_mysql::MySql;

fn main() -> ExitCode {
    serve_master_user(MySql::from_environment, Rds::new)
}
