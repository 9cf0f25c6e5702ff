//! What a greeting says of the writes that a majority has.

use crate::document::{Reader, Value};

/// What a primary had written when it said so.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Confirmed {
    /// The election by which it is the primary.
    pub(crate) term: i64,
    /// The last write.
    pub(crate) written: u64,
    /// The last write that a majority has.
    majority: u64,
}

impl Confirmed {
    /// Reads a greeting; `None` where the server is no member of a replica set, or does not say.
    pub(crate) fn of(greeting: Reader<'_>) -> Option<Self> {
        let last = greeting.get("lastWrite")?.as_document()?;
        let time = |name| {
            let time = last.get(name)?.as_document()?;
            Some((time.get("ts")?.as_timestamp()?, time.get("t").and_then(Value::as_int).unwrap_or(-1)))
        };
        let ((written, term), (majority, _)) = (time("opTime")?, time("majorityOpTime")?);
        Some(Self { term, written, majority })
    }

    /// Whether a majority has what was read, at the latest, at that time.
    pub(crate) fn covers(self, time: u64) -> bool {
        self.majority >= time
    }
}
