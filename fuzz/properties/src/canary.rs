//! What must be seen nowhere.

use std::{error::Error, fmt::Debug};

use rotation_core::with_causes;

/// Stands for a value that nobody may read in an error. It could be a host, a name, a number's beginning:
/// whatever a field is checked for, it gets as far as any other text.
pub(crate) const CANARY: &str = "4canary.Canary-Canary4";

/// The most that people get to read of one error, in bytes.
const LONGEST_ERROR: usize = 2048;

/// An error repeats nothing that is secret, and is short.
#[track_caller]
pub(crate) fn assert_quiet<E: Error + Debug + 'static>(error: &E, secret: &str) {
    for said in [with_causes(error), format!("{error:?}")] {
        assert!(!said.contains(secret), "an error repeats what is secret: {said}");
        assert!(said.len() <= LONGEST_ERROR, "an error of {} bytes", said.len());
    }
}

/// Neither does the `Debug` of a value.
#[track_caller]
pub(crate) fn assert_not_in<T: Debug>(value: &T, secret: &str) {
    let said = format!("{value:?}");
    assert!(!said.contains(secret), "Debug shows what is secret: {said}");
}
