//! The Lambda function `redshift_single_user`.

use std::process::ExitCode;

use rotation_lambda::{StrategyKind, serve};
use rotator_redshift::Redshift;

fn main() -> ExitCode {
    serve(StrategyKind::SingleUser, Redshift::from_environment)
}
