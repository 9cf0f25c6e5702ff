//! A user of ElastiCache or MemoryDB, whose two passwords the service sets.
//!
//! ```text
//! DescribeUsers: active ─> AWSCURRENT logs in, where `host` is named ─> confirm
//!   └ ModifyUser(current, pending) ─> modifying ─> active ─> AWSPENDING logs in (testSecret)
//! ```
//!
//! The service tells how many passwords a user has, not which. So an earlier attempt is recognized by logins
//! alone: two passwords are the most, and where AWSCURRENT and AWSPREVIOUS log in, AWSPENDING does not.

use std::time::Duration;

use rotation_core::{
    Applied, Authority, ChangeReport, CredentialSource, IntendedChange, Intent, Invocation, PasswordPolicy,
    Phase, Proof, RelatedSecrets, RotationError, SecretDocument, SecretStore, StagingLabel, Target, Versions,
};
use rotation_database::{ConnectError, DatabaseError};

use crate::{
    error::ElastiCacheError,
    login::{at_the_same_server, failed, log_in, new_password, with_password},
    managed_secret::ManagedSecret,
    profile::REMEDIES,
    server::Servers,
    user_api::{ManagedUser, UserApi, UserState},
};

/// How long one step waits for a user that is being modified. After that the step fails as one that may be
/// repeated, or leaves the rest of the waiting to testSecret.
const PATIENCE: Duration = Duration::from_secs(10);
/// What is left of an invocation where it waits for as long as it may.
const MARGIN: Duration = Duration::from_secs(2);
/// Between two looks at a user.
const PAUSES: [Duration; 2] = [Duration::from_millis(500), Duration::from_secs(1)];

/// The settings of a function that rotates such users.
#[derive(Clone, Debug)]
pub struct ManagedUserSettings {
    /// How passwords are made.
    pub passwords: PasswordPolicy,
    /// `LOGIN_PROOF`.
    pub logins: LoginProof,
}

/// `LOGIN_PROOF`: whether the function logs in.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum LoginProof {
    /// Where the secret names a `host`.
    #[default]
    Auto,
    /// Always: a secret without `host` is refused.
    Require,
    /// Never: the function does not reach the cache.
    Off,
}

/// A user of ElastiCache or MemoryDB.
#[derive(Clone, Debug)]
pub struct ManagedUserTarget<S, A> {
    servers: S,
    api: A,
    settings: ManagedUserSettings,
    invocation: Invocation,
}

impl<S: Servers, A: UserApi> ManagedUserTarget<S, A> {
    /// A target for one invocation.
    pub fn new(servers: S, api: A, settings: ManagedUserSettings, invocation: &Invocation) -> Self {
        Self { servers, api, settings, invocation: invocation.clone() }
    }

    /// The two versions, which must lead to one user of one service at one server.
    fn both(versions: &Versions) -> Result<(ManagedSecret, ManagedSecret), RotationError> {
        let current = ManagedSecret::of(StagingLabel::Current, &versions.current)?;
        let mut pending = ManagedSecret::of(StagingLabel::Pending, &versions.pending)?;
        if current.arn != pending.arn || current.username != pending.username {
            return Err(DatabaseError::UserDiffers.into());
        }
        match (&current.login, &mut pending.login) {
            (None, None) => {}
            (Some(current), Some(pending)) => at_the_same_server(current, pending)?,
            _ => return Err(DatabaseError::HostDiffers.into()),
        }
        Ok((current, pending))
    }

    /// Whether this secret's credentials are tried at its server.
    fn logs_in(&self, secret: &ManagedSecret) -> Result<bool, RotationError> {
        match self.settings.logins {
            LoginProof::Off => Ok(false),
            LoginProof::Require if secret.login.is_none() => Err(ElastiCacheError::LoginRequired.into()),
            LoginProof::Auto | LoginProof::Require => Ok(secret.login.is_some()),
        }
    }

    async fn log_in(&self, credential: CredentialSource, secret: &ManagedSecret) -> Result<(), ConnectError> {
        let Some(login) = &secret.login else { return Ok(()) };
        log_in(&self.servers, &self.invocation, credential, login).await.map(drop)
    }

