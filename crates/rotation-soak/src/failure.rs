//! Why a soak ends without a verdict.

use std::error::Error;

/// Wrong arguments, a server that cannot be started, or a server that fails for the soak itself.
pub(crate) type Failure = Box<dyn Error + Send + Sync>;
