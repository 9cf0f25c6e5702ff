//! What comes before a change is final, and making it final.

use std::time::Duration;

use rotation_core::{Authority, ChangeReport, CredentialSource, Deadline, Phase, RotationError, TimedOut};
use tokio::time::Instant;

use super::Database;
use crate::{Change, DatabaseError, DatabaseLookup, Engine, Session, StatementError, StatementFault, Turn};

/// The least time in which a change is made final. Where nobody hears that it was, the step fails and the
/// service waits before it calls again, and until then a single user's `AWSCURRENT` is refused; so it is
/// rather not begun.
const COMMIT_TIME: Duration = Duration::from_millis(250);

/// How long ago the labels may have been told when a change is about to be made final. Whoever takes turns
/// has not changed the users since, but people may have moved labels while the change waited for
/// applications.
const LABELS_HOLD: Duration = Duration::from_secs(1);

impl<E: Engine, D: DatabaseLookup> Database<E, D> {
    /// Stages a change and asks the labels: once all is staged, or at the same time from where the session
    /// has taken its turn, as nobody who takes turns comes in between.
    pub(super) async fn make_ready(
        &self,
        session: &mut E::Session,
        by: CredentialSource,
        change: &Change<'_>,
        authority: &impl Authority,
    ) -> Result<(), RotationError> {
        let turn = Turn::default();
        let confirm = async {
            turn.wait().await;
            authority.confirm().await.map(|()| Instant::now())
        };
        let stage = async {
            let staged = self.within(Phase::Change, by, session.stage(change, &turn, self.deadline)).await;
            // Where no turn was taken, the labels are asked now.
            turn.taken();
            staged
        };
        let (confirmed, ()) = tokio::try_join!(biased; confirm, stage)?;
        if confirmed.elapsed() > LABELS_HOLD {
            authority.confirm().await?;
        }
        Ok(())
    }

    /// Waits until a failover can no longer take back that this credential logs in, where the engine says
    /// that it could.
    pub(crate) async fn settle(
        &self,
        by: CredentialSource,
        session: &mut E::Session,
    ) -> Result<(), RotationError> {
        self.settle_until(by, session, self.deadline).await
    }

    /// The same, for no longer than this.
    pub(crate) async fn settle_until(
        &self,
        by: CredentialSource,
        session: &mut E::Session,
        deadline: Deadline,
    ) -> Result<(), RotationError> {
        if session.is_settled() {
            return Ok(());
        }
        let settling = async {
            let settled = deadline.bound(session.settle(deadline)).await;
            settled.unwrap_or_else(|_| Err(StatementError::new(StatementFault::TimedOut)))
        };
        self.within(Phase::Replicate, by, settling).await
    }

    /// The same session, once that is so.
    pub(super) async fn settled(
        &self,
        by: CredentialSource,
        mut session: E::Session,
    ) -> Result<E::Session, RotationError> {
        self.settle(by, &mut session).await.map(|()| session)
    }

    /// Makes a staged change final, after which what was known of these credentials may hold no longer. Where
    /// too little time is left to hear of it, nothing is changed.
    pub(super) async fn commit(
        &self,
        session: E::Session,
        by: CredentialSource,
        of: &'static [CredentialSource],
    ) -> Result<ChangeReport, RotationError> {
        if self.deadline.remaining() < COMMIT_TIME {
            return Err(TimedOut.into());
        }
        self.journal.change_begins(of);
        let outcome = self.within(Phase::Commit, by, session.commit()).await;
        match &outcome {
            Ok(_) => self.journal.change_ended(true),
            Err(error) if may_have_taken_effect(error) => {}
            Err(_) => self.journal.change_ended(false),
        }
        outcome
    }
}

/// Whether a change that failed may be in effect all the same: no answer came, or one that some servers give
/// although they have made the change.
fn may_have_taken_effect(error: &RotationError) -> bool {
    match error.target() {
        Some(DatabaseError::Statement { error, .. }) => {
            matches!(
                error.fault,
                StatementFault::ConnectionLost
                    | StatementFault::TimedOut
                    | StatementFault::MajorityMissing
                    | StatementFault::Other { .. }
            )
        }
        Some(DatabaseError::TimedOut(_)) => true,
        _ => false,
    }
}
