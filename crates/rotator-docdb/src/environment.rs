//! Reads the engine's own settings from the environment.

use database_net::TlsSettings;
use rotation_config::{ConfigError, Environment};

use crate::DocumentDb;

impl DocumentDb {
    /// Reads `TLS_CA_BUNDLE`, `TLS_CLIENT_CERT` and `TLS_CLIENT_KEY` (each PEM or the path of a file).
    ///
    /// # Errors
    /// [`ConfigError`] names the first invalid setting.
    pub fn from_environment(environment: &Environment) -> Result<Self, ConfigError> {
        TlsSettings::from_environment(environment).map(Self::new)
    }
}
