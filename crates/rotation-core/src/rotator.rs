//! The four steps.

mod dry_run;

use std::time::Duration;

use crate::{
    document::SecretDocument,
    error::{RelatedSecretError, RotationError},
    event::{RotationEvent, SecretId, Step},
    invocation::Invocation,
    journal::Phase,
    staging::{PendingVersion, Refusal, StagingLabel, Standing, VersionStages},
    store::{Put, SecretStore, SecretValue, StoreError, StoreFault, Version},
    target::{Applied, Authority, RelatedSecrets, Target, Versions},
};

pub use dry_run::{Act, DryRun};

/// Pauses between reads of a value or a label that lags behind its write. Each is extended by a random time
/// of up to its own length, so that functions that wait for the same thing do not read at the same time.
const PATIENCE: [Duration; 5] = [
    Duration::from_millis(50),
    Duration::from_millis(100),
    Duration::from_millis(200),
    Duration::from_millis(400),
    Duration::from_millis(800),
];

/// Drives one secret through the steps of its rotation.
#[derive(Debug)]
pub struct Rotator<S, T> {
    store: S,
    target: T,
    invocation: Invocation,
}

/// The outcome of a step.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// The token is `AWSCURRENT`: this rotation is already finished. Nothing was done.
    AlreadyDone,
    /// createSecret stored a new value.
    Created,
    /// createSecret found a value and left it unchanged.
    AlreadyCreated,
    /// setSecret worked on the target.
    Set(Applied),
    /// testSecret: the pending value opens the target.
    Tested {
        /// For people: lower-case sentences without values.
        notes: Vec<String>,
    },
    /// finishSecret: the pending version is `AWSCURRENT`.
    Finished,
}

impl<S: SecretStore, T: Target> Rotator<S, T> {
    /// A rotator for one invocation. The target should have been made for the same invocation.
    pub fn new(store: S, target: T, invocation: &Invocation) -> Self {
        Self { store, target, invocation: invocation.clone() }
    }

    /// Runs one step. It may be called again with the same event at any time, and be dropped at any await.
    /// Labels and database are then as after a crash at that point, and the next call continues from there.
    ///
    /// # Errors
    /// [`RotationError`]; [`RotationError::TimedOut`] once the deadline has passed.
    pub async fn rotate(&self, event: &RotationEvent) -> Result<Outcome, RotationError> {
        self.invocation.deadline.bound(self.step(event)).await?
    }

    async fn step(&self, event: &RotationEvent) -> Result<Outcome, RotationError> {
        match event.step {
            Step::Create => self.create(event).await,
            Step::Set => self.set(event).await,
            Step::Test => self.test(event).await,
            Step::Finish => self.finish(event).await,
        }
    }

    /// Stores the next value. The service keeps the first value that a version got, so the write also shows
    /// whether there is one already.
    async fn create(&self, event: &RotationEvent) -> Result<Outcome, RotationError> {
        let wanted = Wanted { current: true, ..Wanted::default() };
        let Some(Survey { version, current, .. }) = self.survey(event, wanted).await? else {
            return Ok(Outcome::AlreadyDone);
        };
        let current = SecretValue::document_under_as(T::FORM, StagingLabel::Current, current)?;
        let labels = Labels { rotator: self, event, version: &version };
        let Some(proposal) = self.target.prepare(&version, &current, &self.store, &labels).await? else {
            return Ok(Outcome::AlreadyCreated);
        };
        match self.invocation.journal.timed(Phase::Put, self.store.put(&version, &proposal)).await? {
            Put::Stored => Ok(Outcome::Created),
            Put::Kept => {
                self.target.discard(&current, &proposal).await?;
                Ok(Outcome::AlreadyCreated)
            }
        }
    }

    async fn set(&self, event: &RotationEvent) -> Result<Outcome, RotationError> {
        let wanted = Wanted { current: true, pending: true, related: self.target.related_secret() };
        let Some(survey) = self.survey(event, wanted).await? else { return Ok(Outcome::AlreadyDone) };
        let versions = Versions {
            secret: survey.secret,
            current: SecretValue::document_under_as(T::FORM, StagingLabel::Current, survey.current)?,
            pending: SecretValue::document_under_as(T::FORM, StagingLabel::Pending, survey.pending)?,
            related: survey.related,
        };
        let labels = Labels { rotator: self, event, version: &survey.version };
        let related = Related { rotator: self, secret: &event.secret };
        match self.target.apply(&versions, &labels, &related).await {
            Ok(applied) => Ok(Outcome::Set(applied)),
            Err(error) => Err(self.overtaken(event, &survey.version, error).await),
        }
    }

