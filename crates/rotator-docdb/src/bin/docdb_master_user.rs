//! The Lambda function `docdb_master_user`.

use std::process::ExitCode;

use directory_rds::Rds;
use rotation_lambda::serve_master_user;
use rotator_docdb::DocumentDb;

fn main() -> ExitCode {
    serve_master_user(DocumentDb::from_environment, Rds::new)
}
