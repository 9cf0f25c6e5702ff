//! Reads the engine's own settings from the environment.

use database_net::TlsSettings;
use rotation_config::{ConfigError, Environment};

use crate::{CloneObjects, Postgres};

impl Postgres {
    /// Reads `TLS_CA_BUNDLE`, `TLS_CLIENT_CERT`, `TLS_CLIENT_KEY` (each PEM or the path of a file) and
    /// `CLONE_OBJECTS` (`original` or `own`).
    ///
    /// # Errors
    /// [`ConfigError`] names the first invalid setting.
    pub fn from_environment(environment: &Environment) -> Result<Self, ConfigError> {
        let tls = TlsSettings::from_environment(environment)?;
        let choices = [("original", CloneObjects::Original), ("own", CloneObjects::Own)];
        let clone_objects = environment.choice(
            "CLONE_OBJECTS",
            &choices,
            CloneObjects::default(),
            "must be original or own",
        )?;
        Ok(Self::new(tls, clone_objects))
    }
}
