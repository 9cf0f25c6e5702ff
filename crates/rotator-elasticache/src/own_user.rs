//! A user of a Valkey or Redis server of one's own, whose passwords a master changes.
//!
//! ```text
//! AWSCURRENT logs in ─> the master logs in at the same address ─> ROLE, ACL GETUSER, ACL SAVE
//!                         └ confirm ─> ACL SETUSER user !current #current #pending !others ─> ACL SAVE
//! ```
//!
//! Afterwards AWSCURRENT and AWSPENDING log in, and no other password. So nobody is locked out at any moment,
//! and what becomes AWSPREVIOUS logs in until the next rotation.

use rotation_core::{
    Applied, Authority, ChangeReport, CredentialSource, IntendedChange, Intent, Invocation, PasswordPolicy,
    Phase, Proof, RelatedSecretError, RelatedSecrets, RotationError, SecretDocument, SecretId, SecretStore,
    StagingLabel, Target, Versions,
};
use rotation_database::{
    ConnectError, Credentials, DatabaseError, Login, MASTER_SECRET, StatementError, StatementFault, UserBar,
};

use crate::{
    acl::{AclUser, PasswordChange},
    error::ElastiCacheError,
    login::{failed, log_in, new_password, with_password},
    own_secret::{Logins, login_of, master_secret},
    profile::REMEDIES,
    server::{Company, Saved, Servers, Session},
};

/// The settings of a function that rotates such users.
#[derive(Clone, Debug)]
pub struct OwnUserSettings {
    /// How passwords are made.
    pub passwords: PasswordPolicy,
    /// `MASTER_SECRET_ARN`: the master secret for which the function was deployed.
    pub master: Option<SecretId>,
    /// `ALLOW_UNSAVED_USERS`: whether a server may be rotated that has no file for its users.
    pub allow_unsaved: bool,
}

/// A user of a server of one's own.
#[derive(Clone, Debug)]
pub struct OwnUser<S> {
    servers: S,
    settings: OwnUserSettings,
    invocation: Invocation,
}

/// A session of the master, with what it has read.
struct Prepared<S> {
    session: S,
    change: Option<PasswordChange>,
    saved: Saved,
}

/// Which credential of the user has logged in.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Live {
    Current,
    /// And AWSCURRENT was refused.
    Pending,
}

impl<S: Servers> OwnUser<S> {
    /// A target for one invocation.
    pub fn new(servers: S, settings: OwnUserSettings, invocation: &Invocation) -> Self {
        Self { servers, settings, invocation: invocation.clone() }
    }

    async fn log_in(&self, credential: CredentialSource, login: &Login) -> Result<S::Session, ConnectError> {
        log_in(&self.servers, &self.invocation, credential, login).await
    }

    /// Everything up to the change: proves that a credential of the secret is live, logs in as the master at
    /// the same address, and reads.
    async fn prepare(
        &self,
        versions: &Versions,
        related: &impl RelatedSecrets,
        may_save: bool,
    ) -> Result<Prepared<S::Session>, RotationError> {
        let logins = Logins::of(versions)?;
        let id = master_secret(versions, self.settings.master.as_ref())?;
        let document = match &versions.related {
            Some(document) => document.clone(),
            None => related.current_of(&id).await.map_err(DatabaseError::from)?,
        };
        let master = logins.master(&document)?;
        let (proof, live) = match self.prove(&logins).await {
            Ok(proven) => proven,
            Err(error) => return Err(self.why_refused(error, &master, &logins).await),
        };
        let at = |login: Login| Login { address: proof.peer(), ..login };
        let outcome = self.log_in(MASTER_SECRET, &at(master.clone())).await;
        let mut session = match outcome {
            Err(refusal) if refusal.is_refusal() => {
                // The master may have been rotated since its secret was read.
                let document = related.current_of(&id).await.map_err(DatabaseError::from)?;
                let again = logins.master(&document)?;
                if again == master {
                    return Err(failed(MASTER_SECRET, refusal));
                }
                self.log_in(MASTER_SECRET, &at(again)).await.map_err(|error| failed(MASTER_SECRET, error))?
            }
            outcome => outcome.map_err(|error| failed(MASTER_SECRET, error))?,
        };
        drop(proof);
        let user = self.read(&mut session, &logins.current.credentials).await?;
        let saved = if may_save { session.save().await.map_err(refused)? } else { Saved::Saved };
        if saved == Saved::NoFile && !self.settings.allow_unsaved {
            return Err(ElastiCacheError::UsersNotSaved.into());
        }
        let (current, pending) = (&logins.current.credentials.password, &logins.pending.credentials.password);
        // Where only AWSPENDING logs in, nothing is known of the other passwords: one may be in use.
        let is_set = live == Live::Pending || current == pending;
        let change = if is_set { None } else { PasswordChange::to(current, pending, &user) };
        Ok(Prepared { session, change, saved })
    }

    /// A session of AWSCURRENT, or else of AWSPENDING. On the healthy path no login fails.
    async fn prove(&self, logins: &Logins) -> Result<(S::Session, Live), RotationError> {
        match self.log_in(CredentialSource::Current, &logins.current).await {
            Ok(session) => return Ok((session, Live::Current)),
            Err(error) if error.is_refusal() => {}
            Err(error) => return Err(failed(CredentialSource::Current, error)),
        }
        match self.log_in(CredentialSource::Pending, &logins.pending).await {
            Ok(session) => Ok((session, Live::Pending)),
            Err(error) if error.is_refusal() => {
                Err(DatabaseError::NoCredentialAccepted { remedies: &REMEDIES }.into())
            }
            Err(error) => Err(failed(CredentialSource::Pending, error)),
        }
    }