    /// Whether the credential logs in.
    ///
    /// # Errors
    /// The server did not say so.
    async fn opens(
        &self,
        credential: CredentialSource,
        secret: &ManagedSecret,
    ) -> Result<bool, RotationError> {
        match self.log_in(credential, secret).await {
            Ok(()) => Ok(true),
            Err(error) if error.is_refusal() => Ok(false),
            Err(error) => Err(failed(credential, error)),
        }
    }

    async fn described(&self, secret: &ManagedSecret) -> Result<ManagedUser, RotationError> {
        let call = self.invocation.journal.timed(Phase::Locate, self.api.user(&secret.arn));
        let user = call.await.map_err(ElastiCacheError::from)?;
        if user.arn != secret.arn.as_str() || user.name != *secret.username {
            return Err(ElastiCacheError::UserDiffers.into());
        }
        match (user.state, user.passwords) {
            (UserState::Other, _) => {
                Err(ElastiCacheError::NotRotatable("is neither active nor being modified").into())
            }
            (_, None | Some(0)) => Err(ElastiCacheError::NotRotatable("logs in without a password").into()),
            _ => Ok(user),
        }
    }

    /// The user once it is active. Where it is not within a short time, the state that was seen last.
    ///
    /// A secret without `host` is waited for as long as the invocation lasts: without a login, a repeated
    /// setSecret cannot know that the change was made, and begins it again.
    async fn settled(&self, secret: &ManagedSecret) -> Result<ManagedUser, RotationError> {
        let deadline = self.invocation.deadline;
        let limit = match secret.login {
            Some(_) => deadline.at_most(PATIENCE),
            None => deadline.earlier(MARGIN),
        };
        let mut pauses = PAUSES.into_iter();
        loop {
            let user = self.described(secret).await?;
            let pause = pauses.next().unwrap_or(PAUSES[1] * 2);
            if user.state == UserState::Active || limit.remaining() < pause {
                return Ok(user);
            }
            self.invocation.journal.timed(Phase::Replicate, tokio::time::sleep(pause)).await;
        }
    }

    async fn active(&self, secret: &ManagedSecret) -> Result<ManagedUser, RotationError> {
        let user = self.settled(secret).await?;
        if user.state == UserState::Active { Ok(user) } else { Err(ElastiCacheError::Modifying.into()) }
    }

    /// Whether an earlier attempt has set AWSPENDING. AWSCURRENT is tried first, and on the healthy path no
    /// login fails.
    async fn is_set(
        &self,
        (current, pending): (&ManagedSecret, &ManagedSecret),
        user: &ManagedUser,
        related: &impl RelatedSecrets,
    ) -> Result<bool, RotationError> {
        let is_current_live = self.opens(CredentialSource::Current, current).await?;
        if is_current_live && current.password == pending.password {
            return Ok(true);
        }
        if is_current_live {
            // One password is AWSCURRENT's.
            if user.passwords == Some(1) {
                return Ok(false);
            }
            let previous = related.previous().await?;
            let previous = previous.and_then(|it| ManagedSecret::of(StagingLabel::Previous, &it).ok());
            let previous = previous.filter(|previous| {
                let others = [&current.password, &pending.password];
                !others.contains(&&previous.password) && current.is_of_the_user_of(previous)
            });
            // AWSCURRENT and AWSPREVIOUS are two already.
            if let Some(previous) = previous
                && self.opens(CredentialSource::Previous, &previous).await?
            {
                return Ok(false);
            }
        }
        let is_pending_live = self.opens(CredentialSource::Pending, pending).await?;
        if !is_current_live && !is_pending_live {
            return Err(DatabaseError::NoCredentialAccepted { remedies: &REMEDIES }.into());
        }
        Ok(is_pending_live)
    }

