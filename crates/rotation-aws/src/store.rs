//! The calls of Secrets Manager.

use std::time::Duration;

use aws_sdk_secretsmanager::{
    error::ProvideErrorMetadata,
    operation::{get_secret_value::GetSecretValueError, put_secret_value::PutSecretValueError},
};
use rotation_core::{
    CharacterClass, Password, PasswordPolicy, PendingVersion, Put, SecretDocument, SecretId, SecretRecords,
    SecretStore, SecretValue, StagingLabel, StoreError, StoreFault, Version, VersionId, VersionStages,
};
use zeroize::Zeroizing;

use crate::{client::SecretsManager, pace::Pace};

/// The longest time for a description while other sessions wait: two hundred times what it usually takes.
const BRIEFLY: Duration = Duration::from_secs(4);

impl SecretStore for SecretsManager {
    async fn describe(&self, secret: &SecretId) -> Result<VersionStages, StoreError> {
        self.record(secret).await.map(|record| record.stages)
    }

    async fn describe_briefly(&self, secret: &SecretId) -> Result<VersionStages, StoreError> {
        let hurried = Self { backoff: self.backoff.at_most(BRIEFLY), ..self.clone() };
        hurried.describe(secret).await
    }

    async fn tags(&self, secret: &SecretId) -> Result<Vec<(String, String)>, StoreError> {
        self.record(secret).await.map(|record| record.tags)
    }

    async fn read(&self, secret: &SecretId, version: Version<'_>) -> Result<Option<SecretValue>, StoreError> {
        const OPERATION: &str = "GetSecretValue";
        let call = self.client.get_secret_value().secret_id(secret.as_str());
        // The call always names the label: without it, an emulator may answer with a stale version.
        let call = match version {
            Version::Current => call.version_stage(StagingLabel::Current.name()),
            Version::Previous => call.version_stage(StagingLabel::Previous.name()),
            Version::Pending(id) => call.version_stage(StagingLabel::Pending.name()).version_id(id.as_str()),
        };
        let answer = match self.persist(Pace::Steady, OPERATION, || call.clone().send()).await {
            Ok(answer) => answer,
            Err(error) if error.as_service_error().is_some_and(is_no_value) => return Ok(None),
            Err(error) => {
                return Err(self.naming_the_key(secret, self.failed(OPERATION, &error)).await);
            }
        };
        let odd = StoreError::new(OPERATION, StoreFault::Internal);
        let version = VersionId::new(answer.version_id.unwrap_or_default()).map_err(|_| odd)?;
        Ok(Some(SecretValue { version, text: answer.secret_string.map(Zeroizing::new) }))
    }

    async fn put(&self, pending: &PendingVersion, document: &SecretDocument) -> Result<Put, StoreError> {
        const OPERATION: &str = "PutSecretValue";
        let call = self
            .client
            .put_secret_value()
            .secret_id(pending.secret().as_str())
            .client_request_token(pending.version().as_str())
            .secret_string(document.to_json().as_str())
            .version_stages(StagingLabel::Pending.name())
            .set_rotation_token(pending.rotation_token().map(|token| token.expose().to_owned()));
        match self.persist(Pace::Yielding, OPERATION, || call.clone().send()).await {
            Ok(_) => Ok(Put::Stored),
            Err(error)
                if error
                    .as_service_error()
                    .is_some_and(PutSecretValueError::is_resource_exists_exception) =>
            {
                Ok(Put::Kept)
            }
            Err(error) => {
                let error = self.failed(OPERATION, &error);
                Err(self.naming_the_key(pending.secret(), error).await)
            }
        }
    }

    async fn promote(&self, pending: &PendingVersion) -> Result<(), StoreError> {
        const OPERATION: &str = "UpdateSecretVersionStage";
        let call = self
            .client
            .update_secret_version_stage()
            .secret_id(pending.secret().as_str())
            .version_stage(StagingLabel::Current.name())
            .move_to_version_id(pending.version().as_str())
            .remove_from_version_id(pending.current().as_str());
        let answer = self.persist(Pace::Pressing, OPERATION, || call.clone().send()).await;
        answer.map(drop).map_err(|error| self.failed(OPERATION, &error))
    }

    async fn random_password(&self, policy: &PasswordPolicy) -> Result<Password, StoreError> {
        const OPERATION: &str = "GetRandomPassword";
        let settings = policy.settings();
        let excluded = |class| settings.exclude_classes.contains(&class);
        let length = i64::try_from(settings.length).expect("a policy's length is at most 4096");
        let call = self
            .client
            .get_random_password()
            .password_length(length)
            .exclude_characters(policy.excluded_characters())
            .exclude_lowercase(excluded(CharacterClass::Lowercase))
            .exclude_uppercase(excluded(CharacterClass::Uppercase))
            .exclude_numbers(excluded(CharacterClass::Digit))
            .exclude_punctuation(excluded(CharacterClass::Punctuation))
            .require_each_included_type(settings.require_each_class);
        let answer = self.persist(Pace::Steady, OPERATION, || call.clone().send()).await;
        let answer = answer.map_err(|error| self.failed(OPERATION, &error))?;
        let text = Zeroizing::new(answer.random_password.unwrap_or_default());
        let password = Password::parse(&text).ok().filter(|password| policy.admits(password));
        password.ok_or(StoreError::new(OPERATION, StoreFault::Unusable))
    }
}

/// The service's three answers for a missing value: no such label, a version without a value, and a version
/// id that does not have the label. A secret that does not exist is a different error.
pub(crate) fn is_no_value(error: &GetSecretValueError) -> bool {
    let message = error.message().unwrap_or_default();
    (error.is_resource_not_found_exception() && message.contains("secret value"))
        || (error.is_invalid_request_exception() && message.contains("VersionStage"))
}
