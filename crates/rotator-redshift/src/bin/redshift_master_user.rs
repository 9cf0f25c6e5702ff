//! The Lambda function `redshift_master_user`.

use std::process::ExitCode;

use rotation_lambda::{StrategyKind, serve};
use rotator_redshift::Redshift;

fn main() -> ExitCode {
    serve(StrategyKind::AlternatingUsers, Redshift::from_environment)
}
