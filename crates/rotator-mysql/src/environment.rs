//! The engine's own settings out of the environment.

use database_net::TlsSettings;
use rotation_config::{ConfigError, Environment};

use crate::MysqlEngine;

/// What an operator may choose.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Settings {
    /// `DUAL_PASSWORD`.
    pub dual_password: DualPassword,
    /// `ALLOW_OLD_PASSWORD`: whether a second password that nobody here may end is accepted.
    pub allow_old_password: bool,
    /// `ALLOW_UNLOCKED`: whether a user is changed although the server refuses the lock by which rotations take turns.
    pub allow_unlocked: bool,
    /// `USERNAME_CHARACTER_LIMIT`: the longest name of a clone, where the server takes fewer characters than the
    /// newest one.
    pub name_limit: Option<usize>,
    /// `TLS_SELF_SIGNED`: what is done with a certificate that MariaDB has made for itself.
    pub self_signed: SelfSigned,
}

/// What is done with a self-signed certificate of MariaDB 11.4 or later.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum SelfSigned {
    /// It is refused.
    #[default]
    Refuse,
    /// It is taken if the server proves by the user's password that it is its own, which it can to accounts of `ed25519` and
    /// `parsec`.
    Prove,
}

/// Whether a user that changes its own password keeps the old one beside the new one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum DualPassword {
    /// Where the server can and the user may.
    #[default]
    Auto,
    /// Or the change fails.
    Require,
    /// Never.
    Off,
}

impl<F> MysqlEngine<F> {
    /// Reads `TLS_CA_BUNDLE`, `TLS_CLIENT_CERT`, `TLS_CLIENT_KEY` (each PEM or the path of a file), `DUAL_PASSWORD`
    /// (`auto`, `require` or `off`), `ALLOW_OLD_PASSWORD`, `ALLOW_UNLOCKED`, `USERNAME_CHARACTER_LIMIT`, and for a server of
    /// MariaDB `TLS_SELF_SIGNED` (`refuse` or `prove`). MariaDB has no dual passwords, so `DUAL_PASSWORD` set to `require`
    /// makes every change fail there.
    ///
    /// # Errors
    /// [`ConfigError`] names the first setting that is wrong.
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
