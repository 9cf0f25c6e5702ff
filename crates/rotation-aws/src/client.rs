//! The client of Secrets Manager.

use std::time::Duration;

use aws_sdk_secretsmanager::{Client, config::Builder};
use aws_smithy_types::retry::RetryConfig;
use rotation_config::{AccessKey, Endpoint};
use rotation_core::Deadline;

use crate::{
    access::{ATTEMPTS, Access, Origin},
    backoff::Backoff,
};

/// The most of an invocation's time that is reserved for what follows a call of Secrets Manager: the
/// statement that commits a change, the outcome line. Of a short time it is a tenth.
const KEPT_BACK: Duration = Duration::from_millis(500);

/// AWS Secrets Manager. Cloning shares the connections.
#[derive(Clone, Debug)]
pub struct SecretsManager {
    pub(crate) client: Client,
    pub(crate) origin: Origin,
    pub(crate) backoff: Backoff,
}

impl SecretsManager {
    /// A client with the credentials of a function. Without a key, every call fails.
    pub fn in_lambda(endpoint: &Endpoint, key: Option<&AccessKey>) -> Self {
        Self::of(&Access::in_lambda(endpoint, key))
    }

    /// A client with a person's credentials, as [`Access::of_person`] finds them.
    pub async fn of_person(endpoint: &Endpoint) -> Self {
        Self::of(&Access::of_person(endpoint).await)
    }

    /// A client that shares its connections and credentials with those of other services.
    pub fn of(access: &Access) -> Self {
        let mut config = Builder::from(access.sdk_config()).retry_config(RetryConfig::disabled());
        if let Some(url) = &access.endpoint.url {
            config = config.endpoint_url(url.as_str());
        }
        let client = Client::from_conf(config.build());
        Self { client, origin: access.origin, backoff: Backoff::attempts(ATTEMPTS) }
    }

    /// The same client for one invocation: a call that is throttled, gets no answer, or meets a fault of the
    /// service is retried until shortly before `deadline`, where other clients give up after four attempts.
    /// The error is then that of the last attempt.
    #[must_use]
    pub fn within(&self, deadline: Deadline) -> Self {
        let kept_back = KEPT_BACK.min(deadline.remaining() / 10);
        Self { backoff: Backoff::until(deadline.earlier(kept_back)), ..self.clone() }
    }
}
