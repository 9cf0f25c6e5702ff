//! Servers that lock an account after failed logins. A single user that keeps one password has a gap in which
//! applications fail to log in.

use rotation_database::StatementError;

use crate::{connection::Connection, own_account::OwnAccount, statement::Statement};

/// MariaDB's value for no limit.
const NEVER: u32 = u32::MAX;

/// After how many failed logins in a row the server locks an account, where it does so.
pub(crate) async fn limit(
    connection: &mut Connection,
    account: &OwnAccount,
) -> Result<Option<u32>, StatementError> {
    if connection.dialect.is_mariadb() {
        return read_limit(connection).await;
    }
    Ok(account.failures_until_locked())
}

/// The note about an account whose password is replaced.
pub(crate) async fn note(
    connection: &mut Connection,
    account: &OwnAccount,
) -> Result<Option<String>, StatementError> {
    let (setting, instead) = if connection.dialect.is_mariadb() {
        ("max_password_errors", "a master user leaves")
    } else {
        ("FAILED_LOGIN_ATTEMPTS", "two passwords (DUAL_PASSWORD) or a master user leave")
    };
    Ok(limit(connection, account).await?.map(|failures| {
        format!(
            "the server locks the user after {failures} failed logins ({setting}): applications that try \
             AWSCURRENT again until finishSecret may cause that; {instead} no such gap"
        )
    }))
}

/// After how many failed logins MariaDB refuses a user, where it does so; servers before 10.4 do not.
async fn read_limit(connection: &mut Connection) -> Result<Option<u32>, StatementError> {
    let show = Statement::new("read max_password_errors", "SHOW GLOBAL VARIABLES LIKE 'max_password_errors'");
    let rows = connection.run(&show).await?;
    let value = rows.first().and_then(|row| row.get(1)?.as_deref()?.parse().ok());
    Ok(value.filter(|limit| *limit < NEVER))
}
