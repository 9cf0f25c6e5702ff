//! Values of secrets that cannot be used.

use rotation_core::{SecretDocument, StagingLabel, Step};
use rotation_database::{Login, TlsMode};

use super::{CANARY, Reach, check, document, ordinary, store};
use crate::world::{PROFILE, Plan, Service, Value, World, version};

/// Checks for the same refusal with this value as current or as pending, at every step that reads it.
#[track_caller]
fn check_value(value: &Value, code: &str) -> String {
    let mut texts = String::new();
    for plan in [Plan::SingleUser, Plan::Alternating] {
        for (label, steps) in [
            (StagingLabel::Current, [Step::Create, Step::Set]),
            (StagingLabel::Pending, [Step::Set, Step::Test]),
        ] {
            for step in steps {
                let spoil = |service: &Service| store(service, &label, value.clone());
                texts += &check(plan, step, spoil, code, Reach::NoConnection);
            }
        }
    }
    texts
}

#[track_caller]
fn check_field(field: &str, value: Option<&str>, code: &str) {
    let texts = check_value(&Value::Text(document(&[(field, value)])), code);
    assert!(texts.contains(&format!("`{field}`")), "{texts}");
}

/// A value that is no JSON object is refused.
#[test]
fn value_that_is_no_object() {
    check_value(&Value::Binary, "SECRET_BINARY");
    let large = document(&[("note", Some(&format!("\"{}\"", "x".repeat(65_536))))]);
    let deep = document(&[("note", Some(&format!("{}{}", "[".repeat(500), "]".repeat(500))))]);
    let plain = format!("\"{CANARY}\"");
    let cut = document(&[]).trim_end_matches('}').to_owned();
    for text in ["", "   ", CANARY, "[1]", &plain, "null", "7", &cut, "{'a':1}", &large] {
        check_value(&Value::Text(text.to_owned()), "SECRET_MALFORMED");
    }
    let _ = SecretDocument::parse(&deep);
}

/// A value of exactly 64 KiB is read.
#[test]
fn exactly_64_kib_is_read() {
    let short = document(&[("note", Some("\"\""))]);
    let fill = "x".repeat(65_536 - short.len());
    let largest = document(&[("note", Some(&format!("\"{fill}\"")))]);
    assert_eq!(largest.len(), 65_536);
    assert!(SecretDocument::parse(&largest).is_ok());
    assert!(SecretDocument::parse(&format!("{largest} ")).is_err());
}

/// A missing field is named.
#[test]
fn missing_field_is_named() {
    for field in ["engine", "host", "username", "password"] {
        check_field(field, None, "SECRET_FIELD_MISSING");
        check_field(field, Some("null"), "SECRET_FIELD_MISSING");
        check_field(field, Some("[1]"), "SECRET_FIELD_INVALID");
    }
}

/// A master secret that neither the secret nor the settings name is refused.
#[test]
fn master_secret_without_a_name() {
    for step in [Step::Create, Step::Set] {
        for empty in [None, Some("\"\"")] {
            let unnamed = |service: &Service| {
                store(service, &StagingLabel::Current, Value::Text(document(&[("masterarn", empty)])));
            };
            let texts =
                check(Plan::AlternatingByField, step, unnamed, "SECRET_FIELD_MISSING", Reach::NoConnection);
            assert!(texts.contains("masterarn"));
        }
    }
}

/// A key that occurs twice is refused.
#[test]
fn duplicate_key() {
    let twice = document(&[]).replacen('{', &format!("{{\"password\":\"{CANARY}\","), 1);
    let texts = check_value(&Value::Text(twice), "SECRET_MALFORMED");
    assert!(texts.contains("password"));
    let escaped = document(&[]).replacen('{', "{\"p\\u0061ssword\":\"x\",", 1);
    check_value(&Value::Text(escaped), "SECRET_MALFORMED");
    let long = format!("{{\"{0}\":1,\"{0}\":2}}", "k\\n".repeat(9000));
    assert!(SecretDocument::parse(&long).unwrap_err().to_string().len() < 200);
}

/// A port is a number from 1 to 65535.
#[test]
fn port_from_1_to_65535() {
    let odd = [
        "0",
        "70000",
        "\"5432;x\"",
        "-1",
        "5432.5",
        "0.0",
        "70000.0",
        "\"5432.0\"",
        "\"\"",
        "true",
        "[5432]",
        "\"+5432\"",
        "\" 5432\"",
    ];
    for port in odd {
        check_field("port", Some(port), "SECRET_FIELD_INVALID");
    }
    for port in ["5432", "\"5432\"", "5432.0", "5432.00"] {
        let document = SecretDocument::parse(&document(&[("port", Some(port))])).unwrap();
        assert_eq!(Login::from_document(&document, &PROFILE).unwrap().port, 5432);
    }
}

/// A secret of another engine is refused.
#[test]
fn other_engine_is_refused() {
    for engine in ["\"mysql\"", "\"\"", "\"Model\"", "\"model \""] {
        let document = document(&[("engine", Some(engine))]);
        let texts = check_value(&Value::Text(document), "SECRET_ENGINE_MISMATCH");
        assert!(texts.contains("model, aurora-model"));
    }
}

