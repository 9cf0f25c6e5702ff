//! What a majority of a replica set has: no failover rolls it back.
//!
//! Every greeting of a member reports that without any privilege (`lastWrite`), and every answer reports the
//! time of the read (`operationTime`). Servers that report neither are assumed to confirm a write before they
//! show it.

use std::time::Duration;

use rotation_core::Deadline;
use rotation_database::{StatementError, StatementFault};

use crate::{
    confirmed::Confirmed,
    connection::Connection,
    document::{Reader, Value},
};

/// The pause before the first check after the greeting, doubled for each further one up to [`LONGEST_PAUSE`].
const PAUSE: Duration = Duration::from_millis(10);
/// The longest time between two checks.
const LONGEST_PAUSE: Duration = Duration::from_secs(1);
/// Reserved before the deadline, to report what was missing.
const MARGIN: Duration = Duration::from_secs(1);

/// What one session has seen of a server, and what of that is confirmed.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Seen {
    greeted: Confirmed,
    /// The time of the last write that an answer may show.
    time: u64,
}

impl Seen {
    /// From the login of a connection.
    pub(crate) fn by(connection: &Connection) -> Option<Self> {
        connection.confirmed().map(|greeted| Self { greeted, time: greeted.written })
    }

    /// An answer of the same session shows all that was written up to its time.
    pub(crate) fn note(&mut self, answer: Reader<'_>) {
        let time = answer.get("operationTime").and_then(Value::as_timestamp);
        self.time = self.time.max(time.unwrap_or(0));
    }

    pub(crate) fn is_settled(self) -> bool {
        self.greeted.covers(self.time)
    }

    /// Checks until a majority has all that was seen.
    ///
    /// # Errors
    /// [`StatementFault::MajorityMissing`] some time before the deadline; [`StatementFault::TimedOut`] where
    /// there was no time for a single check; [`StatementFault::ReadOnly`] where the server is no longer the
    /// primary, or was elected again: what was seen may be gone.
    pub(crate) async fn settle(
        &mut self,
        connection: &mut Connection,
        deadline: Deadline,
    ) -> Result<(), StatementError> {
        let (mut pause, mut late) = (PAUSE, StatementFault::TimedOut);
        while !self.is_settled() {
            let was_seen = late == StatementFault::MajorityMissing;
            if was_seen && deadline.remaining() < MARGIN + pause {
                return Err(StatementError::new(late));
            }
            let look = async {
                tokio::time::sleep(pause).await;
                connection.look_again().await
            };
            let now = deadline.bound(look).await.map_err(|_| StatementError::new(late))??;
            let now = now.filter(|now| now.term == self.greeted.term);
            self.greeted = now.ok_or_else(|| StatementError::new(StatementFault::ReadOnly))?;
            (pause, late) = (LONGEST_PAUSE.min(pause * 2), StatementFault::MajorityMissing);
        }
        Ok(())
    }
}
