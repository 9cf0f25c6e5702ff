//! Converts failed calls of Secrets Manager into the store's errors. They are classified further by the codes
//! of this service, and contain no values.

use std::time::Duration;

use aws_sdk_secretsmanager::error::{ProvideErrorMetadata, SdkError};
use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
use rotation_core::{SecretId, ServiceFault, StoreError, StoreFault};

use crate::{
    client::SecretsManager,
    error::{AwsError, Service, fault_of_code},
};

/// The alias of the key of a secret that names none: the AWS managed key in the account of the secret.
const DEFAULT_KEY: &str = "alias/aws/secretsmanager";

/// The longest time for finding the key of a secret, after a call that the key refused.
const KEY_TIME: Duration = Duration::from_secs(2);

impl SecretsManager {
    /// Classifies a failed call.
    pub(crate) fn failed<E>(&self, operation: &'static str, error: &SdkError<E, HttpResponse>) -> StoreError
    where
        E: ProvideErrorMetadata,
    {
        store_error(self.origin.failed(Service::SecretsManager, operation, error))
    }

    /// Adds the name of the key that refused a call, which "Access to KMS is not allowed" does not contain.
    /// `DescribeSecret` needs no key.
    pub(crate) async fn naming_the_key(&self, secret: &SecretId, error: StoreError) -> StoreError {
        if error.fault != StoreFault::KeyDenied || error.key.is_some() {
            return error;
        }
        let call = self.client.describe_secret().secret_id(secret.as_str()).send();
        match self.backoff.deadline(KEY_TIME).bound(Box::pin(call)).await {
            Ok(Ok(answer)) => {
                StoreError { key: Some(answer.kms_key_id.unwrap_or_else(|| DEFAULT_KEY.to_owned())), ..error }
            }
            Ok(Err(_)) | Err(_) => error,
        }
    }
}

/// Only `PutSecretValue` sends values, so only the code of its errors is kept: a service that quotes what it
/// refuses must not get a password into a log.
fn store_error(error: AwsError) -> StoreError {
    let AwsError { operation, fault, mut cause, .. } = error;
    let (code, message) =
        cause.as_ref().map_or(("", ""), |cause| (&*cause.code, cause.message.as_deref().unwrap_or_default()));
    let fault = own_fault(operation, code, message).unwrap_or_else(|| store_fault(fault));
    let key = Some(message).filter(|_| fault == StoreFault::KeyDenied).and_then(key_in);
    if let ("PutSecretValue", false, Some(cause)) = (operation, fault == StoreFault::AccessDenied, &mut cause)
    {
        cause.message = None;
    }
    StoreError { operation, fault, key, source: cause.map(Into::into) }
}

/// The faults that only Secrets Manager returns.
fn own_fault(operation: &str, code: &str, message: &str) -> Option<StoreFault> {
    Some(match (code, fault_of_code(code)) {
        (_, Some(ServiceFault::NotFound | ServiceFault::Throttled | ServiceFault::Internal)) => return None,
        ("DecryptionFailure" | "EncryptionFailure", _) => StoreFault::KeyDenied,
        // With any code: an assumed role lacks the token, not a permission.
        _ if operation == "PutSecretValue" && speaks_of_the_rotation_token(message) => {
            StoreFault::TokenRequired
        }
        // Only these words: the name of a secret, which the message quotes, may contain "KMS", but no
        // colon.
        ("AccessDeniedException", _) if message.contains("Access to KMS") || message.contains("kms:") => {
            StoreFault::KeyDenied
        }
        ("InvalidParameterException", _) if operation == "UpdateSecretVersionStage" => StoreFault::Conflict,
        _ => return None,
    })
}

fn store_fault(fault: ServiceFault) -> StoreFault {
    match fault {
        ServiceFault::Unreachable => StoreFault::Unreachable,
        ServiceFault::CertificateRefused => StoreFault::CertificateRefused,
        ServiceFault::Throttled => StoreFault::Throttled,
        ServiceFault::Internal => StoreFault::Internal,
        ServiceFault::AccessDenied => StoreFault::AccessDenied,
        ServiceFault::CredentialsRefused => StoreFault::CredentialsRefused,
        ServiceFault::NotFound => StoreFault::NoSuchSecret,
        ServiceFault::Rejected => StoreFault::Rejected,
    }
}

/// The KMS key that a message names by its ARN, as IAM does where a policy denies access.
fn key_in(message: &str) -> Option<String> {
    let mut words = message.split(|c: char| !c.is_ascii_alphanumeric() && !":/_-".contains(c));
    // The name of a secret contains no colon.
    words.find(|word| word.starts_with("arn:") && word.split(':').nth(2) == Some("kms")).map(str::to_owned)
}

/// Looks for the token as a separate word, which the name of a secret inside an ARN is not.
fn speaks_of_the_rotation_token(message: &str) -> bool {
    let message = message.to_ascii_lowercase();
    let mut words = message.split_whitespace().map(|word| word.trim_matches(|c: char| !c.is_alphanumeric()));
    message.contains("rotation token") || words.any(|word| word == "rotationtoken")
}
