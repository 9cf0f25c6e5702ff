//! Serialization of changes: while one session changes a user, the next one waits.

use tokio::sync::Notify;

/// The signal that no other session with the same lock can change the users of a change any more, so that the
/// labels may be read from then on.
///
/// It is for changes by a master. A session that takes the lock and finds itself pending in the labels keeps
/// a later rotation waiting until its own change is committed, and is then overwritten. A session that takes
/// the lock too late learns it from the labels. A user that changes its own password cannot be overwritten by
/// a session that logs in afterwards, so there the labels are read as late as possible.
#[derive(Debug, Default)]
pub struct Turn(Notify);

impl Turn {
    /// Called by a session once it holds, until it ends, a lock for which every other session waits that
    /// stages such a change of the same users. Where it is never called, the labels are read once everything
    /// is staged.
    pub fn taken(&self) {
        self.0.notify_one();
    }

    /// Waits until [`Turn::taken`] was called.
    pub(super) async fn wait(&self) {
        self.0.notified().await;
    }
}
