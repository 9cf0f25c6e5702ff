//! Alternating users: a master brings the user that is not in use to equal and gives it the pending password.

use super::{Database, Logins, master::Master, pair_of};
use crate::{
    database::{
        Change, Credential, Credentials, Directory, Engine, Host, Login, Session, TargetError, UserPair,
    },
    error::RotationError,
    event::SecretId,
    journal::Phase,
    target::{Applied, Authority, Intent, Versions},
};

/// Whose logins the change concerns. Previous is pending's user, with the password that is being replaced.
const OTHER_USER: [Credential; 2] = [Credential::Pending, Credential::Previous];

impl<E: Engine, D: Directory> Database<E, D> {
    /// Afterwards the other user of the pair may do what the original may, and logs in with pending's password at the
    /// host that the secret names, be it a replica.
    ///
    /// Current must log in first: whoever may write the secret but does not know the user's password must not get
    /// the master to change it. That pending logs in already proves nothing about its grants, so the master always
    /// goes through the whole change.
    pub(super) async fn change_other_user(
        &self,
        logins: &Logins,
        master: SecretId,
        directory: &D,
        versions: &Versions,
        authority: &impl Authority,
    ) -> Result<Applied, RotationError> {
        let (mut session, writer, pair) =
            self.open_as_master(logins, master, directory, versions, authority).await?;
        let change = other_user(logins, &pair);
        self.make_ready(&mut session, Credential::Master, &change, authority).await?;
        let committed = self.commit(session, Credential::Master, &OTHER_USER).await?;
        if !writer.is_same(&logins.pending.host) {
            drop(self.wait_for_replica(&logins.pending).await?);
        }
        Ok(Applied::Changed(committed))
    }

    /// What that would do.
    pub(super) async fn plan_other_user(
        &self,
        logins: &Logins,
        master: SecretId,
        directory: &D,
        versions: &Versions,
        authority: &impl Authority,
    ) -> Result<Intent, RotationError> {
        let (mut session, _, pair) =
            self.open_as_master(logins, master, directory, versions, authority).await?;
        let (by, change) = (Credential::Master, other_user(logins, &pair));
        let plan = self.within(Phase::Change, by, session.plan(&change, self.deadline)).await?;
        Ok(Intent::Change { by, plan })
    }

    /// The master's session with the host that it is on, once current has logged in.
    async fn open_as_master(
        &self,
        logins: &Logins,
        master: SecretId,
        directory: &D,
        versions: &Versions,
        authority: &impl Authority,
    ) -> Result<(E::Session, Host, UserPair), RotationError> {
        let live = &logins.current.credentials.username;
        let pair = pair_of::<E>(&logins.current)?;
        if logins.pending.credentials.username != *pair.other(live) {
            return Err(TargetError::UserDiffers.into());
        }
        if master == versions.secret {
            return Err(TargetError::MasterIsSelf.into());
        }
        drop(
            self.login(Credential::Current, &logins.current)
                .await
                .map_err(Self::refused(Credential::Current))?,
        );
        let master = Master { logins, secret: &master, directory, authority };
        let (session, writer) = self.login_as_master(&master, versions.companion.as_ref()).await?;
        Ok((session, writer, pair))
    }

    /// The master's session as setSecret would open it, for a change of `next` while `current` is live.
    pub(crate) async fn look_as_master(
        &self,
        current: &Login,
        next: &Credentials,
        secret: &SecretId,
        directory: &D,
        authority: &impl Authority,
    ) -> Result<E::Session, RotationError> {
        let pending = Login { credentials: next.clone(), ..current.clone() };
        let logins = Logins { current: current.clone(), pending };
        let master = Master { logins: &logins, secret, directory, authority };
        self.login_as_master(&master, None).await.map(|(session, _)| session)
    }
}

fn other_user<'a>(logins: &'a Logins, pair: &'a UserPair) -> Change<'a> {
    Change::OtherUser { pair, live: &logins.current.credentials.username, next: &logins.pending.credentials }
}
