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

/// The partitions of AWS by the prefix of their Region names, and the domains of their services.
const PARTITIONS: [(&str, &str); 7] = [
    ("cn-", "amazonaws.com.cn"),
    ("us-iso-", "c2s.ic.gov"),
    ("us-isob-", "sc2s.sgov.gov"),
    ("us-isof-", "csp.hci.ic.gov"),
    ("eu-isoe-", "cloud.adc-e.uk"),
    ("eusc-", "amazonaws.eu"),
    ("", "amazonaws.com"),
];

/// The URL of a service's own endpoint in a Region, without a trailing slash.
pub fn regional_url(service: Service, region: &str) -> String {
    let partition = PARTITIONS.iter().find(|(prefix, _)| region.starts_with(prefix));
    let (_, suffix) = partition.expect("the last prefix is empty");
    format!("https://{}.{region}.{suffix}", service.prefix())
}

impl Access {
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
