//! A dry run: reports the steps of a rotation and changes nothing.

use std::fmt;

use super::{Related, Rotator, Wanted};
use crate::{
    document::SecretDocument,
    error::RotationError,
    event::{RotationEvent, SecretId, Step, VersionId},
    journal::CredentialSource,
    staging::{Refusal, StagingLabel},
    store::{SecretStore, SecretValue, Version},
    target::{Intent, Proof, Target, Versions},
};

/// What a rotation would do, step by step. It contains no value of a secret, so it may be shown and logged.
#[derive(Debug)]
pub struct DryRun {
    /// The steps in order, each with what it would do.
    pub steps: Vec<(Step, Vec<Act>)>,
    /// The error with which setSecret is certain to fail.
    pub obstacle: Option<RotationError>,
}

impl DryRun {
    /// The error with which a dry run ends, once its steps were shown: the one with which setSecret is
    /// certain to fail, otherwise [`RotationError::DryRun`].
    pub fn end(self) -> RotationError {
        let statements = self.statements();
        self.obstacle.unwrap_or(RotationError::DryRun { statements })
    }

    /// The number of statements that would certainly be run.
    pub fn statements(&self) -> usize {
        let acts = self.steps.iter().flat_map(|(_, acts)| acts);
        acts.filter(|act| matches!(act, Act::Run { .. })).count()
    }
}

/// One thing that a step would do.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Act {
    /// createSecret would make a password and store it.
    Store {
        /// The version that would hold it; `None` where `RotateSecret` would create a new one.
        version: Option<VersionId>,
    },
    /// createSecret would find a value and leave it.
    Keep {
        /// The version that has the value.
        version: VersionId,
    },
    /// setSecret would find its work done.
    AlreadySet,
    /// setSecret would run a statement.
    Run {
        /// The credential of the connection.
        by: CredentialSource,
        /// The statement.
        statement: String,
    },
    /// testSecret would log in with the pending value and run this.
    Prove {
        /// The statements, or a description of them.
        statements: Vec<String>,
    },
    /// finishSecret would move `AWSCURRENT`.
    Promote {
        /// The version that has it.
        from: VersionId,
        /// The version that would get it; `None` where that is the one that would be created.
        to: Option<VersionId>,
    },
    /// Something that was found and would be left as it is.
    Note(String),
}

impl fmt::Display for Act {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Store { version: Some(version) } => {
                write!(f, "would make a password and store it in version {version}")
            }
            Self::Store { version: None } => {
                f.write_str("would make a password and store it in a new version under AWSPENDING")
            }
            Self::Keep { version } => write!(f, "version {version} has its value, which would stay"),
            Self::AlreadySet => f.write_str("AWSPENDING logs in already: nothing would be done"),
            Self::Run { by, statement } => write!(f, "as {by}, would run: {statement}"),
            Self::Prove { statements } => {
                write!(f, "would log in with the new password and run: {}", statements.join("; "))
            }
            Self::Promote { from, to: Some(to) } => {
                write!(f, "would move AWSCURRENT from version {from} to version {to}")
            }
            Self::Promote { from, to: None } => {
                write!(f, "would move AWSCURRENT from version {from} to the new one")
            }
            Self::Note(note) => write!(f, "note: {note}"),
        }
    }
}

impl<S: SecretStore, T: Target> Rotator<S, T> {
    /// Reports what a step would do, and changes nothing in the store or the target. The event and the labels
    /// must meet the same conditions as in [`Rotator::rotate`]. For createSecret it reports all four steps,
    /// with a password that is generated and thrown away where the version has none: a dry run leaves nothing
    /// to continue from, so no later event could report the other steps. `None` where the token is
    /// `AWSCURRENT` already.
    ///
    /// # Errors
    /// As for [`Rotator::rotate`], as far as a dry run goes: it reads and logs in as a rotation does.
    pub async fn dry_run(&self, event: &RotationEvent) -> Result<Option<DryRun>, RotationError> {
        self.invocation.deadline.bound(self.dry_run_event(event)).await?
    }

    /// Reports what a rotation of this secret would do if a person started it now, and changes nothing. A
    /// version that is `AWSPENDING` is the one that would be resumed.
    ///
    /// # Errors
    /// As for [`Rotator::dry_run`].
    pub async fn dry_run_all(&self, secret: &SecretId) -> Result<DryRun, RotationError> {
        self.invocation.deadline.bound(self.dry_run_secret(secret)).await?
    }

