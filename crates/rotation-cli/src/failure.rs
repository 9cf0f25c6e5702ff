//! How a failure reads: what went wrong with its causes and, where it is one of a rotation, its code and its hint.

use rotation_core::{Reader, RotationError, with_causes};

/// The error as a person should read it. Values of secrets are in none of its parts.
pub(crate) fn lines(error: &anyhow::Error) -> String {
    match error.chain().find_map(|cause| cause.downcast_ref::<RotationError>()) {
        Some(rotation) => {
            let message = with_causes(error.as_ref());
            format!("{message}\n  code: {}\n  hint: {}", rotation.code(), rotation.hint_for(Reader::Person))
        }
        None => with_causes(error.as_ref()),
    }
}
