//! Alternating users: a master brings the user that is not in use to equal and gives it the pending password.

use super::{Database, Logins, pair_of};
use crate::{
    database::{Change, ConnectError, Credential, Engine, Login, Session, TargetError, TlsMode},
    document::SecretDocument,
    error::RotationError,
    event::SecretId,
    journal::Phase,
    target::{Applied, Authority, Versions},
};

/// Whose logins the change concerns. Previous is pending's user, with the password that is being replaced.
const OTHER_USER: [Credential; 2] = [Credential::Pending, Credential::Previous];

impl<E: Engine> Database<E> {
    /// Afterwards the other user of the pair may do what the original may, and logs in with pending's password.
    ///
    /// Current must log in first: whoever may write the secret but does not know the user's password must not get
    /// the master to change it. That pending logs in already proves nothing about its grants, so the master always
    /// goes through the whole change.
    pub(super) async fn change_other_user(
        &self,
        logins: &Logins,
        master: SecretId,
        versions: &Versions,
        authority: &impl Authority,
    ) -> Result<Applied, RotationError> {
        let live = &logins.current.credentials.username;
        let pair = pair_of::<E>(&logins.current)?;
        let next = &logins.pending.credentials;
        if next.username != *pair.other(live) {
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
        let mut session =
            self.login_as_master(logins, &master, versions.companion.as_ref(), authority).await?;
        let change = Change::OtherUser { pair: &pair, live, next };
        self.within(Phase::Change, Credential::Master, session.stage(&change, self.deadline)).await?;
        authority.confirm().await?;
        Ok(Applied::Changed(self.commit(session, Credential::Master, &OTHER_USER).await?))
    }

    /// The master may have been rotated since its secret was read: a refused login reads it once more.
    async fn login_as_master(
        &self,
        logins: &Logins,
        master: &SecretId,
        known: Option<&SecretDocument>,
        authority: &impl Authority,
    ) -> Result<E::Session, RotationError> {
        let first = match known {
            Some(document) => master_login::<E>(logins, document)?,
            None => master_login::<E>(logins, &authority.companion(master).await?)?,
        };
        let refusal = match self.login(Credential::Master, &first).await {
            Err(error) if error.is_refusal() => error,
            outcome => return outcome.map_err(Self::refused(Credential::Master)),
        };
        let again = master_login::<E>(logins, &authority.companion(master).await?)?;
        if again == first {
            return Err(Self::refused(Credential::Master)(refusal));
        }
        self.login(Credential::Master, &again)
            .await
            .map_err(|error: ConnectError| Self::refused(Credential::Master)(error))
    }
}

/// The master's login on the same host, by its own port. It opens the secret's own database, where the objects of the two users are.
fn master_login<E: Engine>(logins: &Logins, document: &SecretDocument) -> Result<Login, RotationError> {
    // RDS writes and owns such a secret, so that nobody could add what is missing.
    let lacks = |field| document.get(field).is_none();
    if lacks("engine") && lacks("host") && !lacks("username") && !lacks("password") {
        return Err(TargetError::MasterManaged.into());
    }
    let master = Login::from_document(document, &E::PROFILE).map_err(RotationError::MasterDocument)?;
    // Hosts alone, as AWS's templates compare them: the user may go through a pooler while the master does not.
    if !master.host.is_same(&logins.current.host) {
        return Err(TargetError::MasterHostDiffers.into());
    }
    let users = [&logins.current.credentials.username, &logins.pending.credentials.username];
    if users.contains(&&master.credentials.username) {
        return Err(TargetError::MasterIsSelf.into());
    }
    // Where the secret insists on TLS, the same server's master is not sent in the clear because its own secret is
    // silent about it.
    let tls = match (master.tls, logins.current.tls) {
        (TlsMode::Preferred, TlsMode::Required) => TlsMode::Required,
        (own, _) => own,
    };
    // Where the two users are defined, for engines whose users belong to databases; the master's own document says
    // where the master is.
    let database = logins.current.home.as_ref().or(logins.current.database.as_ref()).cloned();
    Ok(Login { database, tls, ..master })
}
