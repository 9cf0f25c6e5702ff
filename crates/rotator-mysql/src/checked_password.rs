//! MariaDB servers on which a plugin checks passwords (`strict_password_validation`): they accept no hash.
//!
//! Such a server writes statements into its general log unchanged, where that log is on. Its binary log, and
//! so its replicas, get CREATE USER and ALTER USER unchanged, but SET PASSWORD with a hash. So the password
//! is set by SET PASSWORD alone. Where an account is created or gets another plugin, the statement has a
//! stand-in that nobody uses, and the account is locked until it has the password.

use rotation_core::Password;
use rotation_database::{StatementError, StatementFault};
use zeroize::Zeroizing;

use crate::{
    account::Options,
    authentication::Authentication,
    grants::Account,
    pair::{Next, Pair},
    statement::{Draft, Statement},
    stored_form::StoredForm,
};

/// The note about such a server.
pub(crate) const NOTE: &str = "a plugin checks passwords at the server (strict_password_validation), so it \
    is given the new password and not a hash: where general_log is on, that log holds the password";

/// The statements that set the next user's password, for accounts that already have the plugin that they
/// should have.
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
            if pair.dialect.has_account_lock() {
                draft.push(" ACCOUNT LOCK");
            }
            statements.push(draft.finish("set plugin"));
        }
        let mut draft = Draft::new(&format!("SET PASSWORD FOR {} = PASSWORD(", account.sql()));
        draft.push_secret(pending.password.expose());
        draft.push(")");
        statements.push(draft.finish("set password"));
    }
    Ok(statements)
}

/// The accounts, with the options that they should have and those that they have.
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

/// The characters that replace one that is neither a letter nor a digit: none needs an escape in a statement.
const PUNCTUATION: &[u8] = b"!#$%&()*+,-.:;<=>?[]^_{|}~";
/// How often a stand-in is drawn: for a password of one digit every tenth equals the password itself.
const MOST_DRAWS: usize = 64;

/// A stand-in that meets every policy that this password meets: the same number of bytes, and of characters
/// of each class. It has nothing else in common with the password: every character is drawn from the whole
/// class, and so is every position.
pub(crate) fn alike(password: &Password) -> Result<Password, StatementError> {
    let failed = || StatementError::new(StatementFault::Other { code: "no randomness".to_owned() });
    for _ in 0..MOST_DRAWS {
        let mut drawn = Zeroizing::new(Vec::with_capacity(password.expose().len()));
        // Servers count the bytes of a character beyond ASCII, and take none of them for a letter or a digit.
        for byte in password.expose().bytes() {
            let class: &[u8] = match byte {
                b'a'..=b'z' => b"abcdefghijklmnopqrstuvwxyz",
                b'A'..=b'Z' => b"ABCDEFGHIJKLMNOPQRSTUVWXYZ",
                b'0'..=b'9' => b"0123456789",
                _ => PUNCTUATION,
            };
            drawn.push(class[below(class.len()).ok_or_else(failed)?]);
        }
        for last in (1..drawn.len()).rev() {
            drawn.swap(last, below(last + 1).ok_or_else(failed)?);
        }
        let text = str::from_utf8(&drawn).map_err(|_| failed())?;
        let stand_in = Password::parse(text).map_err(|_| failed())?;
        if stand_in != *password {
            return Ok(stand_in);
        }
    }
    Err(failed())
}

/// A random number below this one.
fn below(limit: usize) -> Option<usize> {
    let mut bytes = [0_u8; 8];
    getrandom::fill(&mut bytes).ok()?;
    usize::try_from(u64::from_le_bytes(bytes) % u64::try_from(limit).ok()?).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stand_in(text: &str) -> String {
        alike(&Password::parse(text).unwrap()).unwrap().expose().to_owned()
    }

    /// Lowercase, uppercase, digits, and everything else.
    fn classes(text: &str) -> [usize; 4] {
        let count = |is: fn(&u8) -> bool| text.bytes().filter(is).count();
        let known = [count(u8::is_ascii_lowercase), count(u8::is_ascii_uppercase), count(u8::is_ascii_digit)];
        [known[0], known[1], known[2], text.len() - known.iter().sum::<usize>()]
    }

    /// A stand-in has as many characters of each class as the password.
    #[test]
    fn as_many_of_each_class() {
        for password in ["Pending-password-1234567890", "ünïcode-Pass-1", "----------------", "7"] {
            assert_eq!(classes(&stand_in(password)), classes(password));
        }
    }

    /// A stand-in agrees with the password in few places.
    /// The stand-in goes into logs, so it reveals no position. About 90 of these 2700 positions agree by
    /// chance.
    #[test]
    fn stand_in_agrees_in_few_places() {
        let password = "Pending-password-1234567890";
        let agree = |other: &str| other.bytes().zip(password.bytes()).filter(|(one, two)| one == two).count();
        let agreed: usize = (0..100).map(|_| agree(&stand_in(password))).sum();
        assert!(agreed < 400, "{agreed} of 2700 places");
        let digits = |text: &str| text.bytes().map(|byte| byte.is_ascii_digit()).collect::<Vec<_>>();
        let kept = (0..20).filter(|_| digits(&stand_in(password)) == digits(password)).count();
        assert_eq!(kept, 0, "the digits are where those of the password are");
    }

    /// A stand-in is never the password itself.
    #[test]
    fn stand_in_is_never_the_password() {
        for password in ["----------------", "!", "7", "a"] {
            for _ in 0..200 {
                assert_ne!(stand_in(password), password);
            }
        }
        let drawn = stand_in("----------------");
        assert!(drawn.bytes().any(|byte| byte != b'-'), "{drawn} has only the password's special character");
    }
}
