//! The Lambda function `docdb_single_user`.

use std::process::ExitCode;

use rotation_lambda::serve_single_user;
use rotator_docdb::DocumentDb;

fn main() -> ExitCode {
    serve_single_user(DocumentDb::from_environment)
}
