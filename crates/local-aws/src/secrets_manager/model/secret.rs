//! A secret and its versions.

use std::{
    borrow::Borrow,
    collections::{BTreeMap, BTreeSet},
    fmt,
    time::Duration,
};

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::{Map, Value, json};

// Circle: a secret holds how it is rotated, and the rules of rotations change the secret.
use super::{super::ServiceError, external::ExternalRotation, rotation::Rotation};

pub(super) const CURRENT: &str = "AWSCURRENT";
pub(super) const PENDING: &str = "AWSPENDING";
pub(super) const PREVIOUS: &str = "AWSPREVIOUS";

/// A version without labels is deprecated; it is pruned when there are more versions than this ...
const VERSIONS_KEPT: usize = 100;
/// ... and it is older than this.
const DEPRECATED_FOR: Duration = Duration::from_hours(24);

/// One secret with everything that the service knows about it.
#[derive(Clone, Serialize, Deserialize)]
pub(super) struct Secret {
    pub(super) arn: SecretArn,
    pub(super) name: String,
    pub(super) description: Option<String>,
    pub(super) kms_key_id: Option<String>,
    pub(super) tags: BTreeMap<String, String>,
    /// The service that created it and manages it, such as `rds`.
    #[serde(default)]
    pub(super) owner: Option<String>,
    /// Its `Type`: the partner's kind of a managed external secret.
    #[serde(default)]
    pub(super) kind: Option<String>,
    /// How a partner rotates it.
    #[serde(default)]
    pub(super) external: Option<ExternalRotation>,
    /// The region of the primary, where it is a replica.
    #[serde(default)]
    pub(super) primary_region: Option<String>,
    pub(super) created: Timestamp,
    pub(super) changed: Timestamp,
    /// The day only, as AWS keeps it.
    pub(super) accessed: Option<Timestamp>,
    /// When the secret is deleted for good; present while it is marked for deletion.
    pub(super) deletion: Option<Timestamp>,
    pub(super) rotation: Option<Rotation>,
    /// In order of creation.
    pub(super) versions: Vec<Version>,
}

/// One version: its labels, and its value unless a rotation has only just created it.
#[derive(Clone, Serialize, Deserialize)]
pub(super) struct Version {
    pub(super) id: VersionId,
    pub(super) value: Option<SecretValue>,
    pub(super) stages: BTreeSet<String>,
    pub(super) created: Timestamp,
    pub(super) accessed: Option<Timestamp>,
    /// The token of the rotation that created this version.
    pub(super) rotation_token: Option<String>,
}

impl Version {
    pub(super) fn new(id: VersionId, value: Option<SecretValue>, created: Timestamp) -> Self {
        Self { id, value, stages: BTreeSet::new(), created, accessed: None, rotation_token: None }
    }
}

impl Secret {
    pub(super) fn version(&self, id: &str) -> Option<&Version> {
        self.versions.iter().find(|version| version.id.as_str() == id)
    }

    pub(super) fn version_mut(&mut self, id: &str) -> Option<&mut Version> {
        self.versions.iter_mut().find(|version| version.id.as_str() == id)
    }

    pub(super) fn holder(&self, stage: &str) -> Option<&Version> {
        self.versions.iter().find(|version| version.stages.contains(stage))
    }

    /// The version that is being rotated in: AWSPENDING and not AWSCURRENT.
    pub(super) fn pending(&self) -> Option<&Version> {
        self.holder(PENDING).filter(|version| !version.stages.contains(CURRENT))
    }

    pub(super) fn holds(&self, id: &str, stage: &str) -> bool {
        self.version(id).is_some_and(|version| version.stages.contains(stage))
    }

    /// Puts the label on one version and removes it from every other. When AWSCURRENT moves, AWSPREVIOUS is
    /// put on the version that it leaves.
    pub(super) fn move_stage(&mut self, stage: &str, to: &str) {
        let from = self.holder(stage).map(|version| version.id.clone());
        for version in &mut self.versions {
            if version.id.as_str() == to {
                version.stages.insert(stage.to_owned());
            } else {
                version.stages.remove(stage);
            }
        }
        if let Some(from) = from
            && stage == CURRENT
            && from.as_str() != to
        {
            self.move_stage(PREVIOUS, from.as_str());
        }
    }