    /// Reads the pending value alone: the service also calls this step on a copy of the current value, to
    /// test a configuration without rotating.
    async fn test(&self, event: &RotationEvent) -> Result<Outcome, RotationError> {
        let wanted = Wanted { pending: true, ..Wanted::default() };
        let Some(survey) = self.survey(event, wanted).await? else { return Ok(Outcome::AlreadyDone) };
        let pending = SecretValue::document_under_as(T::FORM, StagingLabel::Pending, survey.pending)?;
        match self.target.verify(&pending).await {
            Ok(notes) => Ok(Outcome::Tested { notes }),
            Err(error) => Err(self.overtaken(event, &survey.version, error).await),
        }
    }

    /// A refused login, or a change by another session, may only mean that another rotation ran while this
    /// invocation was suspended, so that this invocation knows only old passwords. In that case the answer of
    /// the labels comes first: it is true, and its remediation is the one that helps.
    async fn overtaken(
        &self,
        event: &RotationEvent,
        version: &PendingVersion,
        error: RotationError,
    ) -> RotationError {
        if !matches!(&error, RotationError::Target(error) if error.may_be_overtaken()) {
            return error;
        }
        match self.standing(Phase::Confirm, event).await {
            Ok((Standing::Pending(now), _)) if now.current() != version.current() => {
                RotationError::LabelsMoved
            }
            Err(why @ RotationError::Refused(_)) => why,
            Ok(_) | Err(_) => error,
        }
    }

    /// Swaps `AWSCURRENT` away from the version that had it in the same description that proved the token
    /// pending. A swap whose reply was lost is refused when the client repeats it, so after a conflict this
    /// reads where the label is now.
    async fn finish(&self, event: &RotationEvent) -> Result<Outcome, RotationError> {
        let Some(survey) = self.survey(event, Wanted::default()).await? else {
            return Ok(Outcome::AlreadyDone);
        };
        match self.invocation.journal.timed(Phase::Promote, self.store.promote(&survey.version)).await {
            Ok(()) => Ok(Outcome::Finished),
            Err(StoreError { fault: StoreFault::Conflict, .. }) => {
                match self.standing(Phase::Confirm, event).await?.0 {
                    Standing::Current => Ok(Outcome::Finished),
                    Standing::Pending(_) => Err(RotationError::LabelsMoved),
                }
            }
            Err(error) => Err(error.into()),
        }
    }

    async fn standing(
        &self,
        phase: Phase,
        event: &RotationEvent,
    ) -> Result<(Standing, VersionStages), RotationError> {
        let stages = self.invocation.journal.timed(phase, self.store.describe(&event.secret)).await?;
        Ok((stages.standing(event, &self.invocation.invoker)?, stages))
    }

    /// Describes the secret and reads the wanted values concurrently, until description and values are
    /// consistent. `None` where the token is `AWSCURRENT` already.
    async fn survey(
        &self,
        event: &RotationEvent,
        wanted: Wanted<'_>,
    ) -> Result<Option<Survey>, RotationError> {
        let mut pauses = PATIENCE.into_iter();
        loop {
            let lag = match self.survey_once(event, wanted).await? {
                Seen::Done => return Ok(None),
                Seen::Whole(survey) => return Ok(Some(*survey)),
                Seen::Lagging(lag) => lag,
            };
            let Some(pause) = pauses.next() else { return Err(lag) };
            tracing::debug!(reason = %lag, "reads lag behind writes; reading again");
            tokio::time::sleep(pause + jitter(pause)).await;
        }
    }

    async fn survey_once(&self, event: &RotationEvent, wanted: Wanted<'_>) -> Result<Seen, RotationError> {
        let read = async |wanted: bool, version| {
            if wanted { self.read(&event.secret, version).await } else { Ok(None) }
        };
        let related = async {
            match wanted.related {
                Some(secret) => Some(self.current_of(secret).await),
                None => None,
            }
        };
        let (standing, current, pending, related) = tokio::join!(
            self.standing(Phase::Describe, event),
            read(wanted.current, Version::Current),
            read(wanted.pending, Version::Pending(&event.version)),
            related
        );
        // The answer of the labels comes first: a token that may not act gets no other answer.
        let (version, stages) = match standing {
            Ok((Standing::Current, _)) => return Ok(Seen::Done),
            Ok((Standing::Pending(version), stages)) => (version, stages),
            Err(why) if event.step == Step::Create && may_be_older(&why) => return Ok(Seen::Lagging(why)),
            Err(why) => return Err(why),
        };
        let (current, pending) = (current?, pending?);
        if wanted.current && current.as_ref().is_none_or(|value| value.version != *version.current()) {
            let lag =
                if current.is_none() { no_value(StagingLabel::Current) } else { RotationError::LabelsMoved };
            return Ok(Seen::Lagging(lag));
        }
        if wanted.pending && pending.is_none() {
            return Ok(Seen::Lagging(no_value(StagingLabel::Pending)));
        }
        let related = related.transpose().map_err(|error| self.target.related_error(error))?;
        Ok(Seen::Whole(Box::new(Survey { secret: stages.secret, version, current, pending, related })))
    }

