//! What MySQL and MariaDB show about users and their privileges, parsed by a master that creates a clone.

mod shown;

use rotation_core::{Password, SecretId};
use rotation_database::{
    Credentials, Engine, PairOwner, PlannedStatement, Purpose, SecretIdentity, StatementError, UserPair,
    Username,
};
use rotator_mysql::{MySql, plan_clone};

use crate::canary::{CANARY, assert_quiet};
use shown::{Shown, made_by};

/// The first byte selects the version, and whether the rest is lines as they are or names in lines of known
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

/// Checks that no statement contains the password, and that all statements together are not much longer than
/// their input.
fn is_bounded(statements: &[PlannedStatement], shown: &Shown) {
    let length: usize = statements.iter().map(|statement| statement.text.len()).sum();
    // Each column of a privilege counts separately, and each one is named with its object.
    assert!(length <= 4096 + 64 * shown.length() + shown.length().pow(2), "{length} bytes of statements");
    for statement in statements {
        assert!(!statement.text.contains(CANARY) || shown.contains(CANARY), "{}", statement.text);
        assert!(!statement.text.contains('\0') || shown.has_nul(), "{}", statement.text);
    }
}

/// Checks that a clone made by these statements has no drift.
fn makes_equal(shown: &Shown, first: &[PlannedStatement]) {
    match plan(shown, Some(&made_by(first, shown))) {
        Ok(second) => {
            let left: Vec<_> = second.iter().filter(|one| one.purpose == Purpose::Equality).collect();
            assert!(left.is_empty(), "made: {first:#?}\nleft: {left:#?}");
        }
        // Input that no server shows may lead to statements that no server accepts.
        Err(error) => assert!(!shown.is_well_formed, "{error}: {first:#?}"),
    }
}

/// The plan with which a master would make `app_clone` equal to `app`.
fn plan(original: &Shown, clone: Option<&Shown>) -> Result<Vec<PlannedStatement>, StatementError> {
    let username = Username::parse("app", &MySql::PROFILE).expect("a short name");
    let pair = UserPair::of(&username, &MySql::PROFILE).expect("a short name");
    let password = Password::parse(CANARY).expect("a password");
    let next = Credentials { username: pair.clone.clone(), password };
    let secret = SecretId::new("shop/checkout").expect("a short name");
    // Some versions keep no mark, and some privileges prove nothing.
    let owner = PairOwner { secret: SecretIdentity::from_secret(&secret), adopt: clone.is_some() };
    let clones: Vec<_> = clone.iter().map(|clone| clone.account()).collect();
    plan_clone(original.version, &pair, &owner, &next, &[original.account()], &clones)
}
