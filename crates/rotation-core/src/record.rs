//! A secret in full, as a diagnosis needs it, including what a rotation does not read.

use std::time::SystemTime;

use crate::{
    event::{SecretId, VersionId},
    staging::{StagingLabel, VersionStages},
    store::{SecretStore, SecretValue, StoreError},
};

/// The calls of Secrets Manager that a diagnosis, and a repair of labels, need in addition to those of a
/// rotation. Every method is one call of the service and may be dropped at any await. A dropped
/// [`move_label`](Self::move_label) may have taken effect.
pub trait SecretRecords: SecretStore {
    /// `DescribeSecret`, all of it.
    async fn record(&self, secret: &SecretId) -> Result<SecretRecord, StoreError>;

    /// `ListSecretVersionIds`, including versions without labels; at most 100, the newest first.
    async fn history(&self, secret: &SecretId) -> Result<Vec<VersionRecord>, StoreError>;

    /// `GetSecretValue` by the version id alone, which also finds versions without labels. `None` where the
    /// version holds no value.
    async fn value(&self, secret: &SecretId, version: &VersionId) -> Result<Option<SecretValue>, StoreError>;

    /// `UpdateSecretVersionStage`: moves a label or removes it. The service refuses the call where the label
    /// is not on the version that the move names. When `AWSCURRENT` moves, the version that had it becomes
    /// `AWSPREVIOUS`.
    ///
    /// # Errors
    /// [`StoreFault::Conflict`](crate::StoreFault::Conflict) where the label was on another version.
    async fn move_label(&self, secret: &SecretId, label_move: &LabelMove) -> Result<(), StoreError>;
}

/// A move of a label from one version to another: a compare-and-swap.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LabelMove {
    /// Which label.
    pub label: StagingLabel,
    /// The version that must have it; `None` where no version may have it.
    pub from: Option<VersionId>,
    /// The version that has it afterwards; `None` removes it.
    pub to: Option<VersionId>,
}

impl LabelMove {
    /// The move as a sentence.
    pub fn sentence(&self) -> String {
        let label = &self.label;
        match (&self.from, &self.to) {
            (Some(from), Some(to)) => {
                format!("Move {label} from version {from} to version {to}, which logs in.")
            }
            (None, Some(to)) => format!("Put {label} on version {to}, which logs in."),
            (Some(from), None) => {
                format!("Take {label} from version {from}; AWSCURRENT logs in.")
            }
            (None, None) => format!("Leave {label} where it is."),
        }
    }
}

/// What `DescribeSecret` returns about a secret.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SecretRecord {
    /// What a rotation depends on.
    pub stages: VersionStages,
    /// `Name`.
    pub name: Option<String>,
    /// `RotationRules` in words: `every 30 days`, `rate(30 days)`.
    pub schedule: Option<String>,
    /// `LastRotatedDate`.
    pub last_rotated: Option<SystemTime>,
    /// `NextRotationDate`: the service may rotate up to the end of this day.
    pub next_rotation: Option<SystemTime>,
    /// `KmsKeyId`; `None` is the account's `aws/secretsmanager`.
    pub key: Option<String>,
    /// `OwningService`: the service that manages the secret.
    pub owning_service: Option<String>,
    /// `Type`: the partner that manages the external secret.
    pub partner: Option<String>,
    /// `PrimaryRegion`, where the secret is a replica.
    pub primary_region: Option<String>,
    /// `Tags`, keys with their values.
    pub tags: Vec<(String, String)>,
}

impl SecretRecord {
    /// A record of which only the labels are known.
    pub fn of(stages: VersionStages) -> Self {
        Self {
            stages,
            name: None,
            schedule: None,
            last_rotated: None,
            next_rotation: None,
            key: None,
            owning_service: None,
            partner: None,
            primary_region: None,
            tags: Vec::new(),
        }
    }
}

/// What `ListSecretVersionIds` returns about a version.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VersionRecord {
    /// Its id.
    pub id: VersionId,
    /// Its labels; none where the version is deprecated.
    pub labels: Vec<StagingLabel>,
    /// `CreatedDate`.
    pub created: Option<SystemTime>,
}
