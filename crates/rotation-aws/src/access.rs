//! What the client of every AWS service is made from: TLS, credentials, retries and time limits.

use std::{
    sync::{Arc, OnceLock},
    time::Duration,
};

use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_sdk_secretsmanager::config::{
    Credentials, ProvideCredentials, SharedCredentialsProvider, SharedHttpClient,
};
use aws_smithy_http_client::{
    Connector,
    tls::{Provider, TlsContext, TrustStore, rustls_provider::CryptoMode},
};
use aws_smithy_runtime_api::client::http::HttpConnectorSettings;
use aws_smithy_types::timeout::TimeoutConfig;
use rotation_config::{AccessKey, DatabaseLookupUrls, Endpoint, EndpointUrl};

use crate::{backoff::Backoff, error::Cause};

/// The roots of AWS's own endpoints; see `data/README.md`.
const AMAZON_ROOTS: &[u8] = include_bytes!("../data/amazon-roots.pem");

/// The prefixes of Regions whose endpoints have certificates of other authorities: China, the isolated
/// partitions of the US (`us-iso`, `us-isob`, `us-isof`) and of Europe (`eu-isoe`), and the European
/// Sovereign Cloud.
const ELSEWHERE: [&str; 4] = ["cn-", "us-iso", "eu-iso", "eusc-"];

/// The attempts at one call where no deadline is set, with jittered backoff between them.
pub(crate) const ATTEMPTS: u32 = 4;
/// The same for a database lookup. Its endpoint is the one that a function in a VPC is most likely not to
/// reach, and that must be reported before the deadline.
const LOOKUP_ATTEMPTS: u32 = 2;
/// The longest wait for a TCP and TLS connection. It is short so that a security group which drops packets is
/// distinguished from a slow call before the deadline.
pub(crate) const CONNECT_TIME: Duration = Duration::from_secs(3);
/// The longest wait for one attempt's answer.
pub(crate) const ATTEMPT_TIME: Duration = Duration::from_secs(6);

/// Access to AWS, from which the client of any service is made. Cloning shares the connections.
#[derive(Clone, Debug)]
pub struct Access {
    config: SdkConfig,
    pub(crate) endpoint: Endpoint,
    pub(crate) origin: Origin,
    pub(crate) lookup_backoff: Backoff,
    /// For requests that no SDK makes. It is made for the first of them: most invocations make none.
    connector: Arc<OnceLock<Connector>>,
}

/// The source of the credentials, and so whether they may be missing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Origin {
    /// A key that was passed.
    Given,
    /// No key was passed.
    Missing,
    /// The credentials from a person's environment and profile, resolved at the first call.
    Sought,
}

impl Access {
    /// Access with the credentials of a function. Without a key, every call fails.
    pub fn in_lambda(endpoint: &Endpoint, key: Option<&AccessKey>) -> Self {
        let mut config = SdkConfig::builder()
            .behavior_version(BehaviorVersion::latest())
            .region(endpoint.region.clone().map(Region::new));
        if let Some(AccessKey { id, secret, session_token }) = key {
            let token = session_token.as_ref().map(|token| token.to_string());
            let key = Credentials::new(id, secret.as_str(), token, None, "Lambda");
            config = config.credentials_provider(SharedCredentialsProvider::new(key));
        }
        let origin = if key.is_some() { Origin::Given } else { Origin::Missing };
        Self::new(config.build(), endpoint.clone(), origin)
    }

    /// Access with a person's credentials: environment, profile (keys, or a role by keys), web identity,
    /// container or instance. SSO profiles and profiles with `credential_process` are not supported.
    pub async fn of_person(endpoint: &Endpoint) -> Self {
        let loader = |endpoint: &Endpoint| {
            aws_config::defaults(BehaviorVersion::latest()).http_client(http_client(endpoint))
        };
        let mut endpoint = endpoint.clone();
        if endpoint.region.is_none() {
            // The trusted authorities depend on the Region, which a profile may name.
            let found = loader(&endpoint).load().await;
            endpoint.region = found.region().map(ToString::to_string);
        }
        let mut loader = loader(&endpoint);
        if let Some(region) = &endpoint.region {
            loader = loader.region(Region::new(region.clone()));
        }
        Self::new(loader.load().await, endpoint, Origin::Sought)
    }

