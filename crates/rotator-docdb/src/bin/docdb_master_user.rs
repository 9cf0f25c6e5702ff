//! The Lambda function `docdb_master_user`.

use std::process::ExitCode;

use rotation_lambda::{StrategyKind, serve};
use rotator_docdb::DocumentDb;

fn main() -> ExitCode {
    serve(StrategyKind::AlternatingUsers, DocumentDb::from_environment)
}
