//! The delivery of the answer to CloudFormation: one PUT to a presigned URL.

use rotation_aws::{AwsError, Backoff, Https, Service};
use rotation_core::{Deadline, ServiceFault};
use thiserror::Error;

use super::{Answer, ResponseUrl};
use crate::code::DiscoveryCode;

/// Attempts at one answer. Putting the same object twice does no harm.
const ATTEMPTS: u32 = 8;
/// The purpose of a presigned URL.
const OPERATION: &str = "PutObject";
/// The part of the bucket's answer that is read, in bytes.
const MOST: usize = 64 * 1024;

/// Delivers answers.
#[derive(Debug)]
pub struct Delivery {
    https: Https,
}

impl Delivery {
    /// With this client.
    pub fn new(https: Https) -> Self {
        Self { https }
    }

    /// Puts the answer, and repeats that after transient faults of the network or the bucket, until the
    /// deadline.
    ///
    /// # Errors
    /// [`DeliveryError`], without any part of the URL.
    pub async fn deliver(
        &self,
        url: &ResponseUrl,
        answer: &Answer,
        deadline: Deadline,
    ) -> Result<(), DeliveryError> {
        let passes = |error: &DeliveryError| match error {
            DeliveryError::Unreachable(_) => true,
            DeliveryError::Refused { status } => *status >= 500 || *status == 429,
        };
        let unanswered = || {
            let error = AwsError::new(Service::S3, OPERATION, ServiceFault::Unreachable);
            DeliveryError::Unreachable(error.because("no answer in time"))
        };
        let backoff = Backoff::attempts(ATTEMPTS).within(deadline);
        backoff.run(|| self.put(url, answer, deadline), passes, unanswered).await
    }

    async fn put(&self, url: &ResponseUrl, answer: &Answer, deadline: Deadline) -> Result<(), DeliveryError> {
        let body = answer.as_str().as_bytes().to_vec();
        // Without a content type: the URL's signature covers none.
        let request =
            http::Request::put(url.expose().clone()).header("content-length", body.len()).body(body);
        let request = request.expect("a method, a parsed URL and a number make a request");
        let answer = self.https.send((Service::S3, OPERATION), request, MOST, deadline).await;
        let answer = answer.map_err(DeliveryError::Unreachable)?;
        if answer.status == 200 { Ok(()) } else { Err(DeliveryError::Refused { status: answer.status }) }
    }
}

/// CloudFormation does not know the outcome.
#[derive(Debug, Error)]
pub enum DeliveryError {
    /// The network: nothing answered.
    #[error("the answer to cloudformation was not taken: {0}")]
    Unreachable(AwsError),
    /// The bucket: the URL has expired, or the request was changed on its way.
    #[error("the answer to cloudformation was refused with http status {status}")]
    Refused {
        /// What was answered.
        status: u16,
    },
}

impl DeliveryError {
    /// A stable name for this kind of failure.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Unreachable(_) => DiscoveryCode::AnswerUnreachable.name(),
            Self::Refused { .. } => DiscoveryCode::AnswerRefused.name(),
        }
    }

    /// What to do next.
    pub fn hint(&self) -> &'static str {
        match self {
            Self::Unreachable(_) => {
                "Lambda invokes again. Run this function outside of a VPC, or let it reach Amazon S3 \
                 from there."
            }
            Self::Refused { .. } => {
                "The URL holds for a while only; update or delete the stack for a new one."
            }
        }
    }
}
