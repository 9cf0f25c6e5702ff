//! The lock by which rotations of one user take turns, and servers that refuse it.

use rotation_core::Deadline;
use rotation_database::{StatementError, StatementFault, Username};

use crate::{
    connection::{Connection, Failure},
    dialect::Dialect,
    quote::literal,
    statement::Statement,
};

/// `ER_UNKNOWN_ERROR`, by which Percona's cluster reports what its strict mode forbids, and
/// `ER_NOT_SUPPORTED_YET`, by which clusters of MariaDB reported that they have no such lock.
const REFUSED: [u16; 2] = [1105, 1235];

/// The note where the operator does without the lock.
pub(crate) const UNLOCKED: &str = "the server refuses the lock by which rotations take turns, and \
    ALLOW_UNLOCKED does without: rotations of this user must not run at the same time";

/// Waits until no other session is changing the same user; the lock is held until the session ends. Returns
/// false where the server has none and the setting accepts that.
pub(crate) async fn take(
    connection: &mut Connection,
    original: &Username,
    allow_unlocked: bool,
    deadline: Deadline,
) -> Result<bool, StatementError> {
    let lock = lock(original, deadline);
    let rows = match connection.run(&lock).await {
        Ok(rows) => rows,
        Err(Failure { code: Some(code), .. }) if REFUSED.contains(&code) && allow_unlocked => {
            return Ok(false);
        }
        Err(Failure { code: Some(code), error }) if REFUSED.contains(&code) => {
            let needed = way_to_a_lock(connection.dialect);
            return Err(StatementError { fault: StatementFault::LockUnavailable { needed }, ..error });
        }
        Err(failure) => return Err(failure.into()),
    };
    match rows.first().and_then(|row| row.first()) {
        Some(Some(taken)) if taken == "1" => Ok(true),
        _ => Err(StatementError { statement: Some(lock.kind), ..StatementError::new(StatementFault::Busy) }),
    }
}

/// The change after which a cluster grants the lock.
fn way_to_a_lock(dialect: Dialect) -> &'static str {
    match dialect {
        Dialect::MySql(_) => {
            "SET GLOBAL pxc_strict_mode = MASTER, at the node of the cluster that takes the writes"
        }
        // It has no such setting.
        Dialect::MariaDb(_) => "upgrade the cluster to a version of MariaDB whose Galera takes GET_LOCK",
    }
}

/// The lock that every rotation of this user takes, by a name that every server accepts: 64 characters. It
/// waits for half of the time, so that there is some left to work in. A session that was frozen releases it
/// when it has been idle for too long.
fn lock(original: &Username, deadline: Deadline) -> Statement {
    let seconds = (deadline.remaining().as_secs() / 2).clamp(1, 150);
    let user = literal(original.as_str());
    Statement::new(
        "get lock",
        format!("SELECT GET_LOCK(CONCAT('rotation.', LEFT(SHA2({}, 256), 40)), {seconds})", user.as_str()),
    )
}
