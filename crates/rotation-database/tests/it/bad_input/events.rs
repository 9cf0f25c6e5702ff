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

#[test]
fn an_unknown_or_missing_step_is_refused() {
    for step in
        [json!(null), json!("rotateSecret"), json!(""), json!("createSecret "), json!("create"), json!(1)]
    {
        check(&[("Step", step)], "Step");
    }
    check(&[("Step", json!(CANARY))], "Step");
    check(&[("Step", json!("_secret"))], "Step");
}

#[test]
fn a_token_that_is_not_32_to_64_characters_is_refused() {
    for token in ["", &"x".repeat(31), &"x".repeat(65), &" ".repeat(36), &"\u{e9}".repeat(20), CANARY] {
        check(&[("ClientRequestToken", json!(token))], "ClientRequestToken");
    }
    check(&[("ClientRequestToken", json!(null))], "ClientRequestToken");
    for length in [32, 64] {
        let event = event(&[("ClientRequestToken", json!("x".repeat(length)))]);
        assert!(RotationEvent::from_json(&event).is_ok());
    }
}

#[test]
fn a_rotation_token_that_breaks_its_rule_is_refused_and_not_repeated() {
    for token in [CANARY.repeat(300), String::new()] {
        check(&[("RotationToken", json!(token))], "RotationToken");
    }
    check(&[("RotationToken", json!([CANARY]))], "RotationToken");
}

/// The service may use any characters in its tokens.
#[test]
fn a_rotation_token_of_another_alphabet_is_handed_back() {
    for token in ["x", "a+b/c==", "ey.J_h~", &"0".repeat(2048)] {
        let event = RotationEvent::from_json(&event(&[("RotationToken", json!(token))])).unwrap();
        assert_eq!(event.rotation_token.unwrap().expose(), token);
    }
}

#[test]
fn a_secret_id_is_one_printable_word() {
    for id in [json!(null), json!(""), json!("a b"), json!("a\nb"), json!("x".repeat(2049)), json!({})] {
        check(&[("SecretId", id)], "SecretId");
    }
}

#[test]
fn an_event_that_is_no_object_is_refused() {
    for event in [json!([]), json!("createSecret"), json!(null), json!(7)] {
        let error = RotationEvent::from_json(&event).unwrap_err();
        assert_eq!(error, EventError::Missing { field: "Step" });
    }
}

#[test]
fn a_huge_or_deep_event_is_read_for_its_own_fields_only() {
    let mut deep = json!(CANARY);
    for _ in 0..100 {
        deep = json!([deep]);
    }
    let event = event(&[("Extra", deep), ("More", json!("x".repeat(6 << 20)))]);
    assert_eq!(RotationEvent::from_json(&event).unwrap().step, Step::Create);
}

#[test]
fn both_spellings_of_every_step_are_read() {
    for step in Step::ALL {
        let guide = format!("{}_secret", step.name().trim_end_matches("Secret"));
        for name in [step.name(), &guide] {
            assert_eq!(RotationEvent::from_json(&event(&[("Step", json!(name))])).unwrap().step, step);
        }
    }
}

#[test]
fn an_event_prints_without_its_rotation_token() {
    let event = RotationEvent::from_json(&event(&[])).unwrap();
    assert!(!format!("{event:?} {event:#?}").contains(CANARY));
    assert!(event.rotation_token.unwrap().expose().contains(CANARY));
}

#[test]
fn an_arn_says_where_it_lives() {
    let home = Home { region: "eu-central-1", account: "123456789012" };
    assert_eq!(Home::of_arn(ARN), Some(home));
    for name in ["app", "arn:aws", "arn:aws:secretsmanager:eu-central-1", "a:b:c:d:e:f"] {
        assert_eq!(Home::of_arn(name), None, "{name}");
    }
}

#[test]
fn an_id_is_quoted_for_a_shell_where_it_has_to_be() {
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

#[test]
fn a_step_and_a_version_print_as_the_service_names_them() {
    assert_eq!(Step::ALL.map(|step| step.to_string()), Step::ALL.map(Step::name));
    assert_eq!(VersionId::new(TOKEN).unwrap().as_str(), TOKEN);
    assert_eq!(VersionId::new(TOKEN).unwrap().to_string(), TOKEN);
}
