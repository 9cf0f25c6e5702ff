//! Where Secrets Manager and its neighbours are, and whose certificate it may show: parsed before the first
//! call, which cannot say so well.

use std::{
    fs,
    io::{self, Read},
};

use http::Uri;
use rustls::{
    RootCertStore,
    pki_types::{CertificateDer, pem::PemObject},
};
use thiserror::Error;

use crate::environment::{ConfigError, Environment};

/// The largest `AWS_CA_BUNDLE` that is read, in bytes: several times what an operating system trusts.
const MAX_BUNDLE: u64 = 1024 * 1024;

/// Which Secrets Manager to talk to, and which lookups.
#[derive(Clone, Debug, Default)]
pub struct Endpoint {
    /// `AWS_REGION`.
    pub region: Option<String>,
    /// `SECRETS_MANAGER_ENDPOINT`. `None` takes the region's own.
    pub url: Option<EndpointUrl>,
    /// `AWS_CA_BUNDLE`: authorities to trust beside Amazon's.
    pub ca_bundle: Option<CaBundle>,
    /// Where the other services are.
    pub lookups: DatabaseLookupUrls,
}

impl Endpoint {
    /// Where Secrets Manager is: `AWS_REGION`, `SECRETS_MANAGER_ENDPOINT`, `AWS_CA_BUNDLE`.
    ///
    /// # Errors
    /// [`ConfigError`] names the first setting that is wrong.
    pub fn from_environment(environment: &Environment) -> Result<Self, ConfigError> {
        Ok(Self {
            region: environment.text("AWS_REGION").map(str::to_owned),
            url: url(environment, "SECRETS_MANAGER_ENDPOINT")?,
            ca_bundle: environment.text("AWS_CA_BUNDLE").map(ca_bundle).transpose()?,
            lookups: DatabaseLookupUrls {
                rds: sdk_url(environment, "AWS_ENDPOINT_URL_RDS")?,
                redshift: sdk_url(environment, "AWS_ENDPOINT_URL_REDSHIFT")?,
                redshift_serverless: sdk_url(environment, "AWS_ENDPOINT_URL_REDSHIFT_SERVERLESS")?,
            },
        })
    }
}

/// The services that describe database servers; `None` takes the region's own endpoint.
#[derive(Clone, Debug, Default)]
pub struct DatabaseLookupUrls {
    /// `AWS_ENDPOINT_URL_RDS`.
    pub rds: Option<EndpointUrl>,
    /// `AWS_ENDPOINT_URL_REDSHIFT`.
    pub redshift: Option<EndpointUrl>,
    /// `AWS_ENDPOINT_URL_REDSHIFT_SERVERLESS`.
    pub redshift_serverless: Option<EndpointUrl>,
}

impl DatabaseLookupUrls {
    /// All services at one URL, as emulators have them.
    pub fn all_at(url: &EndpointUrl) -> Self {
        let url = Some(url.clone());
        Self { rds: url.clone(), redshift: url.clone(), redshift_serverless: url }
    }
}

/// An `http` or `https` URL with a host.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EndpointUrl(String);

impl EndpointUrl {
    /// A URL as it is, or a host name (with a port, where one is given) that is asked over HTTPS.
    ///
    /// # Errors
    /// [`EndpointError`].
    pub fn parse(text: &str) -> Result<Self, EndpointError> {
        let url = if text.contains("://") { text.to_owned() } else { format!("https://{text}") };
        let uri: Uri = url.parse().map_err(|_| EndpointError)?;
        let schemed = matches!(uri.scheme_str(), Some("http" | "https"));
        // A user name would end in no request, and a query in every one.
        let hosted = uri.authority().is_some_and(|authority| {
            let port = authority.as_str().strip_prefix(authority.host());
            let ported = port.is_some_and(|port| port.is_empty() || authority.port_u16().is_some());
            ported && !authority.host().is_empty()
        });
        if schemed && hosted && uri.query().is_none() { Ok(Self(url)) } else { Err(EndpointError) }
    }

    /// The URL.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// The text is no endpoint.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
#[error("must be a host name, or a URL that begins with http:// or https://")]
pub struct EndpointError;

/// PEM of at least one certificate, each of which may stand for an authority.
#[derive(Clone, Debug)]
pub struct CaBundle(Vec<u8>);

impl CaBundle {
    /// The SDK panics at what it cannot read, so every certificate is parsed here, the same way, before.
    ///
    /// # Errors
    /// [`CaBundleError`].
    pub fn parse(pem: Vec<u8>) -> Result<Self, CaBundleError> {
        let mut roots = RootCertStore::empty();
        for certificate in CertificateDer::pem_slice_iter(&pem) {
            let certificate = certificate.map_err(|_| CaBundleError::NotPem)?;
            roots.add(certificate).map_err(|_| CaBundleError::NotACertificate)?;
        }
        if roots.is_empty() { Err(CaBundleError::Empty) } else { Ok(Self(pem)) }
    }

    /// The bytes as they were given.
    pub fn pem(&self) -> &[u8] {
        &self.0
    }
}

/// The bytes are no bundle of authorities.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
pub enum CaBundleError {
    /// A section is broken.
    #[error("holds no valid PEM")]
    NotPem,
    /// A section decodes to something else.
    #[error("holds a certificate that cannot be read")]
    NotACertificate,
    /// Nothing to trust.
    #[error("holds no certificate")]
    Empty,
}

/// As AWS's SDKs have it: the service's own variable, else the one for all services.
fn sdk_url(environment: &Environment, name: &'static str) -> Result<Option<EndpointUrl>, ConfigError> {
    match url(environment, name)? {
        Some(own) => Ok(Some(own)),
        None => url(environment, "AWS_ENDPOINT_URL"),
    }
}

fn url(environment: &Environment, name: &'static str) -> Result<Option<EndpointUrl>, ConfigError> {
    let url = environment.text(name).map(EndpointUrl::parse).transpose();
    url.map_err(|error| ConfigError::new(name, error.to_string()))
}

fn ca_bundle(path: &str) -> Result<CaBundle, ConfigError> {
    let refused = |rule| ConfigError::new("AWS_CA_BUNDLE", rule);
    let unreadable =
        |error: io::Error| refused(format!("names a file that cannot be read: {}", error.kind()));
    let about = fs::metadata(path).map_err(unreadable)?;
    // Whatever else has a path, as a pipe or a device, may keep its reader waiting or never end.
    if !about.is_file() || about.len() > MAX_BUNDLE {
        return Err(refused("must name a regular file of at most 1 MiB".into()));
    }
    let mut pem = Vec::new();
    let file = fs::File::open(path).map_err(unreadable)?;
    file.take(MAX_BUNDLE).read_to_end(&mut pem).map_err(unreadable)?;
    CaBundle::parse(pem).map_err(|error| refused(format!("names a file that {error}")))
}
