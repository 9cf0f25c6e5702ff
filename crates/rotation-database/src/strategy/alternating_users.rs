//! Alternating users: a master reconciles the user that is not in use and gives it the pending password.

use rotation_core::{
    Applied, Authority, ChangeReport, CredentialSource, Phase, RelatedSecrets, RotationError, SecretId,
    Versions,
};

use super::{
    Database, Logins,
    master::{Master, MasterLogin, Proven},
    pair_of,
    single_user::a_login_finds_out,
};
use crate::{
    Change, Credentials, DatabaseError, DatabaseLookup, Engine, Login, MASTER_SECRET, PairOwner, Plan,
    Session, UserPair,
};

/// The credentials whose logins the change affects. Previous is pending's user, with the password that is
/// being replaced.
const OTHER_USER: [CredentialSource; 2] = [CredentialSource::Pending, CredentialSource::Previous];

/// The master's session, and its purpose.
struct Opened<S> {
    master: MasterLogin<S>,
    pair: UserPair,
    owner: PairOwner,
}

impl<E: Engine, D: DatabaseLookup> Database<E, D> {
    /// Afterwards the other user of the pair has the original's privileges, and logs in with pending's
    /// password at the host that the secret names, even if that is a replica.
    ///
    /// Current must log in first, at the server on which the master writes: a party that may write the secret
    /// but does not know the user's password must not get the master to change it. If pending already logs
    /// in, that proves nothing about its grants, so the master always makes the whole change.
    pub(super) async fn change_other_user(
        &self,
        logins: &Logins,
        master: SecretId,
        lookup: &D,
        versions: &Versions,
        authority: &impl Authority,
        related: &impl RelatedSecrets,
    ) -> Result<Applied, RotationError> {
        let mut opened = self.open_as_master(logins, master, lookup, versions, related).await?;
        let change = other_user(logins, &opened.pair, &opened.owner, &opened.master.proven);
        self.make_ready(&mut opened.master.session, MASTER_SECRET, &change, authority).await?;
        let MasterLogin { session, endpoint, proven } = opened.master;
        let committed = match self.commit(session, MASTER_SECRET, &OTHER_USER).await {
            Ok(committed) => committed,
            // Privileges come before the password, so where the password is set already, everything is done.
            Err(error) if a_login_finds_out(&error) => {
                let address = proven.address;
                let there = Login { address, ..logins.pending.only_at(endpoint.clone()) };
                let session = self.login(CredentialSource::Pending, &there).await.map_err(|_| error)?;
                drop(Box::pin(self.settled(CredentialSource::Pending, session)).await?);
                ChangeReport::default()
            }
            Err(error) => return Err(error),
        };
        if !logins.pending.has_host(&endpoint.host) {
            drop(self.wait_for_replica(&logins.pending).await?);
        }
        Ok(Applied::Changed(committed))
    }

    /// The plan of [`Self::change_other_user`].
    pub(super) async fn plan_other_user(
        &self,
        logins: &Logins,
        master: SecretId,
        lookup: &D,
        versions: &Versions,
        related: &impl RelatedSecrets,
    ) -> Result<Option<(CredentialSource, Plan)>, RotationError> {
        let mut opened = self.open_as_master(logins, master, lookup, versions, related).await?;
        let change = other_user(logins, &opened.pair, &opened.owner, &opened.master.proven);
        let by = MASTER_SECRET;
        let plan = opened.master.session.plan(&change, self.deadline);
        let plan = self.within(Phase::Change, by, plan).await?;
        Ok(Some((by, plan)))
    }

    /// The master's session, after current has logged in at the master's server.
    async fn open_as_master(
        &self,
        logins: &Logins,
        master: SecretId,
        lookup: &D,
        versions: &Versions,
        related: &impl RelatedSecrets,
    ) -> Result<Opened<E::Session>, RotationError> {
        let live = &logins.current.credentials.username;
        let pair = pair_of::<E>(&logins.current)?;
        if logins.pending.credentials.username != *pair.other(live) {
            return Err(DatabaseError::UserDiffers.into());
        }
        if master == versions.secret {
            return Err(DatabaseError::MasterSameAsSecret.into());
        }
        let here = self.login(CredentialSource::Current, &logins.current).await;
        let here = here.map_err(Self::refused(CredentialSource::Current))?;
        Self::check_member(&here, &logins.pending)?;
        let here = Proven::by(&here, &logins.current);
        let owner = self.owner(&versions.secret);
        let master = Master { logins, secret: &master, lookup, related, here };
        let mut master = self.login_as_master(&master, versions.related.as_ref()).await?;
        master.session.live_logs_in_by(&logins.current.credentials.password);
        Ok(Opened { master, pair, owner })
    }

    /// The master's session as setSecret would open it, for a change of `next` while `current` is live.
    /// Current has just logged in.
    pub(crate) async fn look_as_master(
        &self,
        current: &Login,
        here: Proven,
        next: &Credentials,
        secret: &SecretId,
        lookup: &D,
        related: &impl RelatedSecrets,
    ) -> Result<MasterLogin<E::Session>, RotationError> {
        let pending = Login { credentials: next.clone(), ..current.clone() };
        let logins = Logins { current: current.clone(), pending };
        let master = Master { logins: &logins, secret, lookup, related, here };
        let mut opened = self.login_as_master(&master, None).await?;
        opened.session.live_logs_in_by(&logins.current.credentials.password);
        Ok(opened)
    }
}

fn other_user<'a>(
    logins: &'a Logins,
    pair: &'a UserPair,
    owner: &'a PairOwner,
    proven: &Proven,
) -> Change<'a> {
    let (live, next) = (&logins.current.credentials.username, &logins.pending.credentials);
    Change::OtherUser { pair, live, next, owner, method: proven.method }
}
