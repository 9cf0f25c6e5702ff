//! HTTP for the few requests that no SDK makes, with the same trusted authorities.

use aws_smithy_runtime_api::{
    client::{http::HttpConnector, orchestrator::HttpRequest},
    http::Response,
};
use aws_smithy_types::{body::SdkBody, byte_stream::ByteStream};
use rotation_core::{Deadline, ServiceFault};

use crate::{
    access::{ATTEMPT_TIME, Access},
    error::{AwsError, Service},
};

/// A client without retries, credentials or redirects. All clients of one access share their connections.
#[derive(Clone, Debug)]
pub struct Https {
    access: Access,
}

/// What a server answered, whatever its status.
#[derive(Clone, PartialEq, Eq)]
pub struct Answer {
    /// The HTTP status.
    pub status: u16,
    /// The whole body.
    pub body: Vec<u8>,
}

impl Https {
    /// A client that trusts the same authorities as the SDK's clients.
    pub fn new(access: &Access) -> Self {
        Self { access: access.clone() }
    }

    /// Sends one request and reads the body of the answer, up to `most` bytes. Makes one attempt of at most
    /// six seconds, three of them for the connection. If it is dropped, the request may have reached the
    /// server.
    ///
    /// # Errors
    /// [`AwsError`] of this operation: there was no answer, the certificate is not trusted, or the answer is
    /// too large. It names no part of the request.
    pub async fn send(
        &self,
        (service, operation): (Service, &'static str),
        request: http::Request<Vec<u8>>,
        most: usize,
        deadline: Deadline,
    ) -> Result<Answer, AwsError> {
        let failed = |fault, cause: &str| AwsError::new(service, operation, fault).because(cause);
        let request = HttpRequest::try_from(request.map(SdkBody::from))
            .map_err(|_| failed(ServiceFault::Rejected, "the request could not be built"))?;
        let exchange = async {
            let answer = self.access.connector().call(request).await;
            let answer = answer.map_err(|error| self.access.unconnected(service, operation, &error))?;
            let status = answer.status().as_u16();
            match read(answer, most).await {
                Ok(Some(body)) => Ok(Answer { status, body }),
                Ok(None) => Err(failed(ServiceFault::Internal, "the answer is too large")),
                Err(_) => Err(failed(ServiceFault::Unreachable, "the answer was cut off")),
            }
        };
        let bounded = deadline.at_most(ATTEMPT_TIME).bound(Box::pin(exchange)).await;
        bounded.unwrap_or_else(|_| Err(failed(ServiceFault::Unreachable, "no answer in time")))
    }
}

/// `None` where there is more than `most`.
pub(crate) async fn read(
    answer: Response,
    most: usize,
) -> Result<Option<Vec<u8>>, aws_smithy_types::byte_stream::error::Error> {
    let mut stream = ByteStream::new(answer.into_body());
    let mut body = Vec::new();
    while let Some(part) = stream.next().await {
        body.extend_from_slice(&part?);
        if body.len() > most {
            return Ok(None);
        }
    }
    Ok(Some(body))
}

impl std::fmt::Debug for Answer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Answer({}, {} bytes)", self.status, self.body.len())
    }
}
