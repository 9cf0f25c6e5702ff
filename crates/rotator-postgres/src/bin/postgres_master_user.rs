//! The Lambda function `postgres_master_user`.

use std::process::ExitCode;

use rotation_lambda::{StrategyKind, serve};
use rotator_postgres::Postgres;

fn main() -> ExitCode {
    serve(StrategyKind::AlternatingUsers, Postgres::from_environment)
}
