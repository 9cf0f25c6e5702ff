//! Which types are never printed, which lengths are allowed, and which addresses cannot be a database's.

use rotation_core::{Password, RotationToken, SecretDocument};
use rotation_database::{Host, Login, StatementRule, TestQuery};

use super::{CANARY, document};
use crate::world::PROFILE;

/// What must never be printed prints its type's name alone, such as `Password(..)`.
#[test]
fn secret_values_print_their_type_alone() {
    let document = SecretDocument::parse(&document(&[])).unwrap();
    let login = Login::from_document(&document, &PROFILE).unwrap();
    assert_eq!(format!("{document:?}"), "SecretDocument(..)");
    assert_eq!(format!("{:?}", login.credentials.password), "Password(..)");
    let statement = TestQuery::parse("SELECT 1", &StatementRule::SQL).unwrap();
    assert_eq!(format!("{statement:?}"), "TestQuery(..)");
    let token = RotationToken::new(format!("{CANARY}-0000-4000-8000-000000000002")).unwrap();
    assert_eq!(format!("{token:?}"), "RotationToken(..)");
}

/// Passwords and names of databases and hosts may be as long as their limits and no longer.
#[test]
fn lengths_are_exact() {
    for (password, admitted) in
        [("", false), ("a", true), (&"a".repeat(4096), true), (&"a".repeat(4097), false), ("a\0", false)]
    {
        assert_eq!(Password::parse(password).is_ok(), admitted, "{} bytes", password.len());
    }
    for (length, admitted) in [(255, true), (256, false)] {
        let text = document(&[("dbname", Some(&format!("\"{}\"", "x".repeat(length))))]);
        let login = Login::from_document(&SecretDocument::parse(&text).unwrap(), &PROFILE);
        assert_eq!(login.is_ok(), admitted, "{length}");
    }
    let name = ["a".repeat(63), "b".repeat(63), "c".repeat(63), "d".repeat(61)].join(".");
    assert_eq!(name.len(), 253);
    assert!(Host::parse(&name).is_ok());
    assert!(Host::parse(&format!("{name}.")).is_ok(), "the final dot is not part of the name");
    assert!(Host::parse(&format!("{name}d")).is_err());
}

/// A name may not resolve to an address that no database has.
#[test]
fn names_resolving_to_no_database() {
    for (address, allowed) in [
        ("10.1.2.3", true),
        ("127.0.0.1", true),
        ("2001:db8::1", true),
        ("169.254.169.254", false),
        ("0.0.0.0", false),
        ("224.0.0.1", false),
        ("255.255.255.255", false),
        ("::", false),
        ("fe80::1", false),
        ("ff02::1", false),
        ("fd00:ec2::254", false),
        ("fd00:ec3::254", true),
        ("64:ff9b::a9fe:a9fe", false),
        ("64:ff9b::a01:203", true),
    ] {
        assert_eq!(Host::may_resolve_to(address.parse().unwrap()), allowed, "{address}");
    }
}
