//! The answer of a failed invocation: the text that appears in Lambda's error and in CloudTrail's
//! `RotationFailed`.

use lambda_runtime::Diagnostic;
use rotation_config::ConfigError;
use rotation_core::{
    CORRECT_SETTING, Code, Reader, RotationError, SecretId, VersionId, fill_hint, with_causes,
};
use rotation_database::codes;

/// The answer to an invocation that failed. It contains no value of a secret, so `Debug` may print it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Failure {
    pub(crate) code: Code,
    pub(crate) message: String,
    pub(crate) hint: String,
    /// What the code refers to in this case, as `name=value`.
    pub(crate) detail: Option<String>,
}

impl Failure {
    /// With the secret, and the version of the rotation, in the commands of its hint.
    pub(crate) fn about(self, secret: &SecretId, version: Option<&VersionId>) -> Self {
        Self { hint: fill_hint(&self.hint, secret, version), ..self }
    }
}

impl From<RotationError> for Failure {
    fn from(error: RotationError) -> Self {
        Self {
            code: error.code(),
            message: with_causes(&error),
            hint: error.remediation(Reader::Operator),
            detail: error.detail(),
        }
    }
}

impl From<&ConfigError> for Failure {
    fn from(error: &ConfigError) -> Self {
        Self {
            code: codes::CONFIG_INVALID,
            message: error.to_string(),
            hint: CORRECT_SETTING.into(),
            detail: Some(format!("setting={}", error.setting)),
        }
    }
}

impl From<Failure> for Diagnostic {
    fn from(failure: Failure) -> Self {
        Self {
            error_type: failure.code.name().to_owned(),
            error_message: format!("{}. {}", failure.message, failure.hint),
        }
    }
}
