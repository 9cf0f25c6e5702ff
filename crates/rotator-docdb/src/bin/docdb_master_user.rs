//! The Lambda function `docdb_master_user`.

use std::process::ExitCode;

use aws_databases::Rds;
use rotation_lambda::serve_master_user;
use rotator_docdb::DocumentDb;

fn main() -> ExitCode {
    serve_master_user(DocumentDb::from_environment, Rds::new)
}
