//! What the server's table of users holds about passwords, for a user that may read it.

use rotation_core::Password;
use rotation_database::{StatementError, Username};

use crate::{
    connection::Connection,
    dialect::Dialect,
    grants::Account,
    pair::{MOST_HOSTS, unreadable},
    quote::literal,
    statement::Statement,
    stored_password::accepts,
    wire::Row,
};

const KIND: &str = "read passwords";

/// One account with the stored forms of its passwords. It does not print.
pub(crate) struct Entry {
    pub(crate) account: Account,
    pub(crate) plugin: String,
    primary: Vec<u8>,
    secondary: Option<Vec<u8>>,
}

impl Entry {
    /// Whether the account has a second password.
    pub(crate) fn has_second(&self) -> bool {
        self.secondary.is_some()
    }

    /// Whether the account accepts this password; `None` where the stored form is not known.
    pub(crate) fn accepts(&self, password: &Password) -> Option<bool> {
        match (self.is_primary(password), &self.secondary) {
            (Some(false), Some(_)) => self.is_second(password),
            (primary, _) => primary,
        }
    }

    /// Whether this is the primary password; `None` where the stored form is not known.
    pub(crate) fn is_primary(&self, password: &Password) -> Option<bool> {
        accepts(&self.plugin, &self.primary, password)
    }

    /// Whether this is the second password, likewise.
    pub(crate) fn is_second(&self, password: &Password) -> Option<bool> {
        let second = self.secondary.as_ref()?;
        accepts(&self.plugin, second, password)
    }
}

/// All accounts of these users.
///
/// # Errors
/// [`StatementFault::PrivilegeMissing`](rotation_database::StatementFault) without SELECT on the table.
pub(crate) async fn read_entries(
    connection: &mut Connection,
    users: &[&Username],
) -> Result<Vec<Entry>, StatementError> {
    let dialect = connection.dialect;
    let stored = match dialect {
        // Where the older column is still in use, the other one is empty.
        Dialect::MariaDb(_) => "IF(authentication_string = '', Password, authentication_string)",
        Dialect::MySql(version) if version < (5, 7, 6) => {
            "IF(COALESCE(authentication_string, '') = '', Password, authentication_string)"
        }
        Dialect::MySql(_) => "authentication_string",
    };
    let second = if dialect.has_dual_passwords() {
        "HEX(JSON_UNQUOTE(JSON_EXTRACT(User_attributes, '$.additional_password')))"
    } else {
        "NULL"
    };
    let roles = if dialect.is_mariadb() { " AND is_role = 'N'" } else { "" };
    let names: Vec<_> = users.iter().map(|user| literal(user.as_str()).to_string()).collect();
    let sql = format!(
        "SELECT User, Host, plugin, HEX({stored}), {second} FROM mysql.user WHERE User IN ({}){roles} \
         ORDER BY User, Host LIMIT {}",
        names.join(", "),
        2 * (MOST_HOSTS + 1),
    );
    let rows = connection.run(&Statement::new(KIND, sql)).await?;
    rows.into_iter().map(entry).collect()
}

fn entry(row: Row) -> Result<Entry, StatementError> {
    let [Some(user), Some(host), plugin, primary, second] =
        <[_; 5]>::try_from(row).map_err(|_| unreadable(KIND))?
    else {
        return Err(unreadable(KIND));
    };
    let account = Account { user, host };
    let primary = unhex(&primary.unwrap_or_default())?;
    let secondary = second.as_deref().map(unhex).transpose()?;
    Ok(Entry { account, plugin: plugin.unwrap_or_default(), primary, secondary })
}

fn unhex(text: &str) -> Result<Vec<u8>, StatementError> {
    let byte = |pair: &[u8]| {
        let text = str::from_utf8(pair).ok().filter(|text| text.len() == 2)?;
        u8::from_str_radix(text, 16).ok()
    };
    text.as_bytes().chunks(2).map(byte).collect::<Option<_>>().ok_or_else(|| unreadable(KIND))
}
