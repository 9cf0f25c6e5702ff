//! The custom resource: CloudFormation's request, the answer, and its delivery.
//!
//! ```text
//! invocation ─> Request ─┬─ Delete ───────────────────> SUCCESS
//!                        └─ Create, Update ─ Discovery ─> SUCCESS with Data, or FAILED with Reason
//!                                            └ ends in time, panics or is cut off
//! Answer ─> PUT to the presigned URL
//! ```
//!
//! Source: *Custom resource reference*, AWS CloudFormation User Guide.

mod answer;
mod delivery;
mod reason;
mod request;

use std::{process::ExitCode, time::Duration};

use rotation_aws::{Access, Https};
use rotation_config::{AccessKey, Endpoint, EndpointUrl};
use rotation_config::{ConfigError, Environment};
use rotation_core::Deadline;
use rotation_lambda::{EventFailure, EventInvocation, caught, serve_events, start_log};
use tokio::time::Instant;

use crate::{aws::AwsDiscovery, discovery::Wish, error::DiscoveryError, function_network::FunctionNetwork};

pub use self::{
    answer::Answer,
    delivery::{Delivery, DeliveryError},
    reason::Reason,
    request::{Request, RequestError, RequestType, ResponseUrl},
};

/// Reserved for the delivery of the answer; a third of the whole where that is less.
const DELIVERY_TIME: Duration = Duration::from_secs(8);

/// Serves the custom resource until Lambda ends the process. A function with invalid settings serves as well:
/// its answer to CloudFormation names the invalid setting.
pub fn serve() -> ExitCode {
    let environment = Environment::of_process();
    let settings = start_log(&environment).and_then(|()| Settings::parse(&environment));
    let (endpoint, url, fault) = match settings {
        Ok(Settings { endpoint, url }) => (endpoint, url, None),
        Err(error) => (
            Endpoint { region: environment.text("AWS_REGION").map(str::to_owned), ..Endpoint::default() },
            None,
            Some(error),
        ),
    };
    let access = Access::in_lambda(&endpoint, AccessKey::from_environment(&environment).as_ref());
    let discovery = AwsDiscovery::of(&access, url.as_ref());
    let delivery = Delivery::new(Https::new(&access));
    drop(environment);
    serve_events(&async |invocation: EventInvocation<'_>| {
        let discover = async |wish: Wish| match &fault {
            Some(error) => Err(Reason::from(error)),
            None => discovery.discover(&wish).await.map_err(Reason::from),
        };
        // The SDK's futures nest deeply.
        Box::pin(respond(&invocation, discover, &delivery)).await
    })
}

/// The settings of the deployment.
struct Settings {
    endpoint: Endpoint,
    /// `AWS_ENDPOINT_URL`, in place of every service's own.
    url: Option<EndpointUrl>,
}

impl Settings {
    fn parse(environment: &Environment) -> Result<Self, ConfigError> {
        const URL: &str = "AWS_ENDPOINT_URL";
        let url = environment.text(URL).map(EndpointUrl::parse).transpose();
        let url = url.map_err(|error| ConfigError::new(URL, error.to_string()))?;
        let mut endpoint = Endpoint::from_environment(environment)?;
        endpoint.url = endpoint.url.or_else(|| url.clone());
        Ok(Self { endpoint, url })
    }
}

/// Answers one invocation. Whatever happens to the lookup, an answer is sent before the deadline; it may be
/// dropped at any await, and CloudFormation then waits for Lambda's next attempt.
///
/// # Errors
/// The event is not a request of CloudFormation, or the answer could not be delivered; Lambda then invokes
/// the function again.
pub async fn respond(
    invocation: &EventInvocation<'_>,
    discover: impl AsyncFn(Wish) -> Result<FunctionNetwork, Reason>,
    delivery: &Delivery,
) -> Result<(), EventFailure> {
    let began = Instant::now();
    let request = Request::parse(invocation.payload).map_err(|error| {
        tracing::error!(request_id = invocation.request_id, code = error.code(), "{error}");
        EventFailure { code: error.code(), message: error.to_string(), hint: error.hint().into() }
    })?;
    let left = invocation.deadline.remaining();
    let lookup = left.saturating_sub(DELIVERY_TIME.min(left / 3));
    let outcome = match request.kind {
        RequestType::Delete => Ok(None),
        RequestType::Create | RequestType::Update => {
            let looked = async { discover(request.wish().map_err(Reason::from)?).await };
            survived(Deadline::after(lookup), looked).await.map(Some)
        }
    };
    let answer = Answer::to(&request, outcome.as_ref().map(Option::as_ref));
    let delivered = delivery.deliver(&request.response_url, &answer, invocation.deadline).await;
    let milliseconds = u64::try_from(began.elapsed().as_millis()).unwrap_or(u64::MAX);
    log(invocation.request_id, &request, &outcome, milliseconds);
    delivered.map_err(|error| {
        tracing::error!(request_id = invocation.request_id, code = error.code(), "{error}");
        EventFailure { code: error.code(), message: error.to_string(), hint: error.hint().into() }
    })
}

/// The lookup's outcome; a failure where it panicked or was not finished in time.
async fn survived(
    deadline: Deadline,
    lookup: impl Future<Output = Result<FunctionNetwork, Reason>>,
) -> Result<FunctionNetwork, Reason> {
    match deadline.bound(caught(lookup)).await {
        Ok(Ok(outcome)) => outcome,
        Ok(Err(_)) => Err(DiscoveryError::Panicked.into()),
        Err(_) => Err(DiscoveryError::TimedOut.into()),
    }
}

/// The outcome line. The URL is a credential and is in no line.
fn log(
    request_id: &str,
    request: &Request,
    outcome: &Result<Option<FunctionNetwork>, Reason>,
    milliseconds: u64,
) {
    let (kind, stack) = (request.kind.name(), request.stack_id.as_str());
    match outcome {
        Ok(network) => {
            for warning in network.iter().flat_map(|network| &network.warnings) {
                tracing::warn!(request_id, stack, "{warning}");
            }
            tracing::info!(request_id, stack, kind, milliseconds, outcome = "success", "{kind}: success");
        }
        Err(Reason { code, message, hint }) => {
            tracing::error!(
                request_id,
                stack,
                kind,
                milliseconds,
                outcome = "failed",
                code,
                hint,
                "{code}: {message}"
            );
        }
    }
}
