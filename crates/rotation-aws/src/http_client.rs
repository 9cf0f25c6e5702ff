//! HTTP for targets whose service has an API of its own.

use aws_smithy_http_client::{
    Connector,
    tls::{Provider, TlsContext, TrustStore, rustls_provider::CryptoMode},
};
use aws_smithy_runtime_api::client::{http::HttpConnector, orchestrator::HttpRequest};
use aws_smithy_types::body::SdkBody;
use thiserror::Error;

use crate::{
    access::{ATTEMPT_TIME, Access},
    fault::is_certificate,
    https::{self, Answer},
};

/// A client for a service that is not one of AWS's: without retries, redirects or cookies. It trusts the
/// system's authorities, and those of `AWS_CA_BUNDLE`. Successive requests share connections.
#[derive(Debug)]
pub struct HttpClient {
    connector: Connector,
}

/// There is no whole answer. It names no part of the request, so it may be logged.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
#[non_exhaustive]
pub enum HttpError {
    /// The request has no host, or is no request of HTTP. It was not sent.
    #[error("the request cannot be built")]
    InvalidRequest,
    /// Nothing answered in time, or the answer was cut off. The request may have taken effect.
    #[error("the service did not answer")]
    Unanswered,
    /// The certificate is not trusted. Nothing was sent.
    #[error("the service's certificate is not trusted")]
    CertificateRefused,
    /// The answer is larger than the caller allows. The request has most likely taken effect.
    #[error("the service's answer is too large")]
    TooLarge,
}

impl HttpClient {
    /// A client. Reads the system's authorities, once.
    pub fn new(access: &Access) -> Self {
        let mut roots = TrustStore::empty().with_native_roots(true);
        if let Some(bundle) = &access.endpoint.ca_bundle {
            roots.add_pem_certificate(bundle.pem());
        }
        let context = TlsContext::builder().with_trust_store(roots).build();
        let connector = Connector::builder()
            .tls_provider(Provider::Rustls(CryptoMode::Ring))
            .tls_context(context.expect("a trust store alone is a valid context"));
        Self { connector: connector.build() }
    }

    /// Sends one request and reads the body of the answer, up to `most` bytes, whatever its status. Makes one
    /// attempt of at most six seconds. If it is dropped, the request may have reached the server.
    ///
    /// # Errors
    /// [`HttpError`].
    pub async fn send(&self, request: http::Request<Vec<u8>>, most: usize) -> Result<Answer, HttpError> {
        let request =
            HttpRequest::try_from(request.map(SdkBody::from)).map_err(|_| HttpError::InvalidRequest)?;
        let exchange = async {
            let answer = self.connector.call(request).await.map_err(|error| {
                if is_certificate(&error) { HttpError::CertificateRefused } else { HttpError::Unanswered }
            })?;
            let status = answer.status().as_u16();
            let body = https::read(answer, most).await.map_err(|_| HttpError::Unanswered)?;
            Ok(Answer { status, body: body.ok_or(HttpError::TooLarge)? })
        };
        let bounded = tokio::time::timeout(ATTEMPT_TIME, Box::pin(exchange)).await;
        bounded.unwrap_or(Err(HttpError::Unanswered))
    }
}
