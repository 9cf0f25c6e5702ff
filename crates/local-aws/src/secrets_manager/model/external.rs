//! Managed external secrets, which a partner's service rotates, and replicas, which follow a primary
//! elsewhere. Neither is rotated here: the service shows the settings that it was given.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::{Model, Secret, ServiceError, Timestamp, named};

/// What `RotateSecret` keeps for a managed external secret.
#[derive(Clone, Serialize, Deserialize)]
pub(super) struct ExternalRotation {
    role: String,
    metadata: Vec<MetadataItem>,
}

/// What the partner needs to know, such as the id of an application.
#[derive(Clone, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct MetadataItem {
    key: String,
    value: String,
}

/// The part of `RotateSecret` that is about managed external secrets.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct External {
    external_secret_rotation_role_arn: Option<String>,
    #[serde(default)]
    external_secret_rotation_metadata: Vec<MetadataItem>,
}

impl Secret {
    /// What `DescribeSecret` and `ListSecrets` show of all this; null where there is nothing.
    pub(super) fn external_members(&self) -> [(&'static str, Value); 4] {
        let external = self.external.as_ref();
        [
            ("Type", json!(self.kind)),
            ("ExternalSecretRotationRoleArn", json!(external.map(|external| &external.role))),
            ("ExternalSecretRotationMetadata", json!(external.map(|external| &external.metadata))),
            ("PrimaryRegion", json!(self.primary_region)),
        ]
    }
}

impl Model {
    /// `RotateSecret` of a managed external secret: kept, and left to the partner. The wording of the
    /// service's own refusals of wrong requests is not known.
    pub(super) fn rotate_externally(
        &mut self,
        secret: &str,
        external: External,
        now: Timestamp,
    ) -> Result<Value, ServiceError> {
        let secret = self.find_live(secret)?;
        let kept = secret.external.as_ref().map(|kept| kept.role.clone());
        let role = external.external_secret_rotation_role_arn.or(kept).ok_or_else(|| {
            ServiceError::invalid_request("A managed external secret needs ExternalSecretRotationRoleArn.")
        })?;
        let metadata = external.external_secret_rotation_metadata;
        secret.external = Some(ExternalRotation { role, metadata });
        secret.changed = now;
        Ok(named(secret))
    }

    /// Makes the secret a replica of one in another region.
    pub(crate) fn make_replica(&mut self, secret: &str, primary_region: &str) -> Result<(), ServiceError> {
        self.find_live(secret)?.primary_region = Some(primary_region.to_owned());
        Ok(())
    }
}
