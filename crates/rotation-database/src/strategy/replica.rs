//! Waiting until a change on the writer has reached the server that the secret names.

use std::time::Duration;

use rotation_core::{CredentialSource, Phase, RotationError};

use super::Database;
use crate::{ConnectError, DatabaseError, DatabaseLookup, Engine, Login, database_lookup::server_at};

/// The pause before the second login at a replica. It doubles for each further login up to [`LONGEST_PAUSE`]:
/// a refused login may count against the user, so there are few of them.
const PAUSE: Duration = Duration::from_millis(100);
/// The longest pause between two logins.
const LONGEST_PAUSE: Duration = Duration::from_secs(2);
/// Time reserved before the deadline, to report that the change did not arrive.
const MARGIN: Duration = Duration::from_secs(1);

impl<E: Engine, D: DatabaseLookup> Database<E, D> {
    /// Logs in at a replica as soon as it accepts the new password, before the deadline.
    ///
    /// # Errors
    /// [`DatabaseError::ReplicaLags`] where that does not happen in time.
    pub(super) async fn wait_for_replica(&self, login: &Login) -> Result<E::Session, RotationError> {
        let _timing = self.journal.phase(Phase::Replicate);
        let mut pause = PAUSE;
        loop {
            let pair = self.pair_in_use(login);
            let refusal = match self.login_over(CredentialSource::Pending, login, pair.as_ref()).await {
                Err(error) if error.is_refusal() => error,
                outcome => {
                    return outcome
                        .map(|(session, _)| session)
                        .map_err(Self::refused(CredentialSource::Pending));
                }
            };
            if self.deadline.remaining() < MARGIN + pause {
                return Err(DatabaseError::ReplicaLags(refusal).into());
            }
            tokio::time::sleep(pause).await;
            pause = LONGEST_PAUSE.min(pause * 2);
        }
    }

    /// For a refused login of testSecret. A reader endpoint has several servers behind it. setSecret has seen
    /// one of them accept the password; another may take a moment longer. Where the host is not a replica's,
    /// or where the lookup cannot tell, the refusal is final.
    pub(super) async fn login_once_replicated(
        &self,
        lookup: &D,
        login: &Login,
        refusal: ConnectError,
    ) -> Result<E::Session, RotationError> {
        let server = self.journal.timed(Phase::Locate, server_at(lookup, &login.host)).await;
        let writes_here = match server {
            Ok(Some(server)) => {
                let own = server.endpoint_for(&login.host);
                server.follows.is_none() && own.is_none_or(|own| own.host.is_same(&login.host))
            }
            Ok(None) | Err(_) => true,
        };
        if writes_here {
            return Err(Self::refused(CredentialSource::Pending)(refusal));
        }
        self.wait_for_replica(login).await
    }
}
