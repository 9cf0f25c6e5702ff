//! Documents and hosts, for arbitrary texts.

use proptest::prelude::*;
use rotation_core::{DocumentError, SecretDocument};
use rotation_database::{Host, LoginMethod, port};
use serde_json::value::RawValue;

/// JSON text as people write it, including unusual numbers, escapes and spaces.
fn json_value() -> impl Strategy<Value = String> {
    let leaf = prop_oneof![
        Just("null".to_owned()),
        Just("1.50e+3".to_owned()),
        Just("-0".to_owned()),
        Just("123456789012345678901234567890".to_owned()),
        any::<bool>().prop_map(|value| value.to_string()),
        any::<String>().prop_map(|text| serde_json::to_string(&text).unwrap()),
        Just(r#""\u00e9\/\ud83d\ude00""#.to_owned()),
    ];
    leaf.prop_recursive(3, 12, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(|all| format!("[ {}]", all.join(" ,"))),
            prop::collection::vec(inner, 0..4).prop_map(|all| {
                let entries = all.iter().enumerate().map(|(at, value)| format!("\"k{at}\" :{value}"));
                format!("{{{} }}", entries.collect::<Vec<_>>().join(", "))
            }),
        ]
    })
}

/// Entries with distinct keys, some written with escapes.
fn entries() -> impl Strategy<Value = Vec<(String, String)>> {
    let key = prop_oneof![
        "[a-zA-Z_ .-]{0,12}".prop_map(|key| format!("\"{key}\"")),
        any::<String>().prop_map(|key| serde_json::to_string(&key).unwrap()),
        "[a-f]{1,3}".prop_map(|key| format!("\"\\u0078{key}\\/\"")),
    ];
    prop::collection::vec((key, json_value()), 0..12).prop_map(|entries| {
        let mut seen = std::collections::BTreeSet::new();
        let unique = entries.into_iter().filter(|(key, _)| {
            let key: String = serde_json::from_str(key).unwrap();
            key != "username" && key != "password" && seen.insert(key)
        });
        unique.collect()
    })
}

