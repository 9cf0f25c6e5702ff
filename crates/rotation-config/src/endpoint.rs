//! The endpoints of Secrets Manager and the other services, and the authorities to trust. They are parsed
//! before the first call, whose errors would be less clear.

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

/// The largest `AWS_CA_BUNDLE` that is read, in bytes: several times the size of an operating system's store.
const MAX_BUNDLE: u64 = 1024 * 1024;

/// The endpoints of Secrets Manager and of the lookup services.
#[derive(Clone, Debug, Default)]
pub struct Endpoint {
    /// `AWS_REGION`.
    pub region: Option<String>,
    /// `SECRETS_MANAGER_ENDPOINT`. `None` means the Region's own endpoint.
    pub url: Option<EndpointUrl>,
    /// `AWS_CA_BUNDLE`: authorities to trust in addition to Amazon's.
    pub ca_bundle: Option<CaBundle>,
    /// The URLs of the other services.
    pub lookups: DatabaseLookupUrls,
}

impl Endpoint {
    /// The endpoint of Secrets Manager: `AWS_REGION`, `SECRETS_MANAGER_ENDPOINT`, `AWS_CA_BUNDLE`.
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

/// The services that describe database servers; `None` means the Region's own endpoint.
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
    /// All services at one URL, as with emulators.
    pub fn all_at(url: &EndpointUrl) -> Self {
        let url = Some(url.clone());
        Self { rds: url.clone(), redshift: url.clone(), redshift_serverless: url }
    }
}

/// An `http` or `https` URL with a host.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EndpointUrl(String);

impl EndpointUrl {
    /// A URL as it is, or a host name (with an optional port) that is reached over HTTPS.
    ///
    /// # Errors
    /// [`EndpointError`].
    pub fn parse(text: &str) -> Result<Self, EndpointError> {
        let url = if text.contains("://") { text.to_owned() } else { format!("https://{text}") };
        let uri: Uri = url.parse().map_err(|_| EndpointError)?;
        let schemed = matches!(uri.scheme_str(), Some("http" | "https"));
        // A user name would be in no request, and a query in every one.
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

/// The text is not an endpoint.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
#[error("must be a host name, or a URL that begins with http:// or https://")]
pub struct EndpointError;

/// PEM with at least one certificate; each one is a trusted authority.
#[derive(Clone, Debug)]
pub struct CaBundle(Vec<u8>);

impl CaBundle {
    /// The SDK panics on what it cannot parse, so every certificate is first parsed here in the same way.
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

    /// The original bytes.
    pub fn pem(&self) -> &[u8] {
        &self.0
    }
}

/// The bytes are not a bundle of authorities.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
pub enum CaBundleError {
    /// A section is broken.
    #[error("holds no valid PEM")]
    NotPem,
    /// A section decodes to something else.
    #[error("holds a certificate that cannot be read")]
    NotACertificate,
    /// There is no certificate.
    #[error("holds no certificate")]
    Empty,
}

/// As in AWS's SDKs: the service's own variable, otherwise the one for all services.
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
    // Other files, such as a pipe or a device, may block the reader or never end.
    if !about.is_file() || about.len() > MAX_BUNDLE {
        return Err(refused("must name a regular file of at most 1 MiB".into()));
    }
    let mut pem = Vec::new();
    let file = fs::File::open(path).map_err(unreadable)?;
    file.take(MAX_BUNDLE).read_to_end(&mut pem).map_err(unreadable)?;
    CaBundle::parse(pem).map_err(|error| refused(format!("names a file that {error}")))
}
