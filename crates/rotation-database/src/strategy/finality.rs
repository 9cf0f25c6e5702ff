//! The checks before a change is committed, and the commit.

use std::time::Duration;

use rotation_core::{Authority, ChangeReport, CredentialSource, Deadline, Phase, RotationError, TimedOut};
use tokio::time::Instant;

use super::Database;
use crate::{Change, DatabaseError, DatabaseLookup, Engine, Session, StatementError, StatementFault, Turn};

/// The least time that must be left to commit a change. If the answer to a commit is lost, the step fails and
/// the service waits before it calls again; until then the server refuses a single user's `AWSCURRENT`. So a
/// commit that may come too late is not begun.
const COMMIT_TIME: Duration = Duration::from_millis(250);

/// The longest time between reading the labels and the commit. No session that waits for the same lock has
/// changed the users in that time, but an operator may have moved labels while the change waited for
/// applications.
const LABELS_HOLD: Duration = Duration::from_secs(1);

impl<E: Engine, D: DatabaseLookup> Database<E, D> {
    /// Stages a change and reads the labels: once everything is staged, or concurrently from the moment at
    /// which the session has its lock, because no other session with the same lock comes in between.
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
            // Where the session took no lock, the labels are read now.
            turn.taken();
            staged
        };
        let (confirmed, ()) = tokio::try_join!(biased; confirm, stage)?;
        if confirmed.elapsed() > LABELS_HOLD {
            authority.confirm().await?;
        }
        Ok(())
    }

    /// Waits until a failover can no longer roll back that this credential logs in, where the engine reports
    /// that it could.
    pub(crate) async fn settle(
        &self,
        by: CredentialSource,
        session: &mut E::Session,
    ) -> Result<(), RotationError> {
        self.settle_until(by, session, self.deadline).await
    }

    /// The same, for at most this long.
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

    /// The same session, once a failover can no longer roll back its login.
    pub(super) async fn settled(
        &self,
        by: CredentialSource,
        mut session: E::Session,
    ) -> Result<E::Session, RotationError> {
        self.settle(by, &mut session).await.map(|()| session)
    }

    /// Commits a staged change, after which what was known of these credentials may no longer be valid. Where
    /// too little time is left to receive the answer, nothing is changed.
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

/// Whether a change that failed may be in effect nevertheless: there was no answer, or one that some servers
/// send although they have made the change.
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
