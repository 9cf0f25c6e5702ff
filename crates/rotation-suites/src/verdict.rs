//! How a case ends.

use std::error::Error;

/// How a case ends.
pub(super) type Verdict = Result<(), Failure>;

/// Why a case failed, in words.
pub(super) type Failure = Box<dyn Error>;

/// Ends the case with these words unless the condition holds.
macro_rules! ensure {
    ($condition:expr, $($words:tt)+) => {
        if !$condition {
            return Err(format!($($words)+).into());
        }
    };
}
pub(super) use ensure;
