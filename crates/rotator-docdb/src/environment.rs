//! The engine's own settings out of the environment.

use database_net::{TlsSettings, TlsSettingsError};
use rotation_lambda::{ConfigError, Environment};

use crate::DocumentDb;

impl DocumentDb {
    /// Reads `TLS_CA_BUNDLE`, `TLS_CLIENT_CERT` and `TLS_CLIENT_KEY` (each PEM or the path of a file).
    ///
    /// # Errors
    /// [`ConfigError`] names the first setting that is wrong.
    pub fn from_environment(environment: &Environment) -> Result<Self, ConfigError> {
        let text = |name| environment.text(name);
        TlsSettings::parse(text("TLS_CA_BUNDLE"), text("TLS_CLIENT_CERT"), text("TLS_CLIENT_KEY"))
            .map(Self::new)
            .map_err(|TlsSettingsError { setting, fault }| {
                ConfigError::new(setting.name(), format!("is not usable: {fault}"))
            })
    }
}
