//! The Lambda function `postgres_master_user`.

use std::process::ExitCode;

use aws_databases::Rds;
use rotation_lambda::serve_master_user;
use rotator_postgres::Postgres;

fn main() -> ExitCode {
    serve_master_user(Postgres::from_environment, Rds::new)
}
