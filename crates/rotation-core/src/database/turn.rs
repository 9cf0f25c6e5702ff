//! Taking turns: while one session changes a user, the next one waits.

use tokio::sync::Notify;

/// Says when nobody else can change the users of a change any more, so that the labels may be asked from there on.
///
/// Who takes its turn and then finds itself pending in the labels keeps whoever overtakes it waiting until its own
/// change is final, and is overwritten. Who takes it too late is told by the labels.
#[derive(Debug, Default)]
pub struct Turn(Notify);

impl Turn {
    /// Called by a session that holds, until it ends, a lock for which every other session waits that stages a change of
    /// the same users. An engine without such a lock never calls it: the labels are then asked once all is staged.
    pub fn taken(&self) {
        self.0.notify_one();
    }

    /// Waits for that.
    pub(super) async fn wait(&self) {
        self.0.notified().await;
    }
}
