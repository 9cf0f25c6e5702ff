//! The service's refusals.

use std::fmt;

/// The kind of refusal, by AWS's name for it (`__type` on the wire).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ErrorCode {
    /// The caller, or the key that protects the value, does not allow it; or a function cannot be invoked.
    AccessDeniedException,
    /// The protected value cannot be decrypted with its KMS key.
    DecryptionFailure,
    /// The value cannot be encrypted with its KMS key.
    EncryptionFailure,
    /// The service failed on its own side.
    InternalServiceError,
    /// A `NextToken` that the service did not issue.
    InvalidNextTokenException,
    /// A parameter that is invalid whatever the state of the secret.
    InvalidParameterException,
    /// A request that the state of the secret does not allow.
    InvalidRequestException,
    /// A quota of the service would be exceeded.
    LimitExceededException,
    /// The name or the version is taken.
    ResourceExistsException,
    /// No such secret, version or label.
    ResourceNotFoundException,
    /// The body is not a JSON object that fits the operation.
    SerializationException,
    /// More writes in a second than allowed.
    ThrottlingException,
    /// No operation of this name.
    UnknownOperationException,
    /// A required member is missing.
    ValidationException,
    /// Not an error of the service: no answer was received at all. Over HTTP the connection is closed
    /// instead.
    ConnectionDropped,
}

impl ErrorCode {
    /// The name on the wire.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::AccessDeniedException => "AccessDeniedException",
            Self::DecryptionFailure => "DecryptionFailure",
            Self::EncryptionFailure => "EncryptionFailure",
            Self::InternalServiceError => "InternalServiceError",
            Self::InvalidNextTokenException => "InvalidNextTokenException",
            Self::InvalidParameterException => "InvalidParameterException",
            Self::InvalidRequestException => "InvalidRequestException",
            Self::LimitExceededException => "LimitExceededException",
            Self::ResourceExistsException => "ResourceExistsException",
            Self::ResourceNotFoundException => "ResourceNotFoundException",
            Self::SerializationException => "SerializationException",
            Self::ThrottlingException => "ThrottlingException",
            Self::UnknownOperationException => "UnknownOperationException",
            Self::ValidationException => "ValidationException",
            Self::ConnectionDropped => "ConnectionDropped",
        }
    }
}

impl fmt::Display for ErrorCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A refusal by the local Secrets Manager: AWS's code and AWS's message. Never contains a secret's value.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{code}: {message}")]
pub struct ServiceError {
    /// `__type`.
    pub code: ErrorCode,
    /// `Message`.
    pub message: String,
}

impl ServiceError {
    pub(crate) fn new(code: ErrorCode, message: impl Into<String>) -> Self {
        Self { code, message: message.into() }
    }

    pub(crate) fn secret_not_found() -> Self {
        Self::not_found("Secrets Manager can't find the specified secret.")
    }

    pub(crate) fn value_not_found(kind: &str, name: &str) -> Self {
        Self::not_found(format!("Secrets Manager can't find the specified secret value for {kind}: {name}"))
    }

    pub(crate) fn not_found(message: impl Into<String>) -> Self {
        Self::new(ErrorCode::ResourceNotFoundException, message)
    }

    pub(crate) fn invalid_parameter(message: impl Into<String>) -> Self {
        Self::new(ErrorCode::InvalidParameterException, message)
    }

    pub(crate) fn invalid_request(message: impl Into<String>) -> Self {
        Self::new(ErrorCode::InvalidRequestException, message)
    }

    pub(crate) fn exists(message: impl Into<String>) -> Self {
        Self::new(ErrorCode::ResourceExistsException, message)
    }

    pub(crate) fn limit(message: impl Into<String>) -> Self {
        Self::new(ErrorCode::LimitExceededException, message)
    }
}