    fn new(config: SdkConfig, endpoint: Endpoint, origin: Origin) -> Self {
        let limits =
            TimeoutConfig::builder().connect_timeout(CONNECT_TIME).operation_attempt_timeout(ATTEMPT_TIME);
        let config = config
            .into_builder()
            .http_client(http_client(&endpoint))
            .retry_config(Backoff::attempts(ATTEMPTS).of_sdk())
            .timeout_config(limits.build());
        let lookup_backoff = Backoff::attempts(LOOKUP_ATTEMPTS);
        let connector = Arc::default();
        Self { config: config.build(), endpoint, origin, lookup_backoff, connector }
    }

    /// What an SDK's `Client::new` takes. It does not contain the URL of [`Endpoint`], which is that of
    /// Secrets Manager.
    pub fn sdk_config(&self) -> &SdkConfig {
        &self.config
    }

    /// The configuration for a client of a lookup service: in this Region, at this endpoint where one is set.
    pub fn lookup_config(&self, region: &str, url: Option<&EndpointUrl>) -> SdkConfig {
        let mut config = self.config.to_builder().retry_config(self.lookup_backoff.of_sdk());
        config.set_region(Region::new(region.to_owned()));
        if let Some(url) = url {
            config.set_endpoint_url(Some(url.as_str().to_owned()));
        }
        config.build()
    }

    /// The URLs of the lookup services, where they are not the Region's own endpoints.
    pub fn lookup_urls(&self) -> &DatabaseLookupUrls {
        &self.endpoint.lookups
    }

    /// The same access with other URLs for the lookup services.
    #[must_use]
    pub fn with_directories(mut self, urls: DatabaseLookupUrls) -> Self {
        self.endpoint.lookups = urls;
        self
    }

    /// The same access with another backoff for the calls of lookups than that of a rotation.
    #[must_use]
    pub fn with_lookup_backoff(self, lookup_backoff: Backoff) -> Self {
        Self { lookup_backoff, ..self }
    }

    /// What makes the requests that no SDK makes, with the time limit of the SDKs' clients for a connection.
    pub(crate) fn connector(&self) -> &Connector {
        self.connector.get_or_init(|| {
            Connector::builder()
                .tls_provider(Provider::Rustls(CryptoMode::Ring))
                .tls_context(trust(&self.endpoint))
                .connector_settings(HttpConnectorSettings::builder().connect_timeout(CONNECT_TIME).build())
                .build()
        })
    }

    /// The current credentials, for a request that is signed without an SDK.
    ///
    /// # Errors
    /// The reason why there are none.
    pub(crate) async fn credentials(&self) -> Result<Credentials, Cause> {
        let none = || Cause::new("no usable credentials");
        let provider = self.config.credentials_provider().ok_or_else(none)?;
        let found = provider.provide_credentials().await;
        found.map_err(|error| Cause::new(&format!("no usable credentials: {error}")))
    }

    /// The Region of the calls, where one is known.
    pub fn region(&self) -> Option<&str> {
        self.endpoint.region.as_deref()
    }
}

/// rustls with ring, trusting Amazon's roots.
fn http_client(endpoint: &Endpoint) -> SharedHttpClient {
    aws_smithy_http_client::Builder::new()
        .tls_provider(Provider::Rustls(CryptoMode::Ring))
        .tls_context(trust(endpoint))
        .build_https()
}

/// Amazon's roots, and the system's store as well where the certificates of a Region's endpoints come from
/// other authorities.
pub(crate) fn trust(endpoint: &Endpoint) -> TlsContext {
    let elsewhere = endpoint
        .region
        .as_ref()
        .is_some_and(|region| ELSEWHERE.iter().any(|prefix| region.starts_with(prefix)));
    let mut roots = TrustStore::empty().with_native_roots(elsewhere).with_pem_certificate(AMAZON_ROOTS);
    if let Some(bundle) = &endpoint.ca_bundle {
        roots.add_pem_certificate(bundle.pem());
    }
    TlsContext::builder().with_trust_store(roots).build().expect("a trust store alone is a valid context")
}