    async fn dry_run_event(&self, event: &RotationEvent) -> Result<Option<DryRun>, RotationError> {
        let wanted = match event.step {
            Step::Create => Wanted { current: true, pending: false, related: self.target.related_secret() },
            Step::Set => Wanted { current: true, pending: true, related: self.target.related_secret() },
            Step::Test => Wanted { pending: true, ..Wanted::default() },
            Step::Finish => Wanted::default(),
        };
        let Some(survey) = self.survey(event, wanted).await? else { return Ok(None) };
        let (from, to) = (survey.version.current(), survey.version.version());
        let mut obstacle = None;
        let acts = match event.step {
            Step::Create => {
                let pending = self.read(&event.secret, Version::Pending(to)).await?;
                let scene = Scene {
                    secret: survey.secret,
                    from,
                    to: Some(to),
                    current: SecretValue::document_under_as(T::FORM, StagingLabel::Current, survey.current)?,
                    pending: pending.map(|value| {
                        SecretValue::document_under_as(T::FORM, StagingLabel::Pending, Some(value))
                    }),
                    related: survey.related,
                };
                return self.dry_run_scene(scene).await.map(Some);
            }
            Step::Set => {
                let versions = Versions {
                    secret: survey.secret,
                    current: SecretValue::document_under_as(T::FORM, StagingLabel::Current, survey.current)?,
                    pending: SecretValue::document_under_as(T::FORM, StagingLabel::Pending, survey.pending)?,
                    related: survey.related,
                };
                let acts;
                (acts, obstacle) = self.dry_run_set(&versions).await?;
                acts
            }
            Step::Test => self.dry_run_test(&SecretValue::document_under_as(
                T::FORM,
                StagingLabel::Pending,
                survey.pending,
            )?)?,
            Step::Finish => vec![Act::Promote { from: from.clone(), to: Some(to.clone()) }],
        };
        Ok(Some(DryRun { steps: vec![(event.step, acts)], obstacle }))
    }

    async fn dry_run_secret(&self, secret: &SecretId) -> Result<DryRun, RotationError> {
        let (stages, current) =
            tokio::try_join!(self.store.describe(secret), self.read(secret, Version::Current))?;
        stages.admit_writes()?;
        let from = stages.holder(&StagingLabel::Current).ok_or(Refusal::NoCurrent)?;
        let to = stages.holder(&StagingLabel::Pending).filter(|pending| *pending != from);
        let pending = match to {
            Some(to) => self.read(secret, Version::Pending(to)).await?,
            None => None,
        };
        self.dry_run_scene(Scene {
            from,
            to,
            current: SecretValue::document_under_as(T::FORM, StagingLabel::Current, current)?,
            pending: pending
                .map(|value| SecretValue::document_under_as(T::FORM, StagingLabel::Pending, Some(value))),
            related: match self.target.related_secret() {
                Some(related) => {
                    let read = self.current_of(related).await;
                    Some(read.map_err(|error| self.target.related_error(error))?)
                }
                None => None,
            },
            secret: stages.secret.clone(),
        })
        .await
    }

    /// All four steps.
    async fn dry_run_scene(&self, scene: Scene<'_>) -> Result<DryRun, RotationError> {
        let Scene { secret, from, to, current, pending, related } = scene;
        let (create, pending) = match (pending.transpose()?, to) {
            (Some(pending), Some(to)) => (Act::Keep { version: to.clone() }, pending),
            _ => {
                let made_up = self.target.propose(&current, &self.store).await?;
                (Act::Store { version: to.cloned() }, made_up)
            }
        };
        let versions = Versions { secret, current, pending, related };
        let (set, obstacle) = self.dry_run_set(&versions).await?;
        let steps = vec![
            (Step::Create, vec![create]),
            (Step::Set, set),
            (Step::Test, self.dry_run_test(&versions.pending)?),
            (Step::Finish, vec![Act::Promote { from: from.clone(), to: to.cloned() }]),
        ];
        Ok(DryRun { steps, obstacle })
    }

    async fn dry_run_set(
        &self,
        versions: &Versions,
    ) -> Result<(Vec<Act>, Option<RotationError>), RotationError> {
        let related = Related { rotator: self, secret: &versions.secret };
        let change = match self.target.plan(versions, &related).await? {
            Intent::AlreadySet => return Ok((vec![Act::AlreadySet], None)),
            Intent::Change(change) => *change,
        };
        let statements = change.acts.into_iter().map(|statement| Act::Run { by: change.by, statement });
        Ok((statements.chain(change.notes.into_iter().map(Act::Note)).collect(), change.obstacle))
    }

    fn dry_run_test(&self, pending: &SecretDocument) -> Result<Vec<Act>, RotationError> {
        let Proof { statements, notes } = self.target.proof(pending)?;
        Ok(std::iter::once(Act::Prove { statements }).chain(notes.into_iter().map(Act::Note)).collect())
    }
}

/// What the dry run of all four steps works on.
struct Scene<'a> {
    secret: SecretId,
    from: &'a VersionId,
    to: Option<&'a VersionId>,
    current: SecretDocument,
    pending: Option<Result<SecretDocument, RotationError>>,
    related: Option<SecretDocument>,
}
