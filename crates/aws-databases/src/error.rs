//! Why a lookup failed.

use rotation_aws::AwsError;
use thiserror::Error;

/// A database could not be looked up.
#[derive(Debug, Error)]
pub enum LookupError {
    /// A call failed.
    #[error(transparent)]
    Call(#[from] AwsError),
    /// A list is longer than the limit.
    #[error("{operation} returned more than {most} pages")]
    TooMuch {
        /// The operation.
        operation: &'static str,
        /// The most pages that are read.
        most: usize,
    },
}
