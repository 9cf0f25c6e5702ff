//! Defects in the calls of Secrets Manager.

use rotation_core::{
    Password, PasswordPolicy, PendingVersion, Put, SecretDocument, SecretId, SecretStore, SecretValue,
    StoreError, Version, VersionStages,
};

use crate::world::Store;

/// A store whose `promote` reads AWSCURRENT anew instead of swapping against what was validated.
pub(crate) struct RereadsCurrent(pub(crate) Store);

impl SecretStore for RereadsCurrent {
    async fn describe(&self, secret: &SecretId) -> Result<VersionStages, StoreError> {
        self.0.describe(secret).await
    }

    async fn tags(&self, secret: &SecretId) -> Result<Vec<(String, String)>, StoreError> {
        self.0.tags(secret).await
    }

    async fn read(&self, secret: &SecretId, version: Version<'_>) -> Result<Option<SecretValue>, StoreError> {
        self.0.read(secret, version).await
    }

    async fn put(&self, pending: &PendingVersion, document: &SecretDocument) -> Result<Put, StoreError> {
        self.0.put(pending, document).await
    }

    async fn promote(&self, pending: &PendingVersion) -> Result<(), StoreError> {
        self.0.promote_from_anywhere(pending).await
    }

    async fn random_password(&self, policy: &PasswordPolicy) -> Result<Password, StoreError> {
        self.0.random_password(policy).await
    }
}

/// A store that gives a version a second value, as a function does that stores without the token of the
/// event, or that ignores the service's refusal.
pub(crate) struct OverwritesValue(pub(crate) Store);

impl SecretStore for OverwritesValue {
    async fn describe(&self, secret: &SecretId) -> Result<VersionStages, StoreError> {
        self.0.describe(secret).await
    }

    async fn read(&self, secret: &SecretId, version: Version<'_>) -> Result<Option<SecretValue>, StoreError> {
        self.0.read(secret, version).await
    }

    async fn put(&self, pending: &PendingVersion, document: &SecretDocument) -> Result<Put, StoreError> {
        self.0.overwrite(pending, document).await
    }

    async fn promote(&self, pending: &PendingVersion) -> Result<(), StoreError> {
        self.0.promote(pending).await
    }

    async fn random_password(&self, policy: &PasswordPolicy) -> Result<Password, StoreError> {
        self.0.random_password(policy).await
    }

    async fn tags(&self, secret: &SecretId) -> Result<Vec<(String, String)>, StoreError> {
        self.0.tags(secret).await
    }
}
