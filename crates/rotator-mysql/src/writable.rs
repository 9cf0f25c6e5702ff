//! Whether the server takes writes.

use rotation_database::{StatementError, StatementFault};

use crate::{connection::Connection, statement::Statement};

const KIND: &str = "read read_only";

/// Whether the server takes writes, whatever the session's user may do. A user with enough privileges can
/// write to a replica all the same, and what it writes there is on no other server.
///
/// The variables are listed and not named in a SELECT: which of them exist depends on the version and on what
/// is loaded, and MariaDB's `read_only` has had values other than ON and OFF since version 12.
pub(crate) async fn takes_writes(connection: &mut Connection) -> Result<bool, StatementError> {
    let sql =
        "SHOW GLOBAL VARIABLES WHERE Variable_name IN ('read_only', 'super_read_only', 'innodb_read_only')";
    let rows = connection.run(&Statement::new(KIND, sql)).await?;
    let is_off = |row: &Vec<Option<String>>| match row.get(1) {
        Some(Some(value)) => matches!(value.as_str(), "OFF" | "0"),
        _ => false,
    };
    Ok(rows.iter().all(is_off))
}

/// Refuses a server that does not take writes, before anything is changed.
pub(crate) async fn require_writable(connection: &mut Connection) -> Result<(), StatementError> {
    if takes_writes(connection).await? {
        return Ok(());
    }
    Err(StatementError { statement: Some(KIND), ..StatementError::new(StatementFault::ReadOnly) })
}