proptest! {
    /// A new password changes nothing else in a document.
    #[test]
    fn new_password_changes_nothing_else(
        before in entries(), after in entries(), old in any::<String>(), new in any::<String>(),
    ) {
        let quote = |text: &str| serde_json::to_string(text).unwrap();
        let mut seen: Vec<String> = Vec::new();
        let mut distinct = |entries: Vec<(String, String)>| -> Vec<(String, String)> {
            entries.into_iter().filter(|(key, _)| {
                let key: String = serde_json::from_str(key).unwrap();
                let fresh = !seen.contains(&key);
                seen.push(key);
                fresh
            }).collect()
        };
        let (before, after) = (distinct(before), distinct(after));
        let text = |password: &str| {
            let password = ("\"password\"".to_owned(), quote(password));
            let all = before.iter().chain([&password]).chain(&after);
            let all: Vec<_> = all.map(|(key, value)| format!("{key}:{value}")).collect();
            format!("{{{}}}", all.join(","))
        };
        let document = SecretDocument::parse(&text(&old)).unwrap().with_text("password", &new);
        let json = document.to_json();
        prop_assert_eq!(json.as_str(), text(&new));
    }

    /// Parsing never panics, and what parses is JSON.
    #[test]
    fn parsing_never_panics(text in any::<String>()) {
        if let Ok(document) = SecretDocument::parse(&text) {
            prop_assert!(serde_json::from_str::<&RawValue>(&document.to_json()).is_ok());
        }
    }

    /// Parsing never panics on text that looks like an object.
    #[test]
    fn parsing_objects_never_panics(
        text in r#"\{?("[a-b\\u0]{0,3}"|[\[\]{},: 0-9tfn\\]){0,24}\}?"#,
    ) {
        let _ = SecretDocument::parse(&text);
    }

    /// A duplicate key is refused however it is escaped.
    #[test]
    fn escaped_duplicate_key(name in "[a-z]{1,8}") {
        let escaped: Vec<_> = name.chars().map(|c| format!("\\u{:04x}", u32::from(c))).collect();
        let escaped = escaped.concat();
        let refused = SecretDocument::parse(&format!(r#"{{"{name}":1,"{escaped}":2}}"#)).unwrap_err();
        prop_assert_eq!(refused, DocumentError::DuplicateKey { field: name });
    }

    /// A host is never link-local, in any spelling.
    #[test]
    fn host_is_never_link_local(c in any::<u8>(), d in any::<u8>(), tail in any::<u64>()) {
        let number = u32::from_be_bytes([169, 254, c, d]);
        let low = u32::from(c) << 8 | u32::from(d);
        let mut spellings = vec![
            format!("169.254.{c}.{d}"),
            format!("169.254.{c}.{d}."),
            format!("169.254.{low}"),
            format!("169.{}", 254 << 16 | low),
            format!("{number}"),
            format!("0x{number:x}"),
            format!("0X{number:X}"),
            format!("{number:#o}").replace("0o", "0"),
            format!("0xa9.0xfe.{c:#x}.{d:#x}"),
            format!("0XA9.0XFE.{c}.0X{d:X}"),
            format!("0251.0376.0{c:o}.0{d:o}"),
            format!("::ffff:169.254.{c}.{d}"),
            format!("::ffff:a9fe:{low:x}"),
            format!("0:0:0:0:0:FFFF:A9FE:{low:X}"),
            format!("::169.254.{c}.{d}"),
            format!("64:ff9b::169.254.{c}.{d}"),
            format!("fe80::{:x}:{:x}", tail >> 48, tail & 0xffff),
            format!("febf::{:x}", tail & 0xffff),
            format!("fd00:ec2::{:x}", tail & 0xffff),
        ];
        spellings.extend(spellings.clone().iter().map(|text| format!("[{text}]")));
        spellings.extend(spellings.clone().iter().map(|text| format!("{text}%eth0")));
        for text in spellings {
            prop_assert!(Host::parse(&text).is_err(), "{}", text);
        }
    }

    /// A host that is admitted holds one name and nothing else.
    #[test]
    fn admitted_host_holds_one_name(text in any::<String>()) {
        if let Ok(host) = Host::parse(&text) {
            let plain = |c: char| c.is_ascii_alphanumeric() || "-_.:".contains(c);
            prop_assert!(host.as_str().chars().all(plain));
        }
    }
}

/// Ordinary hosts are admitted.
#[test]
fn ordinary_hosts_are_admitted() {
    for text in
        ["db.example.com", "localhost", "127.0.0.1", "10.1.2.3", "::1", "2001:db8::1", "db-1_a.local."]
    {
        assert!(Host::parse(text).is_ok(), "{text}");
    }
}

/// Names that resemble a proxy's endpoint but are not one.
#[test]
fn lookalikes_of_proxy_endpoints() {
    for name in [
        "app.abc123.eu-west-1.rds.amazonaws.com",
        "proxy-1.abc123.eu-west-1.rds.amazonaws.com",
        "app.proxy-abc123.eu-west-1.redshift.amazonaws.com",
        "app.proxy-abc123.eu-west-1.rds.example.com",
    ] {
        assert!(!Host::parse(name).unwrap().is_rds_proxy(), "{name}");
    }
    assert!(Host::parse("app.proxy-abc123.eu-west-1.rds.amazonaws.com").unwrap().is_rds_proxy());
}

/// A login method is shown by its name.
#[test]
fn login_method_shows_its_name() {
    assert_eq!(LoginMethod("SCRAM-SHA-256").to_string(), "SCRAM-SHA-256");
}

/// The text of a document has its room from the start.
/// A string that grows leaves copies of its content behind.
#[test]
fn document_text_never_grows() {
    for count in [0, 1, 9] {
        let fields = (0..count).map(|number| format!(r#""a{number}":"{}""#, "b".repeat(100)));
        let text = format!("{{{}}}", fields.collect::<Vec<_>>().join(","));
        let json = SecretDocument::parse(&text).unwrap().to_json();
        assert_eq!(json.as_str(), text);
        assert!(json.capacity() <= text.len() + 2, "{} of {}", json.capacity(), text.len());
    }
}

/// A field whose value cannot be held is invalid, and not taken for an absent one.
#[test]
fn unreadable_field_is_not_absent() {
    let deep = format!("{}{}", "[".repeat(200), "]".repeat(200));
    for value in ["1e999", r#""\ud800""#, deep.as_str()] {
        let document = SecretDocument::parse(&format!("{{\"dbname\":{value}}}")).unwrap();
        let expected = DocumentError::Invalid { field: "dbname", rule: "a string" };
        assert_eq!(document.text("dbname"), Err(expected), "{value}");
        assert_eq!(*document.to_json(), format!("{{\"dbname\":{value}}}"), "and it is kept unchanged");
    }
    let document = SecretDocument::parse(r#"{"port":1e999}"#).unwrap();
    let rule = "a number from 1 to 65535";
    assert_eq!(port(&document), Err(DocumentError::Invalid { field: "port", rule }));
}