    /// Everything up to the change; `None` where an earlier attempt has made it.
    async fn prepare(
        &self,
        versions: &Versions,
        related: &impl RelatedSecrets,
    ) -> Result<Option<(ManagedSecret, ManagedSecret)>, RotationError> {
        let (current, pending) = Self::both(versions)?;
        let logs_in = self.logs_in(&current)?;
        let user = self.active(&current).await?;
        if logs_in && self.is_set((&current, &pending), &user, related).await? {
            return Ok(None);
        }
        Ok(Some((current, pending)))
    }
}

impl<S: Servers, A: UserApi> Target for ManagedUserTarget<S, A> {
    async fn propose(
        &self,
        current: &SecretDocument,
        store: &impl SecretStore,
    ) -> Result<SecretDocument, RotationError> {
        ManagedSecret::of(StagingLabel::Current, current)?;
        let password = new_password(&self.settings.passwords, &self.invocation, store).await?;
        Ok(with_password(current, &password))
    }

    async fn apply(
        &self,
        versions: &Versions,
        authority: &impl Authority,
        related: &impl RelatedSecrets,
    ) -> Result<Applied, RotationError> {
        let Some((current, pending)) = self.prepare(versions, related).await? else {
            return Ok(Applied::AlreadySet);
        };
        authority.confirm().await?;
        let journal = &self.invocation.journal;
        journal.change_begins(&[CredentialSource::Pending, CredentialSource::Previous]);
        let change = self.api.set_passwords(&current.arn, [&current.password, &pending.password]);
        journal.timed(Phase::Commit, change).await.map_err(ElastiCacheError::from)?;
        journal.change_ended(true);
        let mut notes = Vec::new();
        if !self.logs_in(&current)? {
            notes.push(unproven(&StagingLabel::Current));
        }
        if self.settled(&pending).await?.state != UserState::Active {
            notes.push("the user is still being modified: testSecret waits for it".to_owned());
        }
        Ok(Applied::Changed(ChangeReport { drift: 0, notes }))
    }

    async fn plan(
        &self,
        versions: &Versions,
        related: &impl RelatedSecrets,
    ) -> Result<Intent, RotationError> {
        let Some((current, _)) = self.prepare(versions, related).await? else {
            return Ok(Intent::AlreadySet);
        };
        let service = current.arn.service().name();
        Ok(Intent::Change(Box::new(IntendedChange {
            by: CredentialSource::Current,
            acts: vec![format!(
                "{service}: give {} the passwords of AWSCURRENT and AWSPENDING, and no other",
                current.arn
            )],
            notes: if self.logs_in(&current)? { Vec::new() } else { vec![unproven(&StagingLabel::Current)] },
            obstacle: None,
        })))
    }

    fn proof(&self, pending: &SecretDocument) -> Result<Proof, RotationError> {
        let pending = ManagedSecret::of(StagingLabel::Pending, pending)?;
        let mut proof = Proof { statements: vec!["DescribeUsers".into()], notes: Vec::new() };
        if self.logs_in(&pending)? {
            proof.statements.extend(["HELLO 2 AUTH".to_owned(), "ACL WHOAMI".to_owned()]);
        } else {
            proof.notes.push(unproven(&StagingLabel::Pending));
        }
        Ok(proof)
    }

    async fn verify(&self, pending: &SecretDocument) -> Result<Vec<String>, RotationError> {
        let pending = ManagedSecret::of(StagingLabel::Pending, pending)?;
        let logs_in = self.logs_in(&pending)?;
        self.active(&pending).await?;
        if !logs_in {
            return Ok(vec![unproven(&StagingLabel::Pending)]);
        }
        let _timing = self.invocation.journal.phase(Phase::Probe);
        let credential = CredentialSource::Pending;
        self.log_in(credential, &pending).await.map_err(|error| failed(credential, error))?;
        Ok(Vec::new())
    }

    fn rotated_fields(&self) -> &'static [&'static str] {
        &["password"]
    }
}

/// What is reported where a credential was not tried.
fn unproven(label: &StagingLabel) -> String {
    format!("{label} was not tried: no login is made (the secret names no `host`, or LOGIN_PROOF is off)")
}
