//! Servers of MariaDB at which a plugin checks passwords (`strict_password_validation`): they take no hash.
//!
//! What such a server is given it writes into its general log as it came, where that is on. Into its binary log, and so to its
//! replicas, go CREATE USER and ALTER USER as they came, but SET PASSWORD with a hash. So the password is given by SET PASSWORD
//! alone, and where an account is made or gets another plugin, it is by a password like it that nobody uses.

use rotation_core::database::{Password, StatementError, StatementFault};
use zeroize::Zeroizing;

use crate::{
    account::Options,
    grants::Account,
    other::Authentication,
    pair::{Next, Pair},
    statement::{Draft, Statement},
    stored_form::StoredForm,
};

/// What is worth knowing of such a server.
pub(crate) const NOTE: &str = "a plugin checks passwords at the server (strict_password_validation), so it is given the new \
    password and not a hash: where general_log is on, that log holds the password";

/// The statements that give the next user its password, for accounts that have the plugin that they are to have.
pub(crate) fn set_passwords(
    pair: &Pair,
    next: Next,
    pending: &Authentication<'_>,
    alike: &Authentication<'_>,
) -> Result<Vec<Statement>, StatementError> {
    let mut statements = Vec::new();
    for (account, wanted, has) in accounts(pair, next) {
        if has.is_some_and(|has| has.has_several_plugins || StoredForm::of(has) != StoredForm::of(wanted)) {
            let mut draft = Draft::new(&format!("ALTER USER {} ", account.sql()));
            alike.write(wanted, &mut draft)?;
            statements.push(draft.finish("set plugin"));
        }
        let mut draft = Draft::new(&format!("SET PASSWORD FOR {} = PASSWORD(", account.sql()));
        draft.push_secret(pending.password.expose());
        draft.push(")");
        statements.push(draft.finish("set password"));
    }
    Ok(statements)
}

/// The accounts, with the options that they are to have and those that they have.
fn accounts(pair: &Pair, next: Next) -> Vec<(Account, &Options, Option<&Options>)> {
    match next {
        Next::Original => {
            let originals = pair.originals.iter();
            originals.map(|(host, state)| (pair.original_at(host), &state.options, None)).collect()
        }
        Next::Clone => {
            let known = pair.twins().map(|twins| {
                (pair.clone_at(twins.host), &twins.original.options, Some(&twins.clone.options))
            });
            let made = pair.missing_hosts().map(|(host, state)| (pair.clone_at(host), &state.options, None));
            known.chain(made).collect()
        }
    }
}

/// A password that meets the policy which this one meets: of the same length and with the same classes of characters, place by
/// place, drawn anew.
pub(crate) fn alike(password: &Password) -> Result<Password, StatementError> {
    let failed = || StatementError::new(StatementFault::Other { code: "no randomness".to_owned() });
    let mut bytes = Zeroizing::new(vec![0_u8; password.expose().len()]);
    getrandom::fill(&mut bytes).map_err(|_| failed())?;
    let drawn = password.expose().chars().zip(bytes.iter()).map(|(c, byte)| match c {
        'a'..='z' => char::from(b'a' + byte % 26),
        'A'..='Z' => char::from(b'A' + byte % 26),
        '0'..='9' => char::from(b'0' + byte % 10),
        other => other,
    });
    let text: Zeroizing<String> = Zeroizing::new(drawn.collect());
    Password::parse(&text).map_err(|_| failed())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_like_another_has_its_classes_place_by_place() {
        let password = Password::parse("Pending-password-1234567890").unwrap();
        let other = alike(&password).unwrap();
        assert_ne!(other, password);
        let class = |c: char| (c.is_ascii_lowercase(), c.is_ascii_uppercase(), c.is_ascii_digit());
        let classes = |password: &Password| password.expose().chars().map(class).collect::<Vec<_>>();
        assert_eq!(classes(&other), classes(&password));
    }
}
