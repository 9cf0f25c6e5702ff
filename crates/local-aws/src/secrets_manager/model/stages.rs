//! `UpdateSecretVersionStage`: the compare-and-swap on labels.

use serde::Deserialize;
use serde_json::Value;

use super::{Model, Secret, ServiceError, Timestamp, named, secret::CURRENT};

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct UpdateSecretVersionStage {
    secret_id: String,
    version_stage: String,
    move_to_version_id: Option<String>,
    remove_from_version_id: Option<String>,
}

impl Model {
    pub(super) fn update_secret_version_stage(
        &mut self,
        request: &UpdateSecretVersionStage,
        now: Timestamp,
    ) -> Result<Value, ServiceError> {
        let stage = request.version_stage.as_str();
        let to = request.move_to_version_id.as_deref();
        let from = request.remove_from_version_id.as_deref();
        let secret = self.find_live(&request.secret_id)?;
        for id in [from, to].into_iter().flatten() {
            if secret.version(id).is_none() {
                return Err(ServiceError::value_not_found("VersionId", id));
            }
        }
        secret.check_holder(stage, from, to)?;
        match (to, from) {
            (Some(to), _) => {
                secret.check_promotable(stage, to)?;
                secret.move_stage(stage, to);
            }
            (None, Some(_)) if stage == CURRENT => {
                return Err(ServiceError::invalid_parameter(
                    "You can only move staging label AWSCURRENT to a different secret version. It can't be \
                     completely removed.",
                ));
            }
            (None, Some(from)) => secret.remove_stage(stage, from),
            (None, None) => {
                return Err(ServiceError::invalid_parameter(
                    "You must provide MoveToVersionId, RemoveFromVersionId or both.",
                ));
            }
        }
        secret.changed = now;
        secret.prune(now);
        Ok(named(secret))
    }
}

impl Secret {
    /// The comparison: the label must be where the caller assumes it to be.
    fn check_holder(&self, stage: &str, from: Option<&str>, to: Option<&str>) -> Result<(), ServiceError> {
        let holder = self.holder(stage).map(|version| version.id.as_str());
        match (holder, from) {
            (Some(holder), None) if to.is_some_and(|to| to != holder) => {
                Err(ServiceError::invalid_parameter(format!(
                    "The parameter RemoveFromVersionId can't be empty. Staging label {stage} is currently \
                     attached to version {holder}, so you must explicitly reference that version in \
                     RemoveFromVersionId."
                )))
            }
            (Some(holder), Some(from)) if holder != from => Err(ServiceError::invalid_parameter(format!(
                "Staging label {stage} is currently attached to version {holder}, not to version {from}, \
                 which is referenced in RemoveFromVersionId."
            ))),
            (None, Some(from)) => Err(ServiceError::invalid_parameter(format!(
                "Staging label {stage} is not attached to version {from}."
            ))),
            (Some(_) | None, _) => Ok(()),
        }
    }

    /// A version that never got a value cannot become the current one.
    fn check_promotable(&self, stage: &str, to: &str) -> Result<(), ServiceError> {
        match self.version(to) {
            Some(version) if stage == CURRENT && version.value.is_none() => {
                Err(ServiceError::invalid_request(format!(
                    "You can't move staging label AWSCURRENT to version {to} because it has no value."
                )))
            }
            Some(_) | None => Ok(()),
        }
    }
}
