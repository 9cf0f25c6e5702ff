//! Single user: the user of the secret changes its own password.

use rotation_core::{
    Applied, Authority, ChangeReport, CredentialSource, Phase, RelatedSecrets, RotationError, SecretId,
};

use super::{Database, Logins};
use crate::{
    Change, ConnectError, DatabaseError, DatabaseLookup, Engine, Login, Plan, Session, StatementFault,
};

/// The credentials whose logins a change of one user's password affects: all belong to the same user.
const SAME_USER: [CredentialSource; 3] =
    [CredentialSource::Current, CredentialSource::Pending, CredentialSource::Previous];

/// The session that may change the password.
enum Opened<S> {
    /// No change is needed: pending is current, or logs in where a pooler leaves open whether current does.
    AlreadySet(S),
    /// No change is needed: pending logs in, and current does not.
    Pending(S),
    /// The user itself changes it, with this credential.
    Session(S, CredentialSource),
}

impl<E: Engine, D: DatabaseLookup> Database<E, D> {
    /// Afterwards pending's password logs in.
    pub(super) async fn change_own_password(
        &self,
        logins: &Logins,
        secret: &SecretId,
        authority: &impl Authority,
        related: &impl RelatedSecrets,
    ) -> Result<Applied, RotationError> {
        let (session, current_is_out) = match self.open_own(logins, related).await? {
            Opened::AlreadySet(session) => (session, false),
            Opened::Pending(session) => (session, true),
            Opened::Session(session, credential) => {
                return self.change(session, credential, logins, secret, authority).await;
            }
        };
        let settled = Box::pin(self.settled(CredentialSource::Pending, session)).await?;
        if !current_is_out {
            return Ok(Applied::AlreadySet);
        }
        let ended = Box::pin(self.end_second(settled, false, logins, secret, authority)).await?;
        Ok(ended.map_or(Applied::AlreadySet, Applied::Changed))
    }

    /// The plan of [`Self::change_own_password`].
    pub(super) async fn plan_own_password(
        &self,
        logins: &Logins,
        secret: &SecretId,
        related: &impl RelatedSecrets,
    ) -> Result<Option<(CredentialSource, Plan)>, RotationError> {
        match self.open_own(logins, related).await? {
            Opened::AlreadySet(_) | Opened::Pending(_) => Ok(None),
            Opened::Session(mut session, by) => {
                session.act_for(&self.owner(secret));
                if by != CredentialSource::Current {
                    session.end_second(false);
                }
                let change = Change::OwnPassword { new: &logins.pending.credentials.password };
                let plan = session.plan(&change, self.deadline);
                Ok(Some((by, self.within(Phase::Change, by, plan).await?)))
            }
        }
    }

    /// The session that changes the password. The credential that the labels name as live goes first, so that
    /// a healthy rotation makes no failed login. Pending and previous are tried only where the server refuses
    /// it.
    ///
    /// A pooler refuses on its own what the server would refuse, so after its answer pending is tried as
    /// well: if it logs in, an earlier invocation has set it. Nothing else follows from such an answer.
    async fn open_own(
        &self,
        logins: &Logins,
        related: &impl RelatedSecrets,
    ) -> Result<Opened<E::Session>, RotationError> {
        if logins.pending.credentials.username != logins.current.credentials.username {
            return Err(DatabaseError::UserDiffers.into());
        }
        let (mut unknown, mut refused) =
            (None, DatabaseError::NoCredentialAccepted { remedies: E::PROFILE.remedies }.into());
        match self.login(CredentialSource::Current, &logins.current).await {
            Ok(session) if logins.pending.credentials == logins.current.credentials => {
                return Ok(Opened::AlreadySet(session));
            }
            Ok(session) => return Ok(Opened::Session(session, CredentialSource::Current)),
            Err(error @ ConnectError::LineBreak(_)) => {
                refused = Self::refused(CredentialSource::Current)(error);
            }
            Err(error) if error.is_refusal() => {}
            Err(error @ ConnectError::Proxy(_)) => unknown = Some(error),
            Err(error) => return Err(Self::refused(CredentialSource::Current)(error)),
        }
        match (self.login(CredentialSource::Pending, &logins.pending).await, unknown) {
            (Ok(session), None) => return Ok(Opened::Pending(session)),
            // It is not known whether current logs in, so no password is ended.
            (Ok(session), Some(_)) => return Ok(Opened::AlreadySet(session)),
            (Err(_), Some(error)) => return Err(Self::refused(CredentialSource::Current)(error)),
            (Err(error), None) if error.is_refusal() => {}
            (Err(error), None) => return Err(Self::refused(CredentialSource::Pending)(error)),
        }
        let Some(previous) = self.previous(logins, related).await? else {
            return Err(refused);
        };
        match self.login(CredentialSource::Previous, &previous).await {
            Ok(session) => Ok(Opened::Session(session, CredentialSource::Previous)),
            Err(error) if error.is_refusal() => Err(refused),
            Err(error) => Err(Self::refused(CredentialSource::Previous)(error)),
        }
    }

