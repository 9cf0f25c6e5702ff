//! Staging labels: which version is live, which is pending, and the proof that a token may act.

use std::{collections::BTreeMap, fmt};

use thiserror::Error;

use crate::event::{Home, RotationEvent, RotationToken, SecretId, VersionId};

/// A label on a version of a secret.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum StagingLabel {
    /// `AWSCURRENT`: what applications read.
    Current,
    /// `AWSPENDING`: what a rotation is working on.
    Pending,
    /// `AWSPREVIOUS`: the last `AWSCURRENT`.
    Previous,
    /// A custom label.
    Other(String),
}

impl StagingLabel {
    /// The name that the service gives it.
    pub fn name(&self) -> &str {
        match self {
            Self::Current => "AWSCURRENT",
            Self::Pending => "AWSPENDING",
            Self::Previous => "AWSPREVIOUS",
            Self::Other(name) => name,
        }
    }
}

impl From<&str> for StagingLabel {
    fn from(name: &str) -> Self {
        match name {
            "AWSCURRENT" => Self::Current,
            "AWSPENDING" => Self::Pending,
            "AWSPREVIOUS" => Self::Previous,
            other => Self::Other(other.to_owned()),
        }
    }
}

impl fmt::Display for StagingLabel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// What `DescribeSecret` returns about a secret, as far as a rotation depends on it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VersionStages {
    /// The secret's ARN, whichever id the call used.
    pub secret: SecretId,
    /// `RotationEnabled`; absent means false.
    pub rotation_enabled: bool,
    /// `RotationLambdaARN`.
    pub rotation_function: Option<String>,
    /// Whether `DeletedDate` is set: the secret is scheduled for deletion.
    pub deleted: bool,
    /// Who may write the secret's versions.
    pub kind: SecretKind,
    /// `VersionIdsToStages`.
    pub labels: BTreeMap<VersionId, Vec<StagingLabel>>,
}

/// Who writes the versions of a secret.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Default)]
#[non_exhaustive]
pub enum SecretKind {
    /// The account that owns it: it may be rotated.
    #[default]
    Standard,
    /// `OwningService`: an AWS service.
    Managed,
    /// `Type`: an AWS partner that manages the secret.
    External,
    /// `PrimaryRegion`, another Region: its primary, whose versions it replicates.
    Replica,
}

impl SecretKind {
    /// Decides by what `DescribeSecret` returns about a secret that was found in its own Region.
    pub fn of(
        secret: &SecretId,
        owning_service: Option<&str>,
        kind: Option<&str>,
        primary_region: Option<&str>,
    ) -> Self {
        let is_elsewhere = |primary: &str| secret.home().is_some_and(|home| home.region != primary);
        match (owning_service, kind.filter(|kind| !kind.is_empty()), primary_region) {
            (Some(_), _, _) => Self::Managed,
            (None, Some(_), _) => Self::External,
            (None, None, Some(primary)) if is_elsewhere(primary) => Self::Replica,
            _ => Self::Standard,
        }
    }
}

/// Who runs a step, and therefore which conditions the secret must meet.
#[derive(Clone, Debug)]
pub enum Invoker {
    /// A Lambda function: rotation must be enabled, and name this very function.
    Function {
        /// `invoked_function_arn` of the invocation.
        arn: String,
        /// Whether the secret may be in another account or Region.
        foreign_secrets: ForeignSecrets,
    },
    /// A person at a terminal, with their own credentials: no function is involved.
    Person,
}

/// Whether a function may act on a secret of another account or Region.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum ForeignSecrets {
    /// Refused: the default.
    #[default]
    Refuse,
    /// Allowed: the operator has configured it.
    Allow,
}

/// Which label the version with the event's token has.
#[derive(Clone, Debug)]
pub enum Standing {
    /// The token is `AWSCURRENT` already: the rotation is over and every step succeeds without doing
    /// anything.
    Current,
    /// The token is `AWSPENDING`: the step may act.
    Pending(PendingVersion),
}

/// The proof that a token was `AWSPENDING` when the secret was described, with the version that was
/// `AWSCURRENT` in the same description. Only [`VersionStages::standing`] creates one.
#[derive(Clone, Debug)]
pub struct PendingVersion {
    secret: SecretId,
    version: VersionId,
    current: VersionId,
    rotation_token: Option<RotationToken>,
}

impl PendingVersion {
    /// The secret's id as the event gave it.
    pub fn secret(&self) -> &SecretId {
        &self.secret
    }

    /// The pending version.
    pub fn version(&self) -> &VersionId {
        &self.version
    }

    /// The version that was `AWSCURRENT` in the same description: the one to swap `AWSCURRENT` away from.
    pub fn current(&self) -> &VersionId {
        &self.current
    }

    /// The event's rotation token, for `PutSecretValue`.
    pub fn rotation_token(&self) -> Option<&RotationToken> {
        self.rotation_token.as_ref()
    }
}

