//! Reads the engine's own settings from the environment.

use database_net::TlsSettings;
use rotation_config::{ConfigError, Environment};

use crate::{Options, PasswordForm, Redshift};

impl Redshift {
    /// Reads `TLS_CA_BUNDLE`, `TLS_CLIENT_CERT`, `TLS_CLIENT_KEY` (each PEM or the path of a file)
    /// and `REDSHIFT_PASSWORD_FORM` (`sha256`, `md5` or `plain`).
    ///
    /// # Errors
    /// [`ConfigError`] names the first invalid setting.
    pub fn from_environment(environment: &Environment) -> Result<Self, ConfigError> {
        let tls = TlsSettings::from_environment(environment)?;
        let forms =
            [("sha256", PasswordForm::Sha256), ("md5", PasswordForm::Md5), ("plain", PasswordForm::Plain)];
        let password_form = environment.choice(
            "REDSHIFT_PASSWORD_FORM",
            &forms,
            PasswordForm::default(),
            "must be sha256, md5 or plain",
        )?;
        Ok(Self::new(tls, Options { password_form }))
    }
}
