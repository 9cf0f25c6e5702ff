//! The Lambda function `redshift_single_user`.

use std::process::ExitCode;

use rotation_lambda::serve_single_user;
use rotator_redshift::Redshift;

fn main() -> ExitCode {
    serve_single_user(Redshift::from_environment)
}
