//! The event itself.

use rotation_core::{EventError, Home, RotationError, RotationEvent, SecretId, Step, VersionId};
use serde_json::{Value, json};

use super::{CANARY, texts};
use crate::world::ARN;

const TOKEN: &str = "00000000-0000-4000-8000-000000000002";

fn event(changes: &[(&str, Value)]) -> Value {
    let rotation_token = format!("{CANARY}-0000-4000-8000-000000000002");
    let mut event = json!({
        "Step": "createSecret",
        "SecretId": ARN,
        "ClientRequestToken": TOKEN,
        "RotationToken": rotation_token,
    });
    for (field, value) in changes {
        event[*field] = value.clone();
    }
    event
}

#[track_caller]
fn check(changes: &[(&str, Value)], field: &str) {
    let error = RotationEvent::from_json(&event(changes)).expect_err("bad input is refused");
    assert!(error.to_string().contains(&format!("`{field}`")), "{error}");
    let error = RotationError::from(error);
    assert_eq!(error.code(), "EVENT_INVALID");
    assert!(!texts(&error).contains(CANARY), "{}", texts(&error));
}

/// An unknown or missing step is refused.
#[test]
fn unknown_or_missing_step() {
    for step in
        [json!(null), json!("rotateSecret"), json!(""), json!("createSecret "), json!("create"), json!(1)]
    {
        check(&[("Step", step)], "Step");
    }
    check(&[("Step", json!(CANARY))], "Step");
    check(&[("Step", json!("_secret"))], "Step");
}

/// A token that does not have 32 to 64 characters is refused.
#[test]
fn token_of_32_to_64_characters() {
    for token in ["", &"x".repeat(31), &"x".repeat(65), &" ".repeat(36), &"\u{e9}".repeat(20), CANARY] {
        check(&[("ClientRequestToken", json!(token))], "ClientRequestToken");
    }
    check(&[("ClientRequestToken", json!(null))], "ClientRequestToken");
    for length in [32, 64] {
        let event = event(&[("ClientRequestToken", json!("x".repeat(length)))]);
        assert!(RotationEvent::from_json(&event).is_ok());
    }
}

/// A rotation token that breaks its rule is refused and not repeated.
#[test]
fn rotation_token_out_of_rule() {
    for token in [CANARY.repeat(300), String::new()] {
        check(&[("RotationToken", json!(token))], "RotationToken");
    }
    check(&[("RotationToken", json!([CANARY]))], "RotationToken");
}

/// A rotation token of another alphabet is passed back.
/// The service may use any characters in its tokens.
#[test]
fn rotation_token_of_any_alphabet() {
    for token in ["x", "a+b/c==", "ey.J_h~", &"0".repeat(2048)] {
        let event = RotationEvent::from_json(&event(&[("RotationToken", json!(token))])).unwrap();
        assert_eq!(event.rotation_token.unwrap().expose(), token);
    }
}

/// A secret id is one printable word.
#[test]
fn secret_id_is_one_printable_word() {
    for id in [json!(null), json!(""), json!("a b"), json!("a\nb"), json!("x".repeat(2049)), json!({})] {
        check(&[("SecretId", id)], "SecretId");
    }
}

/// An event that is no object is refused.
#[test]
fn event_that_is_no_object() {
    for event in [json!([]), json!("createSecret"), json!(null), json!(7)] {
        let error = RotationEvent::from_json(&event).unwrap_err();
        assert_eq!(error, EventError::Missing { field: "Step" });
    }
}

/// A huge or deeply nested event is read for its own fields only.
#[test]
fn huge_or_deep_event() {
    let mut deep = json!(CANARY);
    for _ in 0..100 {
        deep = json!([deep]);
    }
    let event = event(&[("Extra", deep), ("More", json!("x".repeat(6 << 20)))]);
    assert_eq!(RotationEvent::from_json(&event).unwrap().step, Step::Create);
}

/// Both spellings of every step are read.
#[test]
fn both_spellings_of_every_step() {
    for step in Step::ALL {
        let guide = format!("{}_secret", step.name().trim_end_matches("Secret"));
        for name in [step.name(), &guide] {
            assert_eq!(RotationEvent::from_json(&event(&[("Step", json!(name))])).unwrap().step, step);
        }
    }
}

/// An event is printed without its rotation token.
#[test]
fn event_prints_no_rotation_token() {
    let event = RotationEvent::from_json(&event(&[])).unwrap();
    assert!(!format!("{event:?} {event:#?}").contains(CANARY));
    assert!(event.rotation_token.unwrap().expose().contains(CANARY));
}

/// An ARN gives the place where its resource is.
#[test]
fn arn_gives_account_and_region() {
    let home = Home { region: "eu-central-1", account: "123456789012" };
    assert_eq!(Home::of_arn(ARN), Some(home));
    for name in ["app", "arn:aws", "arn:aws:secretsmanager:eu-central-1", "a:b:c:d:e:f"] {
        assert_eq!(Home::of_arn(name), None, "{name}");
    }
}

/// An id is quoted for a shell where that is necessary.
#[test]
fn ids_are_quoted_for_a_shell() {
    for (id, quoted) in [
        (ARN, ARN),
        ("a-b_c./d:e@f=g+h,1", "a-b_c./d:e@f=g+h,1"),
        ("a$b", "'a$b'"),
        ("it's", r"'it'\''s'"),
        ("\u{e9}", "'\u{e9}'"),
    ] {
        assert_eq!(SecretId::new(id).unwrap().in_a_shell(), quoted);
    }
}

/// A step and a version are printed as the service names them.
#[test]
fn steps_and_versions_print_aws_names() {
    assert_eq!(Step::ALL.map(|step| step.to_string()), Step::ALL.map(Step::name));
    assert_eq!(VersionId::new(TOKEN).unwrap().as_str(), TOKEN);
    assert_eq!(VersionId::new(TOKEN).unwrap().to_string(), TOKEN);
}
