//! Reads the settings of the functions from the environment.

use database_net::TlsSettings;
use rotation_config::{ConfigError, Environment, password_policy};
use rotation_core::SecretId;

use crate::{
    connection::Network,
    managed_user::{LoginProof, ManagedUserSettings},
    own_user::OwnUserSettings,
    profile::PASSWORDS,
};

impl Network {
    /// Reads `TLS_CA_BUNDLE`, `TLS_CLIENT_CERT` and `TLS_CLIENT_KEY` (each PEM or the path of a file).
    ///
    /// # Errors
    /// [`ConfigError`] names the first invalid setting.
    pub fn from_environment(environment: &Environment) -> Result<Self, ConfigError> {
        TlsSettings::from_environment(environment).map(Self::new)
    }
}

impl OwnUserSettings {
    /// Reads `MASTER_SECRET_ARN`, `ALLOW_UNSAVED_USERS` and the settings of passwords.
    ///
    /// # Errors
    /// [`ConfigError`] names the first invalid setting.
    pub fn from_environment(environment: &Environment) -> Result<Self, ConfigError> {
        const MASTER: &str = "MASTER_SECRET_ARN";
        let master = environment.text(MASTER).map(SecretId::new).transpose();
        Ok(Self {
            passwords: password_policy(environment, &PASSWORDS)?,
            master: master.map_err(|_| ConfigError::new(MASTER, "must be the ARN of a secret"))?,
            allow_unsaved: environment.flag("ALLOW_UNSAVED_USERS", false)?,
        })
    }
}

impl ManagedUserSettings {
    /// Reads `LOGIN_PROOF` and the settings of passwords.
    ///
    /// # Errors
    /// [`ConfigError`] names the first invalid setting.
    pub fn from_environment(environment: &Environment) -> Result<Self, ConfigError> {
        let choices =
            [("auto", LoginProof::Auto), ("require", LoginProof::Require), ("off", LoginProof::Off)];
        Ok(Self {
            passwords: password_policy(environment, &PASSWORDS)?,
            logins: environment.choice(
                "LOGIN_PROOF",
                &choices,
                LoginProof::default(),
                "must be auto, require or off",
            )?,
        })
    }
}