    /// The server gives one answer for a wrong password, a user that is off and none at all; the master can
    /// tell them apart. It changes nothing.
    async fn why_refused(&self, error: RotationError, master: &Login, logins: &Logins) -> RotationError {
        if !matches!(error.target(), Some(DatabaseError::NoCredentialAccepted { .. })) {
            return error;
        }
        let Ok(mut session) = self.log_in(MASTER_SECRET, master).await else { return error };
        let name = logins.current.credentials.username.as_str();
        let fault = match session.user(name).await {
            Ok(None) => StatementFault::NoSuchUser,
            Ok(Some(user)) if !user.is_on => StatementFault::UserBarred {
                user: name.to_owned(),
                bar: UserBar::Locked,
                needed: format!("ACL SETUSER {name} on"),
            },
            Ok(Some(_)) | Err(_) => return error,
        };
        refused(StatementError { statement: Some("acl getuser"), ..StatementError::new(fault) })
    }

    async fn read(
        &self,
        session: &mut S::Session,
        credentials: &Credentials,
    ) -> Result<AclUser, RotationError> {
        let _timing = self.invocation.journal.phase(Phase::Change);
        match session.company().await.map_err(refused)? {
            Company::Alone => {}
            more => return Err(ElastiCacheError::MoreServers(more).into()),
        }
        let user = session.user(credentials.username.as_str()).await.map_err(refused)?;
        let user = user.ok_or_else(|| refused(StatementError::new(StatementFault::NoSuchUser)))?;
        if user.takes_any_password {
            return Err(refused(StatementError::new(StatementFault::NotRotatable {
                why: "it has `nopass`, so that any password logs in",
                remedy: "Give it a password, which ends that: ACL SETUSER USER resetpass \">PASSWORD\", then \
                    ACL SAVE. Store the same password in the secret.",
            })));
        }
        Ok(user)
    }

    /// Makes the change final. Nothing but the labels is asked before it.
    async fn commit(
        &self,
        session: &mut S::Session,
        user: &str,
        change: &PasswordChange,
        saved: Saved,
    ) -> Result<ChangeReport, RotationError> {
        let journal = &self.invocation.journal;
        let _timing = journal.phase(Phase::Commit);
        journal.change_begins(&[CredentialSource::Pending, CredentialSource::Previous]);
        match session.change(user, change).await {
            Ok(()) => journal.change_ended(true),
            Err(error) => {
                if error.fault != StatementFault::ConnectionLost {
                    journal.change_ended(false);
                }
                return Err(refused(error));
            }
        }
        let mut notes = Vec::new();
        match saved {
            Saved::Saved => drop(session.save().await.map_err(refused)?),
            Saved::NoFile => notes
                .push("the server has no ACL file: it forgets the new password when it restarts".to_owned()),
        }
        // One is what the rotation before the last has left.
        if change.removes() > 1 {
            notes.push(format!("{} passwords that are in neither version were removed", change.removes()));
        }
        Ok(ChangeReport { drift: 0, notes })
    }
}

impl<S: Servers> Target for OwnUser<S> {
    async fn propose(
        &self,
        current: &SecretDocument,
        store: &impl SecretStore,
    ) -> Result<SecretDocument, RotationError> {
        login_of(StagingLabel::Current, current)?;
        let password = new_password(&self.settings.passwords, &self.invocation, store).await?;
        Ok(with_password(current, &password))
    }

    async fn apply(
        &self,
        versions: &Versions,
        authority: &impl Authority,
        related: &impl RelatedSecrets,
    ) -> Result<Applied, RotationError> {
        let Prepared { mut session, change, saved } = self.prepare(versions, related, true).await?;
        let Some(change) = change else { return Ok(Applied::AlreadySet) };
        let user = login_of(StagingLabel::Current, &versions.current)?.credentials.username;
        authority.confirm().await?;
        self.commit(&mut session, user.as_str(), &change, saved).await.map(Applied::Changed)
    }

    async fn plan(
        &self,
        versions: &Versions,
        related: &impl RelatedSecrets,
    ) -> Result<Intent, RotationError> {
        let Some(change) = self.prepare(versions, related, false).await?.change else {
            return Ok(Intent::AlreadySet);
        };
        let user = login_of(StagingLabel::Current, &versions.current)?.credentials.username;
        let removed = change.removes();
        Ok(Intent::Change(Box::new(IntendedChange {
            by: MASTER_SECRET,
            acts: vec![
                format!("ACL SETUSER {user} with the hash of AWSPENDING, without {removed} older passwords"),
                "ACL SAVE".to_owned(),
            ],
            notes: vec!["whether the server has an ACL file was not checked".to_owned()],
            obstacle: None,
        })))
    }

    fn proof(&self, _pending: &SecretDocument) -> Result<Proof, RotationError> {
        Ok(Proof { statements: vec!["HELLO 2 AUTH".into(), "ACL WHOAMI".into()], notes: Vec::new() })
    }

    async fn verify(&self, pending: &SecretDocument) -> Result<Vec<String>, RotationError> {
        let login = login_of(StagingLabel::Pending, pending)?;
        let credential = CredentialSource::Pending;
        let _timing = self.invocation.journal.phase(Phase::Probe);
        self.log_in(credential, &login).await.map_err(|error| failed(credential, error))?;
        Ok(Vec::new())
    }

    fn rotated_fields(&self) -> &'static [&'static str] {
        &["password"]
    }

    fn related_secret(&self) -> Option<&SecretId> {
        self.settings.master.as_ref()
    }

    fn related_error(&self, error: RelatedSecretError) -> RotationError {
        DatabaseError::from(error).into()
    }
}

/// The error of a command that the master ran.
fn refused(error: StatementError) -> RotationError {
    DatabaseError::Statement { credential: MASTER_SECRET, error, remedies: &REMEDIES }.into()
}
