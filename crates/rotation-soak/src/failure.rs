//! Why a soak ends before it can be judged.

use std::error::Error;

/// Wrong arguments, a server that cannot be started, or one that does not do what the soak itself asks of it.
pub(crate) type Failure = Box<dyn Error + Send + Sync>;
