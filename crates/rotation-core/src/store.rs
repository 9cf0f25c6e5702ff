//! The port to Secrets Manager.

use std::{error::Error as StdError, fmt};

use thiserror::Error;
use zeroize::Zeroizing;

use crate::{
    document::{DocumentError, SecretDocument, SecretForm},
    error::RotationError,
    event::{SecretId, VersionId},
    password::{Password, PasswordPolicy},
    staging::{PendingVersion, StagingLabel, VersionStages},
};

/// AWS Secrets Manager or a substitute for it. Every method is one call of the service and may be dropped at
/// any await. A dropped write may have taken effect.
pub trait SecretStore {
    /// `DescribeSecret`.
    async fn describe(&self, secret: &SecretId) -> Result<VersionStages, StoreError>;

    /// The same, for a caller on which others wait. It gives up soon where the service throttles or does not
    /// answer.
    async fn describe_briefly(&self, secret: &SecretId) -> Result<VersionStages, StoreError> {
        self.describe(secret).await
    }

    /// The tags that `DescribeSecret` returns, keys with their values.
    async fn tags(&self, secret: &SecretId) -> Result<Vec<(String, String)>, StoreError>;

    /// `GetSecretValue`. `None` where the service has no value for the request: there is no such label, or
    /// the version holds no value yet.
    async fn read(&self, secret: &SecretId, version: Version<'_>) -> Result<Option<SecretValue>, StoreError>;

    /// `PutSecretValue` under `AWSPENDING`, with the rotation token if the event had one. The service itself
    /// makes sure that a version never gets a second value.
    async fn put(&self, pending: &PendingVersion, document: &SecretDocument) -> Result<Put, StoreError>;

    /// `UpdateSecretVersionStage`: moves `AWSCURRENT` from the version that the description showed to the
    /// pending one.
    ///
    /// # Errors
    /// [`StoreFault::Conflict`] where `AWSCURRENT` had moved since the description.
    async fn promote(&self, pending: &PendingVersion) -> Result<(), StoreError>;

    /// `GetRandomPassword`, with the policy's length, classes and exclusions.
    async fn random_password(&self, policy: &PasswordPolicy) -> Result<Password, StoreError>;
}

/// Which version to read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Version<'a> {
    /// The one under `AWSCURRENT`.
    Current,
    /// The one under `AWSPREVIOUS`.
    Previous,
    /// The one with this id, while it is under `AWSPENDING`.
    Pending(&'a VersionId),
}

/// A value as the service returned it.
#[derive(Clone)]
pub struct SecretValue {
    /// The version that holds it.
    pub version: VersionId,
    /// `SecretString`; `None` where the value is `SecretBinary`.
    pub text: Option<Zeroizing<String>>,
}

impl SecretValue {
    /// # Errors
    /// [`DocumentError`] where the value is not a JSON object.
    pub fn document(&self) -> Result<SecretDocument, DocumentError> {
        self.document_as(SecretForm::Object)
    }

    /// # Errors
    /// [`DocumentError`] where the value does not have this form.
    pub fn document_as(&self, form: SecretForm) -> Result<SecretDocument, DocumentError> {
        form.parse(self.text.as_ref().ok_or(DocumentError::Binary)?)
    }

    /// The document of the value that was read under a label, of the usual form.
    ///
    /// # Errors
    /// As for [`SecretValue::document_under_as`].
    pub fn document_under(label: StagingLabel, value: Option<Self>) -> Result<SecretDocument, RotationError> {
        Self::document_under_as(SecretForm::Object, label, value)
    }

    /// The document of the value that was read under a label.
    ///
    /// # Errors
    /// [`RotationError::NoValue`] where there was no value, and [`RotationError::Document`].
    pub fn document_under_as(
        form: SecretForm,
        label: StagingLabel,
        value: Option<Self>,
    ) -> Result<SecretDocument, RotationError> {
        let Some(value) = value else { return Err(RotationError::NoValue { label }) };
        value.document_as(form).map_err(|error| RotationError::Document { label, error })
    }
}

impl fmt::Debug for SecretValue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SecretValue").field("version", &self.version).finish_non_exhaustive()
    }
}

/// The result of a `put`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Put {
    /// The version holds the document.
    Stored,
    /// The version already held another value (`ResourceExistsException`), which is kept.
    Kept,
}

/// A call of Secrets Manager failed.
#[derive(Debug, Error)]
#[error("{operation} of Secrets Manager failed: {fault}")]
pub struct StoreError {
    /// The operation, as the service names it.
    pub operation: &'static str,
    /// Why it failed.
    pub fault: StoreFault,
    /// The KMS key that refused, by its ARN, id or alias, where the adapter knows it.
    pub key: Option<String>,
    /// The adapter's own error. It must not contain values.
    #[source]
    pub source: Option<Box<dyn StdError + Send + Sync>>,
}

impl StoreError {
    /// An error without a source.
    pub fn new(operation: &'static str, fault: StoreFault) -> Self {
        Self { operation, fault, key: None, source: None }
    }
}

/// Why a call of Secrets Manager failed, by who can fix it.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
#[non_exhaustive]
pub enum StoreFault {
    /// The network: nothing answered.
    #[error("the endpoint did not answer")]
    Unreachable,
    /// The network, or whoever intercepts it: the endpoint's certificate is not trusted.
    #[error("the endpoint's certificate is not trusted")]
    CertificateRefused,
    /// The service, for the moment: it throttles.
    #[error("too many requests")]
    Throttled,
    /// The service, for the moment: it has an internal fault.
    #[error("the service has an internal fault")]
    Internal,
    /// The administrator of the role.
    #[error("access was denied")]
    AccessDenied,
    /// The owner of the credentials: there are none, or they have expired, or their signature is wrong.
    #[error("the credentials are missing, expired or wrong")]
    CredentialsRefused,
    /// The administrator of the key.
    #[error("the secret's KMS key refused")]
    KeyDenied,
    /// The secret's owner: the secret does not exist.
    #[error("there is no such secret")]
    NoSuchSecret,
    /// A race: the labels moved since they were described.
    #[error("the labels have moved")]
    Conflict,
    /// The caller: a rotation across accounts needs a rotation token.
    #[error("a rotation token is required or was refused")]
    TokenRequired,
    /// A password that the service generated violates the requested policy.
    #[error("the answer breaks the policy it was asked for")]
    Unusable,
    /// Anything else.
    #[error("the request was refused")]
    Rejected,
}

impl StoreFault {
    /// Whether the same call may succeed a moment later without any fix.
    pub fn passes(self) -> bool {
        matches!(self, Self::Unreachable | Self::Throttled | Self::Internal)
    }
}