    pub(super) fn remove_stage(&mut self, stage: &str, from: &str) {
        if let Some(version) = self.version_mut(from) {
            version.stages.remove(stage);
        }
    }

    /// Drops the oldest deprecated versions beyond the hundred, if they are older than a day.
    pub(super) fn prune(&mut self, now: Timestamp) {
        let mut surplus = self.versions.len().saturating_sub(VERSIONS_KEPT);
        self.versions.retain(|version| {
            let old = version.created.plus(DEPRECATED_FOR) < now;
            let prunable = surplus > 0 && version.stages.is_empty() && old;
            surplus -= usize::from(prunable);
            !prunable
        });
    }

    pub(super) fn refuse_if_deleted(&self) -> Result<(), ServiceError> {
        match self.deletion {
            None => Ok(()),
            Some(_) => Err(ServiceError::invalid_request(
                "You can't perform this operation on the secret because it was marked for deletion.",
            )),
        }
    }

    /// `VersionIdsToStages`: the versions that carry a label.
    pub(super) fn labeled_versions(&self) -> Map<String, Value> {
        let labeled = self.versions.iter().filter(|version| !version.stages.is_empty());
        labeled.map(|version| (version.id.as_str().to_owned(), json!(version.stages))).collect()
    }
}

/// The full ARN of a secret, which ends in a hyphen and six random characters.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub(crate) struct SecretArn(String);

impl SecretArn {
    pub(super) fn new(region: &str, account: &str, name: &str, suffix: &str) -> Self {
        Self(format!("arn:aws:secretsmanager:{region}:{account}:secret:{name}-{suffix}"))
    }

    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether `id` is this ARN without its hyphen and random characters.
    pub(super) fn is_partly(&self, id: &str) -> bool {
        self.0.len() == id.len() + 7 && self.0.starts_with(id)
    }
}

impl Borrow<str> for SecretArn {
    fn borrow(&self) -> &str {
        &self.0
    }
}

/// The id of a version, which is the `ClientRequestToken` of the call that made it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub(crate) struct VersionId(String);

impl VersionId {
    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }

    /// A token that the service accepts as the id of a version.
    pub(super) fn from_token(token: String) -> Result<Self, ServiceError> {
        if (32..=64).contains(&token.chars().count()) {
            return Ok(Self(token));
        }
        Err(ServiceError::invalid_parameter("ClientRequestToken must be 32-64 characters long."))
    }
}

/// A protected value. It has no `Display`, and `Debug` shows nothing of it.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum SecretValue {
    String(String),
    /// As it was received: base64.
    Binary(String),
}

impl SecretValue {
    /// Adds the value to an answer under the service's name for it.
    pub(super) fn add_to(&self, answer: &mut Map<String, Value>) {
        let (name, value) = match self {
            Self::String(value) => ("SecretString", value),
            Self::Binary(value) => ("SecretBinary", value),
        };
        answer.insert(name.to_owned(), Value::String(value.clone()));
    }
}

impl fmt::Debug for SecretValue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SecretValue(..)")
    }
}

/// A moment, counted from 1970 (UTC). On the wire: seconds as a number, with milliseconds as its fraction.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Timestamp(Duration);

impl Timestamp {
    const DAY: u64 = 24 * 60 * 60;

    pub(crate) fn since_epoch(elapsed: Duration) -> Self {
        Self(Duration::from_millis(u64::try_from(elapsed.as_millis()).unwrap_or(u64::MAX)))
    }

    pub(super) fn seconds(self) -> u64 {
        self.0.as_secs()
    }

    pub(super) fn plus(self, duration: Duration) -> Self {
        Self(self.0.saturating_add(duration))
    }

    /// Midnight before this moment.
    pub(super) fn day(self) -> Self {
        Self(Duration::from_secs(self.seconds() / Self::DAY * Self::DAY))
    }
}

impl Serialize for Timestamp {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_f64(self.0.as_secs_f64())
    }
}

impl<'de> Deserialize<'de> for Timestamp {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let seconds = f64::deserialize(deserializer)?;
        // Rounded to the millisecond, so that what is written is read back unchanged.
        Duration::try_from_secs_f64(seconds + 0.000_1)
            .map(Self::since_epoch)
            .map_err(serde::de::Error::custom)
    }
}
