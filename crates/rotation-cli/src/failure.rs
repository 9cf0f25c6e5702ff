//! How a failure reads: what went wrong with its causes and, where it is one of a rotation, its code and its hint.

use std::error::Error as StdError;

use rotation_core::RotationError;

/// The error as a person should read it. Values of secrets are in none of its parts.
pub(crate) fn lines(error: &anyhow::Error) -> String {
    match error.chain().find_map(|cause| cause.downcast_ref::<RotationError>()) {
        Some(rotation) => {
            let message = with_causes(error.as_ref());
            format!("{message}\n  code: {}\n  hint: {}", rotation.code(), rotation.hint())
        }
        None => with_causes(error.as_ref()),
    }
}

/// The message with those of its causes that it does not say already.
pub(crate) fn with_causes(error: &dyn StdError) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        let said = error.to_string();
        if !text.contains(&said) {
            text = format!("{text}: {said}");
        }
        cause = error.source();
    }
    text
}
