//! The SDK's errors, sorted by who can mend them and scrubbed.

use std::fmt;

use aws_sdk_secretsmanager::error::{ProvideErrorMetadata, SdkError};
use rotation_core::{StoreError, StoreFault};

/// Sorts a failed call. `put` alone sends values, so of its errors only the code is kept: a service that quotes what
/// it refuses must not get a password into a log.
pub(crate) fn store_error<E, R>(operation: &'static str, error: &SdkError<E, R>) -> StoreError
where
    E: ProvideErrorMetadata,
{
    let (fault, cause) = match error {
        SdkError::ServiceError(service) => {
            let (code, message) = (service.err().code().unwrap_or_default(), service.err().message());
            let fault = service_fault(operation, code, message.unwrap_or_default());
            let quotable = operation != "PutSecretValue" || fault == StoreFault::AccessDenied;
            (fault, Cause { code: code.to_owned(), message: message.filter(|_| quotable).map(str::to_owned) })
        }
        SdkError::TimeoutError(_) => (StoreFault::Unreachable, Cause::named("no answer in time")),
        SdkError::DispatchFailure(failure) if failure.is_io() || failure.is_timeout() => {
            (StoreFault::Unreachable, Cause::named("no connection"))
        }
        SdkError::DispatchFailure(_) => {
            (StoreFault::AccessDenied, Cause::named("no usable credentials or connection"))
        }
        SdkError::ResponseError(_) => (StoreFault::Internal, Cause::named("an unreadable answer")),
        _ => (StoreFault::Rejected, Cause::named("the request could not be built: is AWS_REGION set?")),
    };
    StoreError { operation, fault, source: Some(Box::new(cause)) }
}

fn service_fault(operation: &str, code: &str, message: &str) -> StoreFault {
    match code {
        "ResourceNotFoundException" => StoreFault::NoSuchSecret,
        "ThrottlingException" | "Throttling" | "TooManyRequestsException" | "RequestLimitExceeded" => {
            StoreFault::Throttled
        }
        "InternalServiceError"
        | "InternalServiceErrorException"
        | "InternalFailure"
        | "ServiceUnavailable"
        | "ServiceUnavailableException" => StoreFault::Internal,
        "DecryptionFailure" | "EncryptionFailure" => StoreFault::KeyDenied,
        "AccessDeniedException" if message.contains("KMS") || message.contains("kms:") => {
            StoreFault::KeyDenied
        }
        "AccessDeniedException"
        | "UnrecognizedClientException"
        | "ExpiredTokenException"
        | "InvalidSignatureException"
        | "MissingAuthenticationTokenException"
        | "InvalidClientTokenId" => StoreFault::AccessDenied,
        "InvalidParameterException" if operation == "UpdateSecretVersionStage" => StoreFault::Conflict,
        _ if message.to_ascii_lowercase().contains("rotation token")
            || message.to_ascii_lowercase().contains("rotationtoken") =>
        {
            StoreFault::TokenRequired
        }
        _ => StoreFault::Rejected,
    }
}

/// What the service or the SDK said, without values.
#[derive(Debug)]
struct Cause {
    code: String,
    message: Option<String>,
}

impl Cause {
    fn named(code: &str) -> Self {
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
