//! The event of an invocation.

use rotation_core::{RotationEvent, RotationToken, SecretId, VersionId};
use serde_json::{Value, json};

use crate::{
    canary::{CANARY, assert_not_in, assert_quiet},
    shell::read_back,
};

/// Parses JSON as an event, and any text as each part of an event.
///
/// # Panics
/// Where a property does not hold.
pub fn event(bytes: &[u8]) {
    let Ok(text) = str::from_utf8(bytes) else { return };
    parts(text);
    let Ok(value) = serde_json::from_str::<Value>(text) else { return };
    match RotationEvent::from_json(&value) {
        Ok(event) => {
            comes_back(&event);
            ignores_what_it_does_not_know(&event, &value);
        }
        Err(error) => assert_quiet(&error, CANARY),
    }
    tells_no_value(&value);
}

fn parts(text: &str) {
    if let Ok(secret) = SecretId::new(text) {
        assert_eq!(secret.as_str(), text);
        assert_eq!(read_back(&secret.in_a_shell()).as_deref(), Some(text), "{}", secret.in_a_shell());
        if let Some(home) = secret.home() {
            assert!(text.contains(&format!(":{}:{}", home.region, home.account)));
        }
    }
    if let Ok(version) = VersionId::new(text) {
        assert_eq!(version.as_str(), text);
        assert!((32..=64).contains(&text.len()));
    }
    if let Ok(token) = RotationToken::new(text) {
        assert_eq!(token.expose(), text);
        assert_eq!(format!("{token:?}"), "RotationToken(..)");
    }
}

/// Checks that an event, written as the service writes it, parses as the same event.
fn comes_back(event: &RotationEvent) {
    let token = event.rotation_token.as_ref().map(RotationToken::expose);
    let written = json!({
        "Step": event.step.name(),
        "SecretId": event.secret.as_str(),
        "ClientRequestToken": event.version.as_str(),
        "RotationToken": token,
    });
    let read = RotationEvent::from_json(&written).expect("what was read was written");
    assert_eq!((read.step, &read.secret, &read.version), (event.step, &event.secret, &event.version));
    assert!(read.rotation_token == event.rotation_token);
    let elsewhere = [event.secret.as_str(), event.version.as_str()];
    // A shorter one may be part of a word in an error.
    let is_alone = |token: &&str| token.len() >= 36 && !elsewhere.iter().any(|other| other.contains(token));
    if let Some(token) = token.filter(is_alone) {
        assert_not_in(event, token);
    }
}

fn ignores_what_it_does_not_know(event: &RotationEvent, value: &Value) {
    let mut more = value.clone();
    more["SomethingNew"] = json!({"Step": "createSecret"});
    let read = RotationEvent::from_json(&more).expect("unknown fields are ignored");
    assert_eq!(
        (read.step, read.secret, read.version),
        (event.step, event.secret.clone(), event.version.clone())
    );
}

/// Checks that the error does not repeat the value of the wrong field.
fn tells_no_value(value: &Value) {
    if !value.is_object() {
        return;
    }
    for field in ["Step", "SecretId", "ClientRequestToken", "RotationToken"] {
        for wrong in [json!(format!("{CANARY} ").repeat(2048)), json!([CANARY])] {
            let mut changed = value.clone();
            changed[field] = wrong;
            let error = RotationEvent::from_json(&changed).expect_err("none of these is valid");
            assert_quiet(&error, CANARY);
        }
    }
}
