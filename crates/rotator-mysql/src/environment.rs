//! Reads the engine's own settings from the environment.

use database_net::TlsSettings;
use rotation_config::{ConfigError, Environment};

use crate::{DualPassword, MysqlEngine, SelfSigned, Settings};

impl<F> MysqlEngine<F> {
    /// Reads `TLS_CA_BUNDLE`, `TLS_CLIENT_CERT`, `TLS_CLIENT_KEY` (each PEM or the path of a file),
    /// `DUAL_PASSWORD` (`auto`, `require` or `off`), `ALLOW_OLD_PASSWORD`, `ALLOW_UNLOCKED`,
    /// `USERNAME_CHARACTER_LIMIT`, and for a server of MariaDB `TLS_SELF_SIGNED` (`refuse` or `prove`).
    /// MariaDB has no dual passwords, so `DUAL_PASSWORD` set to `require` makes every change fail there.
    ///
    /// # Errors
    /// [`ConfigError`] names the first invalid setting.
    pub fn from_environment(environment: &Environment) -> Result<Self, ConfigError> {
        Ok(Self::new(TlsSettings::from_environment(environment)?, settings(environment)?))
    }
}

fn settings(environment: &Environment) -> Result<Settings, ConfigError> {
    const LIMIT: &str = "USERNAME_CHARACTER_LIMIT";
    let choices =
        [("auto", DualPassword::Auto), ("require", DualPassword::Require), ("off", DualPassword::Off)];
    let rule = "must be auto, require or off";
    let dual_password = environment.choice("DUAL_PASSWORD", &choices, DualPassword::default(), rule)?;
    let name_limit = match environment.text(LIMIT).map(str::parse) {
        None => None,
        Some(Ok(limit @ 7..=128)) => Some(limit),
        Some(_) => return Err(ConfigError::new(LIMIT, "must be a number from 7 to 128")),
    };
    let flags = [("true", true), ("false", false)];
    let allow_old_password =
        environment.choice("ALLOW_OLD_PASSWORD", &flags, false, "must be true or false")?;
    let allow_unlocked = environment.choice("ALLOW_UNLOCKED", &flags, false, "must be true or false")?;
    let choices = [("refuse", SelfSigned::Refuse), ("prove", SelfSigned::Prove)];
    let rule = "must be refuse or prove";
    let self_signed = environment.choice("TLS_SELF_SIGNED", &choices, SelfSigned::default(), rule)?;
    Ok(Settings { dual_password, allow_old_password, allow_unlocked, name_limit, self_signed })
}
