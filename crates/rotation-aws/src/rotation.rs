//! What the service itself does around the four steps, for a rotation that a person runs without a
//! function.

use rotation_core::{SecretDocument, StagingLabel, StoreError, StoreFault, VersionId, VersionStages};

use crate::{client::SecretsManager, pace::Pace};

/// The label of a new version between its first value and `AWSPENDING`. A version needs at least one
/// label.
const ARRIVING: &str = "ROTATE_ARRIVING";

const UPDATE: &str = "UpdateSecretVersionStage";

impl SecretsManager {
    /// Begins a rotation as `RotateSecret` does. Afterwards `version`, which must be new, holds `document`
    /// and is `AWSPENDING`. Nothing else changes; every step still checks by the labels whether it may act.
    ///
    /// `PutSecretValue` takes a label from whichever version has it. With `AWSPENDING`, that could be a
    /// rotation that began a moment ago and has already changed the password. So the value is stored under a
    /// temporary label, and `UpdateSecretVersionStage` moves `AWSPENDING` to it. The service refuses that
    /// move where the label is not where `described` saw it.
    ///
    /// If it is dropped or fails before its end, it leaves at most a version that no step accepts.
    ///
    /// # Errors
    /// [`StoreFault::Conflict`] where another rotation is in progress; otherwise the service's refusal.
    pub async fn begin(
        &self,
        described: &VersionStages,
        version: &VersionId,
        document: &SecretDocument,
    ) -> Result<(), StoreError> {
        const PUT: &str = "PutSecretValue";
        let holder = described.holder(&StagingLabel::Pending);
        if holder.is_some() && holder != described.holder(&StagingLabel::Current) {
            return Err(StoreError::new(UPDATE, StoreFault::Conflict));
        }
        let secret = described.secret.as_str();
        let put = self
            .client
            .put_secret_value()
            .secret_id(secret)
            .client_request_token(version.as_str())
            .secret_string(document.to_json().as_str())
            .version_stages(ARRIVING);
        let stored = self.persist(Pace::Steady, PUT, || put.clone().send()).await;
        stored.map_err(|error| self.failed(PUT, &error))?;
        let claim = self
            .client
            .update_secret_version_stage()
            .secret_id(secret)
            .version_stage(StagingLabel::Pending.name())
            .move_to_version_id(version.as_str())
            .set_remove_from_version_id(holder.map(|holder| holder.as_str().to_owned()));
        let claimed = self.persist(Pace::Steady, UPDATE, || claim.clone().send()).await;
        let claimed = claimed.map(drop).map_err(|error| self.failed(UPDATE, &error));
        // If the label stays, the next rotation moves it on.
        let _ = self.unlabel(secret, ARRIVING, version).await;
        claimed
    }

    /// Removes `AWSPENDING` from a version that is now `AWSCURRENT`, as the service does once a rotation has
    /// ended.
    ///
    /// # Errors
    /// The service's refusal. The rotation is complete nevertheless, and the next one may begin.
    pub async fn end(&self, described: &VersionStages, version: &VersionId) -> Result<(), StoreError> {
        self.unlabel(described.secret.as_str(), StagingLabel::Pending.name(), version).await
    }

    async fn unlabel(&self, secret: &str, label: &str, version: &VersionId) -> Result<(), StoreError> {
        let call = self
            .client
            .update_secret_version_stage()
            .secret_id(secret)
            .version_stage(label)
            .remove_from_version_id(version.as_str());
        let answer = self.persist(Pace::Steady, UPDATE, || call.clone().send()).await;
        answer.map(drop).map_err(|error| self.failed(UPDATE, &error))
    }
}
