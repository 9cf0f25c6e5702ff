//! What MySQL and MariaDB show of users and their rights, read by a master who makes a clone.

mod shown;

use rotation_core::{Password, SecretId};
use rotation_database::{
    Credentials, Engine, PairOwner, PlannedStatement, Purpose, SecretIdentity, StatementError, UserPair,
    Username,
};
use rotator_mysql::{MySql, plan_clone};

use crate::canary::{CANARY, assert_quiet};
use shown::{Shown, made_by};

/// The first byte says which version, and whether the rest is lines as they are or names in lines of known
/// form.
///
/// # Panics
/// Where a property does not hold.
pub fn grants(bytes: &[u8]) {
    let Some((kind, rest)) = bytes.split_first() else { return };
    let shown = if kind & 1 == 0 { Shown::lines(*kind, rest) } else { Shown::names(*kind, rest) };
    let Some(shown) = shown else { return };
    match plan(&shown, None) {
        Ok(first) => {
            is_bounded(&first, &shown);
            makes_equal(&shown, &first);
        }
        Err(error) => {
            assert_quiet(&error, CANARY);
            assert!(!shown.is_well_formed, "{error}: {shown:?}");
        }
    }
}

/// No statement says the password, and all of them together are not much longer than what they were made
/// from.
fn is_bounded(statements: &[PlannedStatement], shown: &Shown) {
    let said: usize = statements.iter().map(|statement| statement.text.len()).sum();
    // Each column of a privilege is a right of its own, and each right is named with its object.
    assert!(said <= 4096 + 64 * shown.length() + shown.length().pow(2), "{said} bytes of statements");
    for statement in statements {
        assert!(!statement.text.contains(CANARY) || shown.says(CANARY), "{}", statement.text);
        assert!(!statement.text.contains('\0') || shown.has_nul(), "{}", statement.text);
    }
}

/// A clone that was made by these statements is shown as one that has nothing to correct.
fn makes_equal(shown: &Shown, first: &[PlannedStatement]) {
    match plan(shown, Some(&made_by(first, shown))) {
        Ok(second) => {
            let left: Vec<_> = second.iter().filter(|one| one.purpose == Purpose::Equality).collect();
            assert!(left.is_empty(), "made: {first:#?}\nleft: {left:#?}");
        }
        // Words that no server shows may make statements that no server takes.
        Err(error) => assert!(!shown.is_well_formed, "{error}: {first:#?}"),
    }
}

/// What a master would do to make `app_clone` as `app` is.
fn plan(original: &Shown, clone: Option<&Shown>) -> Result<Vec<PlannedStatement>, StatementError> {
    let username = Username::parse("app", &MySql::PROFILE).expect("a short name");
    let pair = UserPair::of(&username, &MySql::PROFILE).expect("a short name");
    let password = Password::parse(CANARY).expect("a password");
    let next = Credentials { username: pair.clone.clone(), password };
    let secret = SecretId::new("shop/checkout").expect("a short name");
    // Some versions keep no mark, and some rights prove nothing.
    let owner = PairOwner { secret: SecretIdentity::from_secret(&secret), adopt: clone.is_some() };
    let clones: Vec<_> = clone.iter().map(|clone| clone.account()).collect();
    plan_clone(original.version, &pair, &owner, &next, &[original.account()], &clones)
}
