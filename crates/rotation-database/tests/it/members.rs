//! The servers that a secret names: one, or the members of a replica set.

use rotation_core::{DocumentError, SecretDocument};
use rotation_database::{EngineProfile, Login};
use serde_json::{Value, json};

use crate::world::PROFILE;

/// An engine with replica sets.
const SETS: EngineProfile = EngineProfile { set_field: Some("replicaSet"), ..PROFILE };

fn parse(fields: &Value, profile: &EngineProfile) -> Result<Login, DocumentError> {
    let mut document = json!({"engine": PROFILE.engines[0], "username": "app", "password": "p"});
    document.as_object_mut().unwrap().extend(fields.as_object().unwrap().clone());
    Login::from_document(&SecretDocument::parse(&document.to_string()).unwrap(), profile)
}

/// Hosts and ports, in the order of the secret.
#[track_caller]
fn check(fields: &Value, expected: &str) {
    let login = parse(fields, &SETS).unwrap();
    let members: Vec<_> = login.endpoints().map(|member| member.address()).collect();
    assert_eq!(members.join(" "), expected, "{fields}");
}

#[track_caller]
fn check_refused(host: &str) {
    let error = parse(&json!({"host": host}), &SETS).unwrap_err();
    assert!(matches!(error, DocumentError::Invalid { field: "host", .. }), "{host}: {error:?}");
}

/// A list names each member once.
/// Each member has its own port, otherwise that of the secret, otherwise the engine's.
#[test]
fn list_names_each_member_once() {
    check(&json!({"host": "a.example.com"}), "a.example.com:5432");
    check(&json!({"host": "a:1"}), "a:1");
    check(&json!({"host": "a:1", "port": 7}), "a:1");
    check(&json!({"host": "a:1,b, c:3", "port": "7"}), "a:1 b:7 c:3");
    check(&json!({"host": "a:1,b"}), "a:1 b:5432");
    check(&json!({"host": "a:1,A:1,a.:1,a:2"}), "a:1 a:2");
    check(
        &json!({"host": "10.0.0.7:1,[fd00::1]:2,fd00::2,[fd00::3]:4"}),
        "10.0.0.7:1 [fd00::1]:2 [fd00::2]:5432 [fd00::3]:4",
    );
    let most: Vec<_> = (0..16).map(|number| format!("m{number}")).collect();
    assert_eq!(parse(&json!({"host": most.join(",")}), &SETS).unwrap().others.len(), 15);
}

/// A list holds hosts and ports alone.
/// Nothing that a driver would parse differently, and no address that cannot be a database's, in any
/// member.
#[test]
fn list_holds_hosts_and_ports_alone() {
    let many: Vec<_> = (0..17).map(|number| format!("m{number}")).collect();
    for host in [
        "",
        ",",
        "a,",
        ",a",
        "a,,b",
        "a:",
        "a:0",
        "a:65536",
        "a:+1",
        "a:1:2",
        "a b,c",
        "a/x,b",
        "u:p@a,b",
        "a,169.254.169.254",
        "a,[fe80::1]:1",
        "a,0x7f",
        "[a]:1",
        "[::1",
        "/tmp/mongodb.sock,a",
        "mongodb://a,b",
        &many.join(","),
    ] {
        check_refused(host);
    }
}

/// Other engines accept one host.
/// What such an engine accepts, other engines still refuse.
#[test]
fn other_engines_accept_one_host() {
    for host in ["a,b", "a:1", "a:1,b:2"] {
        let error = parse(&json!({"host": host}), &PROFILE).unwrap_err();
        let rule = "one DNS name or IP address of a database";
        assert_eq!(error, DocumentError::Invalid { field: "host", rule }, "{host}");
    }
    let login = parse(&json!({"host": "a", "replicaSet": "rs0", "srv": true}), &PROFILE).unwrap();
    assert_eq!((login.replica_set, login.others.len()), (None, 0));
}

/// The name of the set is kept as it is; an empty one counts as absent.
#[test]
fn set_name_is_optional() {
    let name =
        |name: Value| parse(&json!({"host": "a", "replicaSet": name}), &SETS).map(|login| login.replica_set);
    assert_eq!(name(json!("rs0")).unwrap().as_deref(), Some("rs0"));
    assert_eq!(name(json!("")).unwrap(), None);
    assert_eq!(name(json!(null)).unwrap(), None);
    for odd in [json!(1), json!(["rs0"]), json!("a\0b"), json!("x".repeat(256))] {
        assert!(
            matches!(name(odd.clone()), Err(DocumentError::Invalid { field: "replicaSet", .. })),
            "{odd}"
        );
    }
}

/// A list may get members during a rotation: its pending version then names only some of them.
#[test]
fn list_may_have_grown() {
    let login = |host: &str, set: &str| parse(&json!({"host": host, "replicaSet": set}), &SETS).unwrap();
    let current = login("a:1,b:2,c:3", "rs0");
    for host in ["a:1,b:2,c:3", "c:3,A:1", "b:2"] {
        assert!(login(host, "rs0").is_among_servers_of(&current), "{host}");
        assert!(!login(host, "rs1").is_among_servers_of(&current), "{host}");
    }
    for host in ["a:1,b:2,c:3,d:4", "a:1,d:4", "a:2", "d"] {
        assert!(!login(host, "rs0").is_among_servers_of(&current), "{host}");
    }
}

/// Members are not looked up in DNS.
/// A DNS answer would decide where the password is sent.
#[test]
fn members_are_never_resolved() {
    for (fields, field) in [
        (json!({"host": "mongodb+srv://db.example.com"}), "host"),
        (json!({"host": "MongoDB+SRV://db.example.com/shop"}), "host"),
        (json!({"host": "db.example.com", "srv": true}), "srv"),
        (json!({"host": "db.example.com", "srv": "true"}), "srv"),
        (json!({"host": "db.example.com", "srv": 1}), "srv"),
        (json!({"host": "db.example.com", "srv": "yes"}), "srv"),
    ] {
        let error = parse(&fields, &SETS).unwrap_err();
        assert_eq!(
            (error.code().name(), error.detail()),
            ("SECRET_HOST_SRV", Some(format!("field={field}"))),
            "{fields}"
        );
    }
    for no in [
        json!(false),
        json!("false"),
        json!("No"),
        json!("0"),
        json!("off"),
        json!(0),
        json!(null),
        json!(""),
    ] {
        let fields = json!({"srv": no});
        let mut document = fields.clone();
        document["host"] = "db.example.com".into();
        assert!(parse(&document, &SETS).is_ok(), "{fields}");
    }
}
