//! What a user sees of its own account.

use rotation_database::{StatementError, StatementFault};

use crate::{
    account::Options,
    connection::Connection,
    dialect::Dialect,
    grants::{Account, Rights, gives, may_read_users},
    pair::unreadable,
    shown::SHOW_USER,
    statement::Statement,
    stored_form::StoredForm,
};

/// Plugins that ask for no password, so that as a second way to log in they do not keep an old one valid.
const WITHOUT_PASSWORD: [&str; 4] = ["unix_socket", "auth_socket", "named_pipe", "gssapi"];

/// The account that the session was matched with.
pub(crate) struct OwnAccount {
    pub(crate) account: Account,
    /// Nothing on servers that do not show it.
    options: Options,
    /// Includes active roles.
    grants: Vec<String>,
}

impl OwnAccount {
    pub(crate) async fn read(connection: &mut Connection) -> Result<Self, StatementError> {
        let grants = connection.run(&Statement::new("read own grants", "SHOW GRANTS")).await?;
        let grants = grants.into_iter().flatten().flatten().collect();
        let options = read_options(connection).await?;
        Ok(Self { account: read_current(connection).await?, options, grants })
    }

    /// Whether the server keeps two passwords and allows this user to keep and to discard one.
    pub(crate) fn may_retain(&self, dialect: Dialect) -> bool {
        let wanted = ["APPLICATION_PASSWORD_ADMIN", "CREATE USER"];
        dialect.has_dual_passwords() && self.grants.iter().any(|line| gives(line, &wanted))
    }

    /// Whether the user may read the server's table of users.
    pub(crate) fn may_read_users(&self) -> bool {
        may_read_users(self.grants.iter().map(String::as_str))
    }

    /// The grant that allows the user to keep and discard a second password.
    pub(crate) fn grant_of_retaining(&self) -> String {
        format!("GRANT APPLICATION_PASSWORD_ADMIN ON *.* TO {}", self.account.sql())
    }

    /// Refuses an account on which another password would stay valid after a change.
    pub(crate) fn require_one_password(&self) -> Result<(), StatementError> {
        let by_password = |plugin: &&String| !WITHOUT_PASSWORD.contains(&plugin.as_str());
        if self.options.plugins.iter().filter(by_password).count() < 2 {
            return Ok(());
        }
        Err(StatementError::new(StatementFault::NotRotatable {
            why: "it has several ways to authenticate by a password, of which a user can change one alone",
            remedy: "As an administrator of the database, give the account one of them: ALTER USER \
                'USER'@'HOST' IDENTIFIED BY 'PASSWORD'.",
        }))
    }

    /// The form in which MariaDB stores the account's password.
    pub(crate) fn stored_form(&self) -> StoredForm {
        StoredForm::of(&self.options)
    }

    /// After how many failed logins the server locks the account, where it does so.
    pub(crate) fn failures_until_locked(&self) -> Option<u32> {
        self.options.failures_until_locked()
    }
}

/// Reads what the server shows about the session's own account. MySQL hides the hash from users that may not
/// read it. What else cannot be read there affects only notes; on MariaDB it decides what remains valid after
/// a change of the password.
async fn read_options(connection: &mut Connection) -> Result<Options, StatementError> {
    let dialect = connection.dialect;
    if !dialect.has_alter_user() {
        return Ok(Options::default());
    }
    let rows = connection.run(&Statement::new(SHOW_USER, "SHOW CREATE USER CURRENT_USER()")).await?;
    let text = rows.into_iter().next().and_then(|row| row.into_iter().next()?).unwrap_or_default();
    match Options::parse(&text, &mut Rights::new()) {
        Ok(options) => Ok(options),
        Err(_) if dialect.is_mariadb() => Err(unreadable(SHOW_USER)),
        Err(_) => Ok(Options::default()),
    }
}

/// The session's account: the secret names the user, and only the server knows the host with which the login
/// was matched.
pub(crate) async fn read_current(connection: &mut Connection) -> Result<Account, StatementError> {
    const KIND: &str = "read own account";
    let rows = connection.run(&Statement::new(KIND, "SELECT CURRENT_USER()")).await?;
    let name = rows.first().and_then(|row| row.first()?.as_deref());
    // A user name may have an `@` in it, a host has none.
    let (user, host) = name.and_then(|name| name.rsplit_once('@')).ok_or_else(|| unreadable(KIND))?;
    Ok(Account::new(user, host))
}
