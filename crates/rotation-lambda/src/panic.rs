//! Panics: an invocation that panics ends like any other that fails, with an answer and its line.
//!
//! The message of a panic is never shown. It may quote the text at which it occurred, as a wrong index into a
//! string does, and that may be a password. The place in the source is enough to find the defect.

use std::{
    cell::RefCell,
    io::{self, Write as _},
    panic::{AssertUnwindSafe, catch_unwind, set_hook},
    pin::pin,
    task::Poll,
};

use rotation_core::{REPORT_DEFECT, codes};
use thiserror::Error;

use crate::failure::Failure;

thread_local! {
    /// The place of this thread's last panic.
    static PLACE: RefCell<Option<String>> = const { RefCell::new(None) };
}

/// The work panicked.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("the function panicked")]
pub struct Panicked {
    /// File and line, where they are known.
    pub place: Option<String>,
}

/// From now on a panic writes its place to standard error, and no part of its message.
pub(crate) fn silence() {
    set_hook(Box::new(|panic| {
        let place = panic.location().map(|place| format!("{}:{}", place.file(), place.line()));
        let _ = writeln!(io::stderr(), "panicked at {}", place.as_deref().unwrap_or("an unknown place"));
        PLACE.set(place);
    }));
}

/// The result of the work. After a panic none of its state is used again. It may be dropped at any await.
///
/// # Errors
/// [`Panicked`].
pub async fn caught<T>(work: impl Future<Output = T>) -> Result<T, Panicked> {
    let mut work = pin!(work);
    std::future::poll_fn(|context| match catch_unwind(AssertUnwindSafe(|| work.as_mut().poll(context))) {
        Ok(poll) => poll.map(Ok),
        Err(_) => Poll::Ready(Err(Panicked { place: PLACE.take() })),
    })
    .await
}

impl From<Panicked> for Failure {
    fn from(panicked: Panicked) -> Self {
        Self {
            code: codes::INTERNAL,
            message: panicked.to_string(),
            hint: REPORT_DEFECT.into(),
            detail: panicked.place.map(|place| format!("at={place}")),
        }
    }
}
