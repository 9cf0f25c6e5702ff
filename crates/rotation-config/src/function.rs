//! The settings of every function, whatever it rotates.

use rotation_core::ForeignSecrets;

use crate::{
    access_key::AccessKey,
    endpoint::Endpoint,
    environment::{ConfigError, Environment},
};

/// The endpoint of Secrets Manager, and what the function may do there.
#[derive(Clone, Debug)]
pub struct FunctionSettings {
    /// The endpoint of Secrets Manager.
    pub endpoint: Endpoint,
    /// The credentials for the calls.
    pub access_key: Option<AccessKey>,
    /// Whether steps are only described and change nothing: `DRY_RUN`.
    pub dry_run: bool,
    /// Whether secrets of other accounts and Regions may be rotated: `ALLOW_FOREIGN_SECRETS`.
    pub foreign_secrets: ForeignSecrets,
}

impl FunctionSettings {
    /// # Errors
    /// [`ConfigError`] names the first setting that is wrong.
    pub fn from_environment(environment: &Environment) -> Result<Self, ConfigError> {
        environment.custom_settings()?;
        let foreign = environment.flag("ALLOW_FOREIGN_SECRETS", false)?;
        Ok(Self {
            endpoint: Endpoint::from_environment(environment)?,
            access_key: AccessKey::from_environment(environment),
            dry_run: environment.flag("DRY_RUN", false)?,
            foreign_secrets: if foreign { ForeignSecrets::Allow } else { ForeignSecrets::Refuse },
        })
    }
}