    async fn change(
        &self,
        mut session: E::Session,
        credential: CredentialSource,
        logins: &Logins,
        secret: &SecretId,
        authority: &impl Authority,
    ) -> Result<Applied, RotationError> {
        Self::check_member(&session, &logins.pending)?;
        session.act_for(&self.owner(secret));
        let current_logs_in = credential == CredentialSource::Current;
        if !current_logs_in {
            session.end_second(current_logs_in);
        }
        let change = Change::OwnPassword { new: &logins.pending.credentials.password };
        self.make_ready(&mut session, credential, &change, authority).await?;
        match self.commit(session, credential, &SAME_USER).await {
            Ok(committed) => Ok(Applied::Changed(committed)),
            Err(error) if is_lost(&error) || a_login_finds_out(&error) => {
                match self.login(CredentialSource::Pending, &logins.pending).await {
                    Ok(session) => {
                        let session = Box::pin(self.settled(CredentialSource::Pending, session)).await?;
                        let ended = self.end_second(session, current_logs_in, logins, secret, authority);
                        let ended = Box::pin(ended).await?;
                        Ok(Applied::Changed(ended.unwrap_or_default()))
                    }
                    // A server that has seen the password before may have set it then, which a pooler leaves
                    // open.
                    Err(unknown @ ConnectError::Proxy(_)) if !is_lost(&error) => {
                        Err(Self::refused(CredentialSource::Pending)(unknown))
                    }
                    Err(_) => Err(error),
                }
            }
            Err(error) => Err(error),
        }
    }

    /// Ends a password other than pending's that an earlier change, or an interrupted one, has left, in a
    /// session that has logged in with pending. `None` where the engine knows of no such password. It is
    /// rare, so callers keep it out of their own state.
    async fn end_second(
        &self,
        mut session: E::Session,
        current_logs_in: bool,
        logins: &Logins,
        secret: &SecretId,
        authority: &impl Authority,
    ) -> Result<Option<ChangeReport>, RotationError> {
        let by = CredentialSource::Pending;
        if !self.within(Phase::Change, by, session.must_end_second(current_logs_in)).await? {
            return Ok(None);
        }
        session.act_for(&self.owner(secret));
        session.end_second(current_logs_in);
        let change = Change::OwnPassword { new: &logins.pending.credentials.password };
        self.make_ready(&mut session, by, &change, authority).await?;
        self.commit(session, by, &SAME_USER).await.map(Some)
    }

    /// The login of `AWSPREVIOUS`, with the connection protection that current demands, where it names the
    /// same user of the same server.
    async fn previous(
        &self,
        logins: &Logins,
        related: &impl RelatedSecrets,
    ) -> Result<Option<Login>, RotationError> {
        let document = match related.previous().await {
            // A value that is not a login does not help, and shows nothing about why the others were refused.
            Ok(None) | Err(RotationError::Document { .. }) => return Ok(None),
            Ok(Some(document)) => document,
            Err(error) => return Err(error),
        };
        let Ok(previous) = Login::from_document(&document, &E::PROFILE) else { return Ok(None) };
        let (current, username) = (&logins.current, &logins.current.credentials.username);
        let same = previous.is_among_servers_of(current)
            && previous.home == current.home
            && previous.credentials.username == *username;
        Ok(same.then(|| Login { tls: current.tls, ..previous }))
    }
}

/// Whether the server's answer leaves open what the password is now, so that a login has to find out. A
/// server with a password history refuses a password that an earlier invocation has set, and some servers
/// answer with an error although they have made the change. False where privileges, a mark or another account
/// are still to be changed as well.
pub(super) fn a_login_finds_out(error: &RotationError) -> bool {
    let Some(DatabaseError::Statement { error, .. }) = error.target() else { return false };
    !error.is_before_password
        && matches!(error.fault, StatementFault::PasswordPolicy { .. } | StatementFault::Other { .. })
}

/// Whether the connection ended before the answer.
fn is_lost(error: &RotationError) -> bool {
    let Some(DatabaseError::Statement { error, .. }) = error.target() else { return false };
    error.fault == StatementFault::ConnectionLost
}
