//! Why nothing, or not everything, was measured.

use std::error::Error;

/// Wrong arguments, servers that do not start, or a subject that does not do its work.
pub(crate) type Failure = Box<dyn Error>;
