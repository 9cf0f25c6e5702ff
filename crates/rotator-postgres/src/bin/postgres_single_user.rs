//! The Lambda function `postgres_single_user`.

use std::process::ExitCode;

use rotation_lambda::{StrategyKind, serve};
use rotator_postgres::Postgres;

fn main() -> ExitCode {
    serve(StrategyKind::SingleUser, Postgres::from_environment)
}
