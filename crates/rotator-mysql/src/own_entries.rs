//! What a user that may read the server's table of users finds there about itself.

use rotation_core::Password;
use rotation_database::{SecondPassword, StatementError, StatementFault, Username};

use crate::{
    connection::Connection,
    entry::{Entry, read_entries},
    own_account::OwnAccount,
};

/// The most accounts that an error names.
const MOST_NAMED: usize = 8;

/// The user's accounts for other hosts, which a change of its own password does not reach.
///
/// # Errors
/// [`StatementFault::OtherAccounts`] where one of them logs in with the password that is to be replaced, so
/// that applications on its hosts use the secret as well.
pub(crate) fn other_accounts(
    entries: &[Entry],
    own: &OwnAccount,
    current: &Password,
) -> Result<Option<String>, StatementError> {
    let others = || entries.iter().filter(|entry| entry.account != own.account);
    let named = |entries: Vec<&Entry>| {
        let names: Vec<_> = entries.iter().take(MOST_NAMED).map(|entry| entry.account.sql()).collect();
        names.join(", ")
    };
    let same: Vec<_> = others().filter(|entry| entry.accepts(current) == Some(true)).collect();
    if !same.is_empty() {
        return Err(StatementError::new(StatementFault::OtherAccounts { accounts: named(same) }));
    }
    let unknown: Vec<_> = others().filter(|entry| entry.accepts(current).is_none()).collect();
    if unknown.is_empty() {
        return Ok(None);
    }
    Ok(Some(format!("the user's accounts for other hosts keep their password: {}", named(unknown))))
}

/// What a session knows about a second password of its user.
pub(crate) async fn second_password(
    connection: &mut Connection,
    account: &OwnAccount,
    user: &Username,
) -> Result<Option<SecondPassword>, StatementError> {
    let dialect = connection.dialect;
    if !dialect.has_dual_passwords() {
        return Ok(None);
    }
    let needed = (!account.may_retain(dialect)).then(|| account.grant_of_retaining());
    if account.may_read_users() {
        let entries = read_entries(connection, &[user]).await?;
        let present = entries.iter().any(|entry| entry.account == account.account && entry.has_second());
        return Ok(present.then_some(SecondPassword::Present { needed }));
    }
    Ok(needed.map(|needed| SecondPassword::Unseen { needed }))
}
