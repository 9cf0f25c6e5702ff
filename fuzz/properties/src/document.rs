//! The value of a secret.

use std::{collections::BTreeMap, net::IpAddr};

use rotation_core::SecretDocument;
use rotation_database::{Engine, EngineProfile, Host, Login, TestQuery, UserPair};
use rotator_docdb::DocumentDb;
use rotator_mysql::{MariaDb, MySql};
use rotator_postgres::Postgres;
use rotator_redshift::Redshift;
use serde_json::{Map, Value, value::RawValue};

use crate::canary::{CANARY, assert_not_in, assert_quiet};

/// The profiles by which engines parse a document.
pub(crate) const PROFILES: [EngineProfile; 5] =
    [Postgres::PROFILE, MySql::PROFILE, MariaDb::PROFILE, DocumentDb::PROFILE, Redshift::PROFILE];

/// The fields that a rotation reads.
const FIELDS: [&str; 10] =
    ["engine", "host", "port", "username", "password", "dbname", "authdb", "ssl", "masterarn", "testquery"];

/// Parses the text as a secret's value, and by every engine as a login; parses any text as a host and as a
/// test query.
///
/// # Panics
/// Where a property does not hold.
pub fn document(bytes: &[u8]) {
    let Ok(text) = str::from_utf8(bytes) else { return };
    statement(text);
    host(text);
    match SecretDocument::parse(text) {
        Err(_) => refuses_quietly(text),
        Ok(document) => {
            comes_back(text, &document);
            no_field_is_overlooked(text, &document);
            keeps_other_fields(text, &document);
            for profile in &PROFILES {
                logs_in(&document, profile);
            }
            tells_no_value(&document);
        }
    }
}

/// Checks that the error for a refused text repeats no value, and that a duplicate key is named.
fn refuses_quietly(text: &str) {
    let holding = text.replacen('{', &format!("{{\"held\":\"{CANARY}\","), 1);
    if let Err(error) = SecretDocument::parse(&holding)
        && !text.contains(CANARY)
    {
        assert_quiet(&error, CANARY);
    }
}

/// Checks that the written document parses as the same one, and is not longer than the input.
fn comes_back(text: &str, document: &SecretDocument) {
    let json = document.to_json();
    assert!(json.len() <= text.len(), "{} bytes out of {}", json.len(), text.len());
    let again = SecretDocument::parse(&json).expect("what was written is a document");
    assert_eq!(*again.to_json(), *json);
    if let Ok(read) = serde_json::from_str::<Value>(text) {
        assert_eq!(serde_json::from_str::<Value>(&json).ok(), Some(read));
    }
}

/// Checks that a field which cannot be parsed does not count as absent.
fn no_field_is_overlooked(text: &str, document: &SecretDocument) {
    let raw: BTreeMap<String, &RawValue> = serde_json::from_str(text).expect("it was read as an object");
    for field in FIELDS {
        let holds = raw.get(field).is_some_and(|value| value.get() != "null");
        let overlooked = matches!(document.text(field), Ok(None));
        assert!(!(holds && overlooked), "`{field}` is overlooked");
    }
}

fn keeps_other_fields(text: &str, document: &SecretDocument) {
    let Ok(mut expected) = serde_json::from_str::<Map<String, Value>>(text) else { return };
    let changed = document.clone().with_text("username", "a\"b").with_text("password", CANARY);
    expected.insert("username".to_owned(), Value::from("a\"b"));
    expected.insert("password".to_owned(), Value::from(CANARY));
    assert_eq!(serde_json::from_str::<Map<String, Value>>(&changed.to_json()).ok(), Some(expected));
    assert_not_in(&changed, CANARY);
}

fn logs_in(document: &SecretDocument, profile: &EngineProfile) {
    let document = document.clone().with_text("engine", profile.engines[0]);
    let login = match Login::from_document(&document, profile) {
        Ok(login) => login,
        Err(error) => return assert_quiet(&error, CANARY),
    };
    assert!(login.others.is_empty() || profile.set_field.is_some(), "one server, or the members of a set");
    let name = login.credentials.username.as_str();
    assert!(!name.is_empty() && !name.contains('\0') && profile.name_limit.admits(name));
    for member in login.endpoints() {
        assert!(member.port > 0);
        assert_eq!(Host::parse(member.host.as_str()).ok().as_ref(), Some(&member.host));
    }
    let secret = document.clone().with_text("password", CANARY);
    let secret = Login::from_document(&secret, profile).expect("a password may be any text");
    // Unless it also occurs elsewhere.
    if !document.to_json().contains(CANARY) {
        assert_not_in(&secret, CANARY);
    }
    if let Ok(pair) = UserPair::of(&login.credentials.username, profile) {
        assert_ne!(pair.original, pair.clone);
        assert_eq!(pair.clone.as_str(), format!("{}{}", pair.original, profile.clone_suffix));
        let other = pair.other(&login.credentials.username);
        assert_eq!(pair.other(other), &login.credentials.username);
        assert_eq!(UserPair::of(other, profile).as_ref(), Ok(&pair), "the two make the same pair");
        assert!(!profile.reserved_users.contains(&other.as_str()));
    }
}

/// Checks that no error repeats the value of the wrong field.
fn tells_no_value(document: &SecretDocument) {
    for field in FIELDS {
        for wrong in [format!("\0{CANARY}"), CANARY.to_owned()] {
            let document = document.clone().with_text(field, &wrong);
            for profile in &PROFILES {
                if let Err(error) = Login::from_document(&document, profile) {
                    assert_quiet(&error, CANARY);
                }
            }
        }
    }
}

/// Checks that a host is exactly one name or address, with nothing else in the text.
fn host(text: &str) {
    let Ok(host) = Host::parse(text) else { return };
    assert_eq!(host.as_str(), text);
    assert!(text.len() <= 254 && text.is_ascii());
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_.:".contains(c);
    assert!(text.chars().all(plain), "{text}");
    assert!(host.is_same(&host));
    let other = text.to_ascii_uppercase();
    assert!(Host::parse(&other).is_ok_and(|other| other.is_same(&host)), "{text} depends on its case");
    match text.parse::<IpAddr>() {
        Ok(address) => assert!(!is_of_the_machine(address.to_canonical()), "{text}"),
        // `inet_aton`, by which resolvers read addresses, also accepts `0xa9.254.43518`.
        Err(_) => assert!(!text.split_terminator('.').all(is_number), "{text}"),
    }
}

/// Whether this is an address of an instance's metadata service, which also returns credentials.
fn is_of_the_machine(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(v4) => v4.octets()[..2] == [169, 254],
        IpAddr::V6(v6) => v6.segments()[..2] == [0xfd00, 0xec2] || v6.is_unicast_link_local(),
    }
}

fn is_number(part: &str) -> bool {
    let hexadecimal = part.strip_prefix("0x").or(part.strip_prefix("0X"));
    match hexadecimal {
        Some(digits) => !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_hexdigit()),
        None => !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit()),
    }
}

/// Checks that an admitted text is one statement, and is admitted again.
fn statement(text: &str) {
    for profile in &PROFILES {
        let rule = &profile.test_query;
        let Some(statement) = TestQuery::parse(text, rule) else { continue };
        let kept = statement.expose();
        assert!(text.contains(kept) && kept.len() <= 4096);
        assert!(!kept.contains('\0'));
        assert!(TestQuery::parse(kept, rule).is_some_and(|again| again.expose() == kept), "{kept}");
        if profile.name != DocumentDb::PROFILE.name {
            assert!(!kept.contains(';'), "{kept}");
        }
    }
}
