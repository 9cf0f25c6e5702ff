//! Why a request failed.

use rotation_config::ConfigError;
use rotation_core::Reader;
use rotation_database::codes;

use crate::error::DiscoveryError;

/// Why a request failed, for `Reason` and for the log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reason {
    /// A stable name for its kind.
    pub code: &'static str,
    /// What is wrong, with its causes.
    pub message: String,
    /// How to fix it.
    pub hint: String,
}

impl From<DiscoveryError> for Reason {
    fn from(error: DiscoveryError) -> Self {
        Self {
            code: error.code(),
            message: rotation_core::with_causes(&error),
            hint: error.remediation(Reader::Operator),
        }
    }
}

impl From<&ConfigError> for Reason {
    fn from(error: &ConfigError) -> Self {
        let code = codes::CONFIG_INVALID.name();
        Self {
            code,
            message: error.to_string(),
            hint: "Correct the environment of the function `network_discovery`.".into(),
        }
    }
}
