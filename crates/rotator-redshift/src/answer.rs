//! The fields of a row in the server's answer.

use postgres_session::Row;
use rotation_database::{StatementError, StatementFault};

/// The text of a column, which must not be null.
pub(crate) fn text(row: &Row, column: usize) -> Result<String, StatementError> {
    row.get(column).and_then(Clone::clone).ok_or_else(unexpected)
}

/// Redshift's views have booleans, some of them as text.
pub(crate) fn truth(row: &Row, column: usize) -> Result<bool, StatementError> {
    match text(row, column)?.to_ascii_lowercase().as_str() {
        "t" | "true" | "1" => Ok(true),
        "f" | "false" | "0" => Ok(false),
        _ => Err(unexpected()),
    }
}

/// The server's answer does not match the query.
pub(crate) fn unexpected() -> StatementError {
    StatementError::new(StatementFault::Other { code: "unexpected answer".to_owned() })
}
