//! Taking turns: while one session changes a user, the next one waits.

use tokio::sync::Notify;

/// Says when nobody else who takes turns can change the users of a change any more, so that the labels may be
/// asked from there on.
///
/// It is for changes by a master. Whoever takes its turn and finds itself pending in the labels keeps whoever
/// overtakes it waiting until its own change is final, and is overwritten then; whoever takes it too late is
/// told by the labels. A user that changes its own password cannot be overwritten by somebody who logs in
/// afterwards, so there the labels are asked as late as can be.
#[derive(Debug, Default)]
pub struct Turn(Notify);

impl Turn {
    /// Called by a session that holds, until it ends, a lock for which every other session waits that stages
    /// such a change of the same users. Where it is never called, the labels are asked once all is staged.
    pub fn taken(&self) {
        self.0.notify_one();
    }

    /// Waits for that.
    pub(super) async fn wait(&self) {
        self.0.notified().await;
    }
}
