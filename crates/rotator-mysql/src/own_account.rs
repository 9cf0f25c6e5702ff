//! What a user sees of its own account.

use rotation_core::database::StatementError;

use crate::{
    connection::Connection,
    dialect::Dialect,
    grants::{Account, gives, may_read_users},
    pair::unreadable,
    statement::Statement,
};

/// The account that the session was let in by.
pub(crate) struct OwnAccount {
    pub(crate) account: Account,
    /// Active roles included.
    grants: Vec<String>,
}

impl OwnAccount {
    pub(crate) async fn read(connection: &mut Connection) -> Result<Self, StatementError> {
        let grants = connection.run(&Statement::new("read own grants", "SHOW GRANTS")).await?;
        let grants = grants.into_iter().flatten().flatten().collect();
        Ok(Self { account: read_current(connection).await?, grants })
    }

    /// Whether the server keeps two passwords and lets this user make it do so, and end one.
    pub(crate) fn may_retain(&self, dialect: Dialect) -> bool {
        let wanted = ["APPLICATION_PASSWORD_ADMIN", "CREATE USER"];
        dialect.has_dual_passwords() && self.grants.iter().any(|line| gives(line, &wanted))
    }

    /// Whether the user reads what the server keeps of all users.
    pub(crate) fn may_read_users(&self) -> bool {
        may_read_users(self.grants.iter().map(String::as_str))
    }

    /// What lets the user keep and end a second password.
    pub(crate) fn grant_of_retaining(&self) -> String {
        format!("GRANT APPLICATION_PASSWORD_ADMIN ON *.* TO {}", self.account.sql())
    }
}

/// Who this session is to the server: the secret has its user, and only the server knows the host of it that the login was
/// matched with.
pub(crate) async fn read_current(connection: &mut Connection) -> Result<Account, StatementError> {
    const KIND: &str = "read own account";
    let rows = connection.run(&Statement::new(KIND, "SELECT CURRENT_USER()")).await?;
    let name = rows.first().and_then(|row| row.first()?.as_deref());
    // The name of a user may have an `@` in it, a host has none.
    let (user, host) = name.and_then(|name| name.rsplit_once('@')).ok_or_else(|| unreadable(KIND))?;
    Ok(Account::new(user, host))
}
