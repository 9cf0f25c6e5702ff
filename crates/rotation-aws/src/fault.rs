//! The SDK's errors, sorted by who can mend them and scrubbed.

use std::{error::Error as StdError, fmt, io};

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
        SdkError::DispatchFailure(failure) => match failure.as_connector_error() {
            // An error of no kind at all comes from before the connection: there was nothing to sign with.
            Some(error) if error.is_other() && error.as_other().is_none() => {
                (StoreFault::AccessDenied, Cause::named("no usable credentials"))
            }
            Some(error) => (StoreFault::Unreachable, Cause::named(&root_of(error))),
            None => (StoreFault::Unreachable, Cause::named("no connection")),
        },
        SdkError::ResponseError(_) => (StoreFault::Internal, Cause::named("an unreadable answer")),
        _ => (StoreFault::Rejected, Cause::named("the request could not be built: is AWS_REGION set?")),
    };
    StoreError { operation, fault, source: Some(Box::new(cause)) }
}

/// The last cause of a failed connection: `connection refused`, `invalid peer certificate: UnknownIssuer`. A layer
/// that shows its content as its own message, as an I/O error does, is looked into as well.
fn root_of(error: &(dyn StdError + 'static)) -> String {
    let mut error = error;
    loop {
        let inner = error.downcast_ref::<io::Error>().and_then(io::Error::get_ref);
        let Some(next) = inner.map(|inner| inner as &(dyn StdError + 'static)).or_else(|| error.source())
        else {
            return error.to_string();
        };
        error = next;
    }
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