impl VersionStages {
    /// Decides whether the event's token may act.
    ///
    /// A token that has `AWSCURRENT` is finished even where it still has `AWSPENDING`, as it does right after
    /// `UpdateSecretVersionStage`.
    ///
    /// # Errors
    /// [`Refusal`] names the precondition of the service that does not hold.
    pub fn standing(&self, event: &RotationEvent, invoker: &Invoker) -> Result<Standing, Refusal> {
        self.admit_writes()?;
        self.admit(event, invoker)?;
        let labels = self.labels.get(&event.version).ok_or(Refusal::UnknownVersion)?;
        if labels.contains(&StagingLabel::Current) {
            return Ok(Standing::Current);
        }
        if !labels.contains(&StagingLabel::Pending) {
            return Err(Refusal::NotPending);
        }
        let current = self.holder(&StagingLabel::Current).ok_or(Refusal::NoCurrent)?;
        Ok(Standing::Pending(PendingVersion {
            secret: event.secret.clone(),
            version: event.version.clone(),
            current: current.clone(),
            rotation_token: event.rotation_token.clone(),
        }))
    }

    /// Checks that the secret's versions may be written at all.
    ///
    /// # Errors
    /// [`Refusal`].
    pub fn admit_writes(&self) -> Result<(), Refusal> {
        match self.kind {
            _ if self.deleted => Err(Refusal::Deleted),
            SecretKind::Managed => Err(Refusal::Managed),
            SecretKind::External => Err(Refusal::External),
            SecretKind::Replica => Err(Refusal::Replica),
            SecretKind::Standard => Ok(()),
        }
    }

    /// The version that has a label.
    pub fn holder(&self, label: &StagingLabel) -> Option<&VersionId> {
        self.labels.iter().find(|(_, labels)| labels.contains(label)).map(|(version, _)| version)
    }

    /// Checks that a function may diagnose the secret: the secret is in its account and Region, and names
    /// this function as its rotation function, whether rotation is enabled or not.
    ///
    /// # Errors
    /// [`Refusal`], as for a rotation.
    pub fn admit_diagnosis(&self, asked: &SecretId, invoker: &Invoker) -> Result<(), Refusal> {
        let Invoker::Function { arn, foreign_secrets } = invoker else { return Ok(()) };
        self.admit_home(asked, arn, *foreign_secrets)?;
        match &self.rotation_function {
            None => Err(Refusal::RotationDisabled),
            Some(configured) if unqualified(configured) != unqualified(arn) => Err(Refusal::OtherFunction),
            Some(_) => Ok(()),
        }
    }

    fn admit(&self, event: &RotationEvent, invoker: &Invoker) -> Result<(), Refusal> {
        let Invoker::Function { arn, foreign_secrets } = invoker else { return Ok(()) };
        self.admit_home(&event.secret, arn, *foreign_secrets)?;
        if !self.rotation_enabled {
            return Err(Refusal::RotationDisabled);
        }
        match &self.rotation_function {
            Some(configured) if unqualified(configured) != unqualified(arn) => Err(Refusal::OtherFunction),
            _ => Ok(()),
        }
    }

    fn admit_home(
        &self,
        asked: &SecretId,
        arn: &str,
        foreign_secrets: ForeignSecrets,
    ) -> Result<(), Refusal> {
        let foreign = match (asked.home().or(self.secret.home()), Home::of_arn(arn)) {
            (Some(secret), Some(function)) => secret != function,
            _ => false,
        };
        if foreign && foreign_secrets == ForeignSecrets::Refuse {
            return Err(Refusal::ForeignSecret);
        }
        Ok(())
    }
}

/// The ARN of a function without version or alias: its first seven fields.
fn unqualified(arn: &str) -> &str {
    arn.match_indices(':').nth(6).map_or(arn, |(end, _)| &arn[..end])
}

/// The labels do not let this token act. Nothing was changed.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
#[non_exhaustive]
pub enum Refusal {
    /// `DeletedDate` is set.
    #[error("the secret is scheduled for deletion")]
    Deleted,
    /// `OwningService` is set.
    #[error("the secret is managed by a service, which rotates it itself")]
    Managed,
    /// `Type` is set.
    #[error("the secret is managed by a partner of AWS, which rotates it itself")]
    External,
    /// `PrimaryRegion` is another Region.
    #[error("the secret is a replica of one in another region")]
    Replica,
    /// The secret's ARN names another account or Region than the function's.
    #[error("the secret belongs to another account or region than this function")]
    ForeignSecret,
    /// `RotationEnabled` is absent or false.
    #[error("rotation is not enabled for the secret")]
    RotationDisabled,
    /// `RotationLambdaARN` names another function.
    #[error("the secret is configured to be rotated by another function")]
    OtherFunction,
    /// No version has this token as its id.
    #[error("the secret has no version with this token")]
    UnknownVersion,
    /// The version exists and is neither current nor pending.
    #[error("the version is not AWSPENDING: the rotation was cancelled or replaced")]
    NotPending,
    /// No version has `AWSCURRENT`.
    #[error("no version of the secret is AWSCURRENT")]
    NoCurrent,
}
