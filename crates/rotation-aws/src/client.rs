//! The client of Secrets Manager.

use aws_sdk_secretsmanager::{Client, config::Builder};

use crate::{
    access::{Access, AccessKey, Origin},
    endpoint::Endpoint,
};

/// AWS Secrets Manager. Cloning shares the connections.
#[derive(Clone, Debug)]
pub struct SecretsManager {
    pub(crate) client: Client,
    pub(crate) origin: Origin,
}

impl SecretsManager {
    /// A client with the credentials of a function. Without a key, every call fails for want of one.
    pub fn in_lambda(endpoint: &Endpoint, key: Option<&AccessKey>) -> Self {
        Self::of(&Access::in_lambda(endpoint, key))
    }

    /// A client with a person's credentials, as [`Access::of_person`] finds them.
    pub async fn of_person(endpoint: &Endpoint) -> Self {
        Self::of(&Access::of_person(endpoint).await)
    }

    /// A client that shares its connections and credentials with those of other services.
    pub fn of(access: &Access) -> Self {
        let mut config = Builder::from(access.sdk_config());
        if let Some(url) = &access.endpoint.url {
            config = config.endpoint_url(url.as_str());
        }
        Self { client: Client::from_conf(config.build()), origin: access.origin }
    }
}
