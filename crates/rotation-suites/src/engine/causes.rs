//! A failure in words: where it was, and what caused it.

use std::error::Error;

use crate::verdict::Failure;

/// The error with what caused it, outermost first.
pub(super) fn causes(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        let words = cause.to_string();
        if !text.ends_with(&words) {
            text = format!("{text}: {words}");
        }
        source = cause.source();
    }
    text
}

/// A failure with words before it that say where.
pub(super) fn at(place: &str) -> impl FnOnce(Failure) -> Failure {
    move |failure| format!("{place}: {}", causes(failure.as_ref())).into()
}
