//! Values that must not appear anywhere.

use std::{error::Error, fmt::Debug};

use rotation_core::with_causes;

/// A value that must not appear in any error. It could be a host, a name, or the beginning of a number: it
/// passes the checks of a field as far as any other text does.
pub(crate) const CANARY: &str = "4canary.Canary-Canary4";

/// The longest text of one error, in bytes.
const LONGEST_ERROR: usize = 2048;

/// Checks that an error repeats no secret and is short.
#[track_caller]
pub(crate) fn assert_quiet<E: Error + Debug + 'static>(error: &E, secret: &str) {
    for text in [with_causes(error), format!("{error:?}")] {
        assert!(!text.contains(secret), "an error repeats what is secret: {text}");
        assert!(text.len() <= LONGEST_ERROR, "an error of {} bytes", text.len());
    }
}

/// Checks that the `Debug` of a value shows no secret.
#[track_caller]
pub(crate) fn assert_not_in<T: Debug>(value: &T, secret: &str) {
    let text = format!("{value:?}");
    assert!(!text.contains(secret), "Debug shows what is secret: {text}");
}
