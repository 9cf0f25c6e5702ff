//! Requests that no SDK makes: the URL of a service, and the signature that identifies the caller.

use std::time::SystemTime;

use aws_sigv4::{
    http_request::{SignableBody, SignableRequest, SigningSettings, sign},
    sign::v4,
};
use rotation_core::ServiceFault;

use crate::{
    access::Access,
    error::{AwsError, Service},
};

/// The partitions of AWS by the prefix of their Region names, and the domains of their services: over IPv4,
/// and over IPv4 and IPv6.
const PARTITIONS: [(&str, &str, &str); 7] = [
    ("cn-", "amazonaws.com.cn", "api.amazonwebservices.com.cn"),
    ("us-iso-", "c2s.ic.gov", "api.aws.ic.gov"),
    ("us-isob-", "sc2s.sgov.gov", "api.aws.scloud"),
    ("us-isof-", "csp.hci.ic.gov", "api.aws.hci.ic.gov"),
    ("eu-isoe-", "cloud.adc-e.uk", "api.cloud-aws.adc-e.uk"),
    ("eusc-", "amazonaws.eu", "api.amazonwebservices.eu"),
    ("", "amazonaws.com", "api.aws"),
];

/// The URL of a service's own endpoint in a Region, without a trailing slash.
pub fn regional_url(service: Service, region: &str, variant: EndpointVariant) -> String {
    let EndpointVariant { fips, dual_stack } = variant;
    let partition = PARTITIONS.iter().find(|(prefix, ..)| region.starts_with(prefix));
    let (_, single, dual) = partition.expect("the last prefix is empty");
    let suffix = if dual_stack { dual } else { single };
    // In GovCloud, the plain endpoints are those of FIPS.
    let plain = !fips || (region.starts_with("us-gov-") && !dual_stack);
    let fips = if plain { "" } else { "-fips" };
    format!("https://{}{fips}.{region}.{suffix}", service.prefix())
}

/// Which of a service's endpoints in a Region.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct EndpointVariant {
    /// With cryptography that is validated by FIPS 140.
    pub fips: bool,
    /// With IPv4 and IPv6.
    pub dual_stack: bool,
}

impl Access {
    /// The URL of a service in a Region, as the profile and the environment of a person choose it.
    #[cfg(feature = "query")]
    pub(crate) fn regional_url(&self, service: Service, region: &str) -> String {
        let config = self.sdk_config();
        let (fips, dual_stack) = (config.use_fips(), config.use_dual_stack());
        let variant =
            EndpointVariant { fips: fips.unwrap_or_default(), dual_stack: dual_stack.unwrap_or_default() };
        regional_url(service, region, variant)
    }

    /// The request with a signature ("Signature Version 4") of the current credentials. The signature is
    /// valid for minutes.
    ///
    /// # Errors
    /// [`ServiceFault::CredentialsRefused`] where there are no credentials, [`ServiceFault::Rejected`] where
    /// the request cannot be signed.
    pub async fn signed(
        &self,
        (service, operation): (Service, &'static str),
        region: &str,
        mut request: http::Request<Vec<u8>>,
    ) -> Result<http::Request<Vec<u8>>, AwsError> {
        let identity = self.credentials().await.map_err(|cause| AwsError {
            cause: Some(cause),
            ..AwsError::new(service, operation, ServiceFault::CredentialsRefused)
        })?;
        let identity = identity.into();
        #[expect(clippy::disallowed_methods, reason = "a signature contains the time, and this is the shell")]
        let now = SystemTime::now();
        let unsigned = || AwsError::new(service, operation, ServiceFault::Rejected);
        let parameters = v4::SigningParams::builder()
            .identity(&identity)
            .region(region)
            .name(service.prefix())
            .time(now)
            .settings(SigningSettings::default())
            .build()
            .map_err(|_| unsigned())?
            .into();
        let headers = request.headers().iter();
        let headers = headers.filter_map(|(name, value)| Some((name.as_str(), value.to_str().ok()?)));
        let (method, url) = (request.method().as_str(), request.uri().to_string());
        let body = SignableBody::Bytes(request.body());
        let signable = SignableRequest::new(method, url, headers, body).map_err(|_| unsigned())?;
        let (instructions, _) = sign(signable, &parameters).map_err(|_| unsigned())?.into_parts();
        instructions.apply_to_request_http1x(&mut request);
        Ok(request)
    }
}
