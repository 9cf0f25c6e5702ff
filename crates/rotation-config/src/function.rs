//! What every function is told, whatever it rotates.

use rotation_core::ForeignSecrets;

use crate::{
    access_key::AccessKey,
    endpoint::Endpoint,
    environment::{ConfigError, Environment},
};

/// Where Secrets Manager is, and what the function may do there.
#[derive(Clone, Debug)]
pub struct FunctionSettings {
    /// Where Secrets Manager is.
    pub endpoint: Endpoint,
    /// With which credentials it is asked.
    pub access_key: Option<AccessKey>,
    /// Whether steps are only described, and nothing is done: `DRY_RUN`.
    pub dry_run: bool,
    /// Whether secrets of other accounts and regions may be rotated: `ALLOW_FOREIGN_SECRETS`.
    pub foreign_secrets: ForeignSecrets,
}

impl FunctionSettings {
    /// # Errors
    /// [`ConfigError`] names the first setting that is wrong.
    pub fn from_environment(environment: &Environment) -> Result<Self, ConfigError> {
        let foreign = environment.flag("ALLOW_FOREIGN_SECRETS", false)?;
        Ok(Self {
            endpoint: Endpoint::from_environment(environment)?,
            access_key: AccessKey::from_environment(environment),
            dry_run: environment.flag("DRY_RUN", false)?,
            foreign_secrets: if foreign { ForeignSecrets::Allow } else { ForeignSecrets::Refuse },
        })
    }
}
