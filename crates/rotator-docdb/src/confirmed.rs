//! What a greeting reports about the writes that a majority has.

use crate::document::{Reader, Value};

/// What a primary had written at the time of its greeting.
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
    /// Parses a greeting; `None` where the server is no member of a replica set, or does not report it.
    pub(crate) fn of(greeting: Reader<'_>) -> Option<Self> {
        let last = greeting.get("lastWrite")?.as_document()?;
        let time = |name| {
            let time = last.get(name)?.as_document()?;
            Some((time.get("ts")?.as_timestamp()?, time.get("t").and_then(Value::as_int).unwrap_or(-1)))
        };
        let ((written, term), (majority, _)) = (time("opTime")?, time("majorityOpTime")?);
        Some(Self { term, written, majority })
    }

    /// Whether a majority has, at that time at the latest, what was read.
    pub(crate) fn covers(self, time: u64) -> bool {
        self.majority >= time
    }
}
