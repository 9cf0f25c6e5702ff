//! Reads the TLS settings from the environment.

use rotation_config::{ConfigError, Environment};

use crate::{
    error::{TlsSetting, TlsSettingsError},
    settings::TlsSettings,
};

impl TlsSettings {
    /// Reads `TLS_CA_BUNDLE`, `TLS_CLIENT_CERT` and `TLS_CLIENT_KEY`, each PEM or the path of a file.
    ///
    /// # Errors
    /// [`ConfigError`] names the first invalid setting, as [`TlsSettings::parse`] finds it.
    pub fn from_environment(environment: &Environment) -> Result<Self, ConfigError> {
        let text = |setting: TlsSetting| environment.text(setting.name());
        Self::parse(
            text(TlsSetting::CaBundle),
            text(TlsSetting::ClientCertificate),
            text(TlsSetting::ClientKey),
        )
        .map_err(|TlsSettingsError { setting, fault }| {
            ConfigError::new(setting.name(), format!("is not usable: {fault}"))
        })
    }
}