/// A host is one name or address of a database.
#[test]
fn one_host_name_or_address() {
    let hosts = [
        "",
        " ",
        "a,b",
        "/var/run/postgresql",
        "db?sslmode=disable",
        "db/x",
        "user@db",
        "db:5432",
        "db;x",
        "db x",
        "169.254.169.254",
        "0xa9fea9fe",
        "0XA9FEA9FE",
        "2852039166",
        "fd00:ec2::254",
        "fe80::1",
        "[::1]",
        "0.0.0.0",
        "::",
        "224.0.0.1",
        "255.255.255.255",
        "::ffff:169.254.169.254",
        "a..b",
        ".a",
        "db\\u0000",
        "@abstract",
        "%2f",
        "\\\\\\\\pipe",
    ];
    for host in hosts {
        check_field("host", Some(&format!("\"{host}\"")), "SECRET_FIELD_INVALID");
    }
    check_field("host", Some(&format!("\"{}\"", "a".repeat(64))), "SECRET_FIELD_INVALID");
    check_field("host", Some(&format!("\"{}a\"", "a.".repeat(127))), "SECRET_FIELD_INVALID");
}

/// Options in a database name stay part of the name.
#[test]
fn options_stay_in_the_database_name() {
    let name = "app?sslmode=disable options='-c log_statement=all' host=evil";
    let text = document(&[("dbname", Some(&format!("\"{name}\"")))]);
    let login = Login::from_document(&SecretDocument::parse(&text).unwrap(), &PROFILE).unwrap();
    assert_eq!(login.database.as_deref(), Some(name));
    assert_eq!((login.host.as_str(), login.tls), ("db.example.com", TlsMode::Preferred));
    let long = format!("\"{}\"", "x".repeat(256));
    for name in [&long, "\"a\\u0000b\"", "7"] {
        check_field("dbname", Some(name), "SECRET_FIELD_INVALID");
    }
}

/// An empty database name counts as absent.
#[test]
fn empty_database_name_is_absent() {
    for absent in [None, Some("\"\""), Some("null")] {
        let document = SecretDocument::parse(&document(&[("dbname", absent)])).unwrap();
        let login = Login::from_document(&document, &PROFILE).unwrap();
        assert_eq!(login.database.as_deref(), PROFILE.default_database, "{absent:?}");
    }
}

/// A pending document for another server is refused before any connection.
#[test]
fn pending_for_another_server() {
    for plan in [Plan::SingleUser, Plan::Alternating] {
        let user = if plan == Plan::SingleUser { "\"app\"" } else { "\"app_clone\"" };
        for other in [("host", "\"db.example.org\""), ("host", "\"10.0.0.1\""), ("port", "5433")] {
            let spoil = |service: &Service| {
                let pending = document(&[("username", Some(user)), (other.0, Some(other.1))]);
                store(service, &StagingLabel::Pending, Value::Text(pending));
            };
            check(plan, Step::Set, spoil, "PENDING_HOST_DIFFERS", Reach::NoConnection);
        }
    }
}

/// Unknown fields are kept, and `ssl` is read as AWS's templates read it.
#[test]
fn unknown_fields_stay_and_ssl_is_read() {
    World::run(async {
        let service = ordinary(Plan::SingleUser).await;
        let odd = [("team", Some("{\"b\": 1.50, \"a\":\"\\u00e9\"}")), ("caf\\u00e9", Some("[1,  2]"))];
        let current = document(&odd);
        store(&service, &StagingLabel::Current, Value::Text(current.clone()));
        service.world.store.borrow_mut().secret_mut().versions.get_mut(&version(2)).unwrap().value = None;
        service.invoke(Step::Create).await.unwrap().unwrap();
        let store = service.world.store.borrow();
        let Some(Value::Text(pending)) = store.secret().value(&StagingLabel::Pending) else { unreachable!() };
        let value: serde_json::Value = serde_json::from_str(pending).unwrap();
        let quoted = value["password"].to_string();
        assert_eq!(*pending, current.replace(&format!("\"{CANARY}\""), &quoted));
    });
    let mode = |ssl: Option<&str>| {
        let document = SecretDocument::parse(&document(&[("ssl", ssl)])).unwrap();
        Login::from_document(&document, &PROFILE).unwrap().tls
    };
    for on in ["true", "\"true\"", "\"True\"", "\"TRUE\""] {
        assert_eq!(mode(Some(on)), TlsMode::Required);
    }
    for off in ["false", "\"false\"", "\"False\""] {
        assert_eq!(mode(Some(off)), TlsMode::Off);
    }
    assert_eq!((mode(None), mode(Some("null"))), (TlsMode::Preferred, TlsMode::Preferred));
    for odd in ["0", "1", "\"require\"", "\"no\"", "[]", "\"\""] {
        assert_eq!(mode(Some(odd)), TlsMode::Required);
    }
}

/// Nothing that holds a password prints it.
#[test]
fn no_password_is_printed() {
    let document = SecretDocument::parse(&document(&[])).unwrap();
    let login = Login::from_document(&document, &PROFILE).unwrap();
    let printed = format!("{document:?} {document:#?} {login:?} {login:#?} {:?}", login.credentials);
    assert!(!printed.contains(CANARY), "{printed}");
    assert_eq!(login.credentials.password.expose(), CANARY);
}

/// A user is defined in the database that its field names, or else in the one that is opened.
#[test]
fn home_database_of_a_user() {
    #[track_caller]
    fn home(fields: &[(&str, Option<&str>)], home_field: Option<&'static str>) -> Option<String> {
        let document = SecretDocument::parse(&document(fields)).unwrap();
        Login::from_document(&document, &rotation_database::EngineProfile { home_field, ..PROFILE })
            .unwrap()
            .home
    }
    let (authdb, dbname) = (("authdb", Some("\"users\"")), ("dbname", Some("\"shop\"")));
    assert_eq!(home(&[authdb, dbname], Some("authdb")).as_deref(), Some("users"));
    assert_eq!(home(&[dbname], Some("authdb")).as_deref(), Some("shop"));
    assert_eq!(home(&[("dbname", None)], Some("authdb")).as_deref(), PROFILE.default_database);
    assert_eq!(home(&[authdb, dbname], None), None, "other engines know no such field");
}
