//! The answer's way to CloudFormation: one PUT to a presigned URL.

use std::time::Duration;

use rotation_aws::{AwsError, Https, Service};
use rotation_core::Deadline;
use thiserror::Error;

use super::{Answer, ResponseUrl};
use crate::code::DiscoveryCode;

/// Attempts at one answer. Putting the same object twice does no harm.
const ATTEMPTS: u32 = 4;
/// The wait before the second attempt, doubled for each further one.
const FIRST_BACKOFF: Duration = Duration::from_millis(250);
/// As much of what the bucket answers as is read, in bytes.
const MOST: usize = 64 * 1024;

/// Delivers answers.
#[derive(Debug)]
pub struct Delivery {
    https: Https,
}

impl Delivery {
    /// By this client.
    pub fn new(https: Https) -> Self {
        Self { https }
    }

    /// Puts the answer, again where the network or the bucket has a fault that may pass, until the deadline.
    ///
    /// # Errors
    /// [`DeliveryError`], without any part of the URL.
    pub async fn deliver(
        &self,
        url: &ResponseUrl,
        answer: &Answer,
        deadline: Deadline,
    ) -> Result<(), DeliveryError> {
        let mut wait = FIRST_BACKOFF;
        let mut attempt = 1;
        loop {
            let outcome = self.put(url, answer, deadline).await;
            let passes = match &outcome {
                Ok(()) => return Ok(()),
                Err(DeliveryError::Unreachable(_)) => true,
                Err(DeliveryError::Refused { status }) => *status >= 500 || *status == 429,
            };
            if !passes || attempt == ATTEMPTS || deadline.remaining() <= wait {
                return outcome;
            }
            tokio::time::sleep(wait).await;
            wait *= 2;
            attempt += 1;
        }
    }

    async fn put(&self, url: &ResponseUrl, answer: &Answer, deadline: Deadline) -> Result<(), DeliveryError> {
        let body = answer.as_str().as_bytes().to_vec();
        // Without a content type: the URL is signed for none.
        let request =
            http::Request::put(url.expose().clone()).header("content-length", body.len()).body(body);
        let request = request.expect("a method, a parsed URL and a number make a request");
        let answer = self.https.send((Service::S3, "PutObject"), request, MOST, deadline).await;
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
                "Lambda invokes again. Run this function outside of a VPC, or let it reach Amazon S3 from there."
            }
            Self::Refused { .. } => {
                "The URL holds for a while only; update or delete the stack for a new one."
            }
        }
    }
}
