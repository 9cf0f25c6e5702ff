//! The Lambda function `postgres_single_user`.

use std::process::ExitCode;

use rotation_lambda::serve_single_user;
use rotator_postgres::Postgres;

fn main() -> ExitCode {
    serve_single_user(Postgres::from_environment)
}
