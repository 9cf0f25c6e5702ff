//! Secrets Manager.

use rotation_aws::SecretsManager;
use rotation_core::{
    RotationError, SecretDocument, SecretId, SecretStore, SecretValue, StagingLabel, Version,
};

use crate::discovery::Secrets;

impl Secrets for SecretsManager {
    async fn document(&self, secret: &SecretId) -> Result<SecretDocument, RotationError> {
        let value = self.read(secret, Version::Current).await?;
        SecretValue::document_under(StagingLabel::Current, value)
    }

    async fn tags(&self, secret: &SecretId) -> Result<Vec<(String, String)>, RotationError> {
        Ok(SecretStore::tags(self, secret).await?)
    }
}
