//! The SDK's errors, sorted by who can mend them and scrubbed.

use std::{error::Error as StdError, fmt, io, time::Duration};

use aws_sdk_secretsmanager::error::{ConnectorError, ProvideErrorMetadata, SdkError};
use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
use rotation_core::{SecretId, StoreError, StoreFault};

use crate::{
    access::{Access, Origin},
    client::SecretsManager,
};

impl SecretsManager {
    /// Sorts a failed call.
    pub(crate) fn failed<E>(&self, operation: &'static str, error: &SdkError<E, HttpResponse>) -> StoreError
    where
        E: ProvideErrorMetadata,
    {
        self.origin.failed(operation, error)
    }
}

/// What the service calls the key of a secret that names none: AWS's own in the account of the secret.
const DEFAULT_KEY: &str = "alias/aws/secretsmanager";

/// The longest that the key of a secret is asked for, after a call that failed by it.
const KEY_TIME: Duration = Duration::from_secs(2);

impl SecretsManager {
    /// Names the key by which a call failed: "Access to KMS is not allowed" does not. `DescribeSecret` needs no key.
    pub(crate) async fn naming_the_key(&self, secret: &SecretId, error: StoreError) -> StoreError {
        if error.fault != StoreFault::KeyDenied || error.key.is_some() {
            return error;
        }
        let call = self.client.describe_secret().secret_id(secret.as_str()).send();
        match self.patience.deadline(KEY_TIME).bound(Box::pin(call)).await {
            Ok(Ok(answer)) => {
                StoreError { key: Some(answer.kms_key_id.unwrap_or_else(|| DEFAULT_KEY.to_owned())), ..error }
            }
            Ok(Err(_)) | Err(_) => error,
        }
    }
}

impl Access {
    /// Sorts a failed call of any service, by who can mend it. The answer holds the service's code and message.
    pub fn failed<E>(&self, operation: &'static str, error: &SdkError<E, HttpResponse>) -> StoreError
    where
        E: ProvideErrorMetadata,
    {
        self.origin.failed(operation, error)
    }

    /// Sorts the failure of a connection that was made without an SDK.
    pub(crate) fn unconnected(&self, operation: &'static str, error: &ConnectorError) -> StoreError {
        let (fault, cause) = self.origin.unconnected(error);
        StoreError { source: Some(Box::new(cause)), ..StoreError::new(operation, fault) }
    }
}

impl Origin {
    /// `PutSecretValue` alone sends values, so of its errors only the code is kept: a service that quotes what it
    /// refuses must not get a password into a log.
    fn failed<E>(self, operation: &'static str, error: &SdkError<E, HttpResponse>) -> StoreError
    where
        E: ProvideErrorMetadata,
    {
        let mut key = None;
        let (fault, cause) = match error {
            SdkError::ServiceError(service) => {
                let (code, message) = (service.err().code().unwrap_or_default(), service.err().message());
                let status = service.raw().status().as_u16();
                let fault = service_fault(operation, code, message.unwrap_or_default(), status);
                key = message.filter(|_| fault == StoreFault::KeyDenied).and_then(key_in);
                let quotable = operation != "PutSecretValue" || fault == StoreFault::AccessDenied;
                let message = message.filter(|_| quotable).map(str::to_owned);
                (fault, Cause { code: code.to_owned(), message })
            }
            SdkError::TimeoutError(_) => (StoreFault::Unreachable, Cause::named("no answer in time")),
            SdkError::DispatchFailure(failure) => match failure.as_connector_error() {
                Some(error) => self.unconnected(error),
                None => (StoreFault::Unreachable, Cause::named("no connection")),
            },
            SdkError::ResponseError(_) => (StoreFault::Internal, Cause::named("an unreadable answer")),
            _ => (StoreFault::Rejected, Cause::named("the request could not be built: is AWS_REGION set?")),
        };
        StoreError { operation, fault, key, source: Some(Box::new(cause)) }
    }

    fn unconnected(self, error: &ConnectorError) -> (StoreFault, Cause) {
        let root = root_of(error);
        // An error of no kind at all comes from before the connection: where nobody handed a key over, there was
        // nothing to sign with.
        let kindless = error.is_other() && error.as_other().is_none();
        match self {
            Origin::Missing if kindless => {
                (StoreFault::CredentialsRefused, Cause::named("no usable credentials"))
            }
            Origin::Sought if kindless => {
                (StoreFault::CredentialsRefused, Cause::named(&format!("no usable credentials: {root}")))
            }
            _ if matches!(root.downcast_ref(), Some(rustls::Error::InvalidCertificate(_))) => {
                (StoreFault::CertificateRefused, Cause::named(&root.to_string()))
            }
            _ => (StoreFault::Unreachable, Cause::named(&root.to_string())),
        }
    }
}

/// The last cause of a failed connection: `connection refused`, `invalid peer certificate: UnknownIssuer`. A layer
/// that shows its content as its own message, as an I/O error does, is looked into as well.
fn root_of<'a>(error: &'a (dyn StdError + 'static)) -> &'a (dyn StdError + 'static) {
    let mut error = error;
    loop {
        let inner = error.downcast_ref::<io::Error>().and_then(io::Error::get_ref);
        let Some(next) = inner.map(|inner| inner as &(dyn StdError + 'static)).or_else(|| error.source())
        else {
            return error;
        };
        error = next;
    }
}

fn service_fault(operation: &str, code: &str, message: &str, status: u16) -> StoreFault {
    match code {
        "ResourceNotFoundException" => StoreFault::NoSuchSecret,
        "ThrottlingException"
        | "Throttling"
        | "ThrottledException"
        | "TooManyRequestsException"
        | "RequestLimitExceeded"
        | "RequestThrottled"
        | "RequestThrottledException"
        | "SlowDown" => StoreFault::Throttled,
        "InternalServiceError"
        | "InternalServiceErrorException"
        | "InternalFailure"
        | "InternalServerException"
        | "RequestTimeout"
        | "RequestTimeoutException"
        | "ServiceUnavailable"
        | "ServiceUnavailableException" => StoreFault::Internal,
        "DecryptionFailure" | "EncryptionFailure" => StoreFault::KeyDenied,
        // By whatever code: what a role that was assumed lacks is the token, not a permission.
        _ if operation == "PutSecretValue" && speaks_of_the_rotation_token(message) => {
            StoreFault::TokenRequired
        }
        // No more than these words: the name of a secret, which the message quotes, may hold "KMS", but no colon.
        "AccessDeniedException" if message.contains("Access to KMS") || message.contains("kms:") => {
            StoreFault::KeyDenied
        }
        "AccessDeniedException" | "AccessDenied" => StoreFault::AccessDenied,
        "UnrecognizedClientException"
        | "ExpiredToken"
        | "ExpiredTokenException"
        | "IncompleteSignature"
        | "IncompleteSignatureException"
        | "InvalidClientTokenId"
        | "InvalidSignatureException"
        | "MissingAuthenticationToken"
        | "MissingAuthenticationTokenException"
        | "RequestExpired"
        | "SignatureDoesNotMatch" => StoreFault::CredentialsRefused,
        "InvalidParameterException" if operation == "UpdateSecretVersionStage" => StoreFault::Conflict,
        // What stands before the service answers with a status and maybe without a name.
        _ if status == 429 => StoreFault::Throttled,
        _ if status >= 500 => StoreFault::Internal,
        _ => StoreFault::Rejected,
    }
}

/// The KMS key that a message names by its ARN: IAM does, where it is a policy that denies.
fn key_in(message: &str) -> Option<String> {
    let mut words = message.split(|c: char| !c.is_ascii_alphanumeric() && !":/_-".contains(c));
    // No name of a secret has a colon in it.
    words.find(|word| word.starts_with("arn:") && word.split(':').nth(2) == Some("kms")).map(str::to_owned)
}

/// As a word of its own, which no name of a secret is in an ARN.
fn speaks_of_the_rotation_token(message: &str) -> bool {
    let message = message.to_ascii_lowercase();
    let mut words = message.split_whitespace().map(|word| word.trim_matches(|c: char| !c.is_alphanumeric()));
    message.contains("rotation token") || words.any(|word| word == "rotationtoken")
}

/// What the service or the SDK said, without values.
#[derive(Debug)]
pub(crate) struct Cause {
    code: String,
    message: Option<String>,
}

impl Cause {
    pub(crate) fn named(code: &str) -> Self {
        Self { code: code.to_owned(), message: None }
    }
}

impl fmt::Display for Cause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.message {
            Some(message) => write!(f, "{}: {message}", self.code),
            None => f.write_str(&self.code),
        }
    }
}

impl std::error::Error for Cause {}
