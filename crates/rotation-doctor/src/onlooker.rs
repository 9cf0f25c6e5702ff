//! What a diagnosis may read from other secrets.

use rotation_core::{
    RelatedSecretError, RelatedSecrets, RotationError, SecretDocument, SecretId, SecretRecords, StoreError,
    Version,
};

/// What a target may read in addition to the versions of the secret, which are already read.
pub(crate) struct Onlooker<'a, S> {
    pub(crate) store: &'a S,
}

impl<S: SecretRecords> RelatedSecrets for Onlooker<'_, S> {
    async fn previous(&self) -> Result<Option<SecretDocument>, RotationError> {
        Ok(None)
    }

    async fn current_of(&self, secret: &SecretId) -> Result<SecretDocument, RelatedSecretError> {
        match self.store.read(secret, Version::Current).await {
            Ok(Some(value)) => value.document().map_err(RelatedSecretError::Document),
            Ok(None) => Err(RelatedSecretError::Empty(secret.clone())),
            Err(error) => Err(RelatedSecretError::Unreadable(error)),
        }
    }

    async fn tags_of(&self, secret: &SecretId) -> Result<Vec<(String, String)>, StoreError> {
        self.store.tags(secret).await
    }
}
