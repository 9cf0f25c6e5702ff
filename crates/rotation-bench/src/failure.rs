//! Why nothing was measured, or not everything.

use std::error::Error;

/// Wrong arguments, servers that do not start, or a subject that fails.
pub type Failure = Box<dyn Error>;
