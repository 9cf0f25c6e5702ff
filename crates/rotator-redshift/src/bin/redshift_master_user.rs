//! The Lambda function `redshift_master_user`.

use std::process::ExitCode;

use aws_databases::Redshift as DatabaseLookup;
use rotation_lambda::serve_master_user;
use rotator_redshift::Redshift;

fn main() -> ExitCode {
    serve_master_user(Redshift::from_environment, DatabaseLookup::new)
}