    async fn read(&self, secret: &SecretId, version: Version<'_>) -> Result<Option<SecretValue>, StoreError> {
        self.invocation.journal.timed(Phase::Read, self.store.read(secret, version)).await
    }

    async fn current_of(&self, secret: &SecretId) -> Result<SecretDocument, RelatedSecretError> {
        match self.read(secret, Version::Current).await {
            Ok(Some(value)) => value.document().map_err(RelatedSecretError::Document),
            Ok(None) => Err(RelatedSecretError::Empty(secret.clone())),
            Err(error) => Err(RelatedSecretError::Unreadable(error)),
        }
    }
}

/// Which values a step needs besides the description.
#[derive(Clone, Copy, Default)]
struct Wanted<'a> {
    current: bool,
    pending: bool,
    related: Option<&'a SecretId>,
}

/// One read of the secret.
enum Seen {
    Done,
    Whole(Box<Survey>),
    /// The error if it does not change.
    Lagging(RotationError),
}

/// A description and the values that belong to it.
struct Survey {
    secret: SecretId,
    version: PendingVersion,
    current: Option<SecretValue>,
    pending: Option<SecretValue>,
    related: Option<SecretDocument>,
}

/// The labels, which decide whether a change in progress may be committed.
struct Labels<'a, S, T> {
    rotator: &'a Rotator<S, T>,
    event: &'a RotationEvent,
    version: &'a PendingVersion,
}

impl<S: SecretStore, T: Target> Authority for Labels<'_, S, T> {
    /// The session may hold locks by now, so this gives up sooner than other calls.
    async fn confirm(&self) -> Result<(), RotationError> {
        let Rotator { store, invocation: Invocation { journal, invoker, .. }, .. } = self.rotator;
        let stages = journal.timed(Phase::Confirm, store.describe_briefly(&self.event.secret)).await?;
        match stages.standing(self.event, invoker)? {
            Standing::Pending(now) if now.current() == self.version.current() => Ok(()),
            Standing::Pending(_) | Standing::Current => Err(RotationError::LabelsMoved),
        }
    }
}

/// What a target may read during a rotation, a dry run or a diagnosis.
struct Related<'a, S, T> {
    rotator: &'a Rotator<S, T>,
    secret: &'a SecretId,
}

impl<S: SecretStore, T: Target> RelatedSecrets for Related<'_, S, T> {
    async fn previous(&self) -> Result<Option<SecretDocument>, RotationError> {
        let value = self.rotator.read(self.secret, Version::Previous).await?;
        value
            .map(|value| SecretValue::document_under_as(T::FORM, StagingLabel::Previous, Some(value)))
            .transpose()
    }

    async fn current_of(&self, secret: &SecretId) -> Result<SecretDocument, RelatedSecretError> {
        self.rotator.current_of(secret).await
    }

    async fn tags_of(&self, secret: &SecretId) -> Result<Vec<(String, String)>, StoreError> {
        self.rotator.store.tags(secret).await
    }
}

/// Whether this refusal may come from a description that is older than `RotateSecret`. That call made the
/// version, and may have turned on rotation or set the function a moment ago.
fn may_be_older(why: &RotationError) -> bool {
    matches!(
        why,
        RotationError::Refused(Refusal::UnknownVersion | Refusal::RotationDisabled | Refusal::OtherFunction)
    )
}

fn no_value(label: StagingLabel) -> RotationError {
    RotationError::NoValue { label }
}

/// A random time of up to `pause`. Without randomness it is zero, so that retries may coincide.
fn jitter(pause: Duration) -> Duration {
    let mut byte = [0_u8];
    match getrandom::fill(&mut byte) {
        Ok(()) => pause * u32::from(byte[0]) / 256,
        Err(_) => Duration::ZERO,
    }
}
