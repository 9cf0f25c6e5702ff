//! How a failure reads: what went wrong with its causes and, where it is one that we know, its code and its hint.

use placement::PlacementError;
use rotation_core::{Reader, RotationError, with_causes};

/// The error as a person should read it: the message, and lines beside it. Values of secrets are in none of them.
pub(crate) fn lines(error: &anyhow::Error) -> (String, Vec<String>) {
    let message = with_causes(error.as_ref());
    let known = error.chain().find_map(|cause| {
        let rotation = cause.downcast_ref::<RotationError>();
        let rotation = rotation.map(|error| (error.code().name(), error.remediation(Reader::Person)));
        let placement = cause.downcast_ref::<PlacementError>();
        rotation.or(placement.map(|error| (error.code(), error.remediation(Reader::Person))))
    });
    let more = known.map(|(code, hint)| vec![format!("code: {code}"), format!("hint: {hint}")]);
    (message, more.unwrap_or_default())
}
