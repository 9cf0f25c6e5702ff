//! The result of a case.

use std::error::Error;

/// The result of a case.
pub(super) type Verdict = Result<(), Failure>;

/// The reason why a case failed, in words.
pub(super) type Failure = Box<dyn Error>;

/// Ends the case with this message unless the condition holds.
macro_rules! ensure {
    ($condition:expr, $($words:tt)+) => {
        if !$condition {
            return Err(format!($($words)+).into());
        }
    };
}
pub(super) use ensure;
