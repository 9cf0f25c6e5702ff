//! The Lambda function `docdb_single_user`.

use std::process::ExitCode;

use rotation_lambda::{StrategyKind, serve};
use rotator_docdb::DocumentDb;

fn main() -> ExitCode {
    serve(StrategyKind::SingleUser, DocumentDb::from_environment)
}
