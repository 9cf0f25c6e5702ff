//! Two calls to Lambda.

use std::{fmt, future::Future};

use aws_sdk_lambda::{
    Client,
    error::{ProvideErrorMetadata, SdkError},
    types::State,
};
use rotation_aws::{Access, AwsError, Service};
use rotation_config::EndpointUrl;
use rotation_core::{Deadline, ServiceFault};

use super::policy::Policy;

/// The longest that one call may take.
const TIME: std::time::Duration = std::time::Duration::from_secs(8);

/// A function by its ARN, with or without a qualifier.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct FunctionArn {
    text: String,
    region: String,
    /// A version or an alias.
    qualifier: Option<String>,
}

impl FunctionArn {
    /// `None` where the text is not the ARN of a function.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let parts: Vec<_> = text.split(':').collect();
        let plain = |part: &&str| part.chars().all(|c| c.is_ascii_alphanumeric() || "-_$".contains(c));
        let (["arn", _, "lambda", region, _, "function", name], qualifier) =
            (parts.get(..7)?, parts.get(7).filter(|qualifier| !qualifier.is_empty()))
        else {
            return None;
        };
        let good = parts.iter().all(plain) && !region.is_empty() && !name.is_empty() && parts.len() <= 8;
        let qualifier = qualifier.map(|qualifier| (*qualifier).to_owned());
        good.then(|| Self { text: parts[..7].join(":"), region: (*region).to_owned(), qualifier })
    }

    /// The version or the alias that is invoked, where the ARN names one.
    pub(super) fn qualifier(&self) -> Option<&str> {
        self.qualifier.as_deref()
    }
}

/// Without its qualifier.
impl fmt::Display for FunctionArn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

/// The result of a call.
#[derive(Debug)]
pub(super) enum Answered<T> {
    Told(T),
    /// There is none.
    Missing,
    /// Not answered, or not in a form that can be parsed.
    Refused(AwsError),
}

/// The fields of `GetFunctionConfiguration` that rotations depend on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Configuration {
    /// Seconds.
    pub(super) timeout: u64,
    /// The role's ARN.
    pub(super) role: String,
    /// `Active`, `Pending`, `Inactive` or `Failed`.
    pub(super) state: String,
    /// Why it is not active.
    pub(super) reason: String,
}

/// Lambda, at one endpoint.
pub(super) struct Lambda<'a> {
    access: &'a Access,
    url: Option<&'a EndpointUrl>,
}

impl<'a> Lambda<'a> {
    pub(super) fn new(access: &'a Access, url: Option<&'a EndpointUrl>) -> Self {
        Self { access, url }
    }

    /// `GetFunctionConfiguration`.
    pub(super) async fn configuration(&self, function: &FunctionArn) -> Answered<Configuration> {
        let call = self.client(function).get_function_configuration().function_name(&function.text);
        let call = call.set_qualifier(function.qualifier.clone()).send();
        self.answered("GetFunctionConfiguration", call, |answer| {
            let text = |text: Option<&str>| text.unwrap_or_default().to_owned();
            Some(Configuration {
                timeout: answer.timeout().and_then(|timeout| u64::try_from(timeout).ok())?,
                role: text(answer.role()),
                state: answer.state().map_or("Active", State::as_str).to_owned(),
                reason: text(answer.state_reason()),
            })
        })
        .await
    }

    /// `GetPolicy`.
    pub(super) async fn policy(&self, function: &FunctionArn) -> Answered<Policy> {
        let call = self.client(function).get_policy().function_name(&function.text);
        let call = call.set_qualifier(function.qualifier.clone()).send();
        self.answered("GetPolicy", call, |answer| Policy::parse(answer.policy()?)).await
    }

    async fn answered<T, O, E: ProvideErrorMetadata>(
        &self,
        operation: &'static str,
        call: impl Future<Output = Result<O, SdkError<E>>>,
        read: impl FnOnce(&O) -> Option<T>,
    ) -> Answered<T> {
        let failed = |fault, why| AwsError::new(Service::Lambda, operation, fault).because(why);
        let answer = match Deadline::after(TIME).bound(Box::pin(call)).await {
            Ok(answer) => answer.map_err(|error| self.access.failed(Service::Lambda, operation, &error)),
            Err(_) => Err(failed(ServiceFault::Unreachable, "no answer in time")),
        };
        match answer {
            Ok(answer) => read(&answer).map_or_else(
                || Answered::Refused(failed(ServiceFault::Internal, "an unreadable answer")),
                Answered::Told,
            ),
            Err(error) if error.fault == ServiceFault::NotFound => Answered::Missing,
            Err(error) => Answered::Refused(error),
        }
    }

    /// The client of the function's Region.
    fn client(&self, function: &FunctionArn) -> Client {
        Client::new(&self.access.lookup_config(&function.region, self.url))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A function's ARN is accepted with and without a qualifier, and nothing else is.
    #[test]
    fn function_arns() {
        let arn = "arn:aws:lambda:eu-west-1:123456789012:function:rotator";
        let plain = FunctionArn::parse(arn).unwrap();
        assert_eq!((plain.text.as_str(), plain.region.as_str(), &plain.qualifier), (arn, "eu-west-1", &None));
        let alias = FunctionArn::parse(&format!("{arn}:live")).unwrap();
        assert_eq!((alias.text.as_str(), alias.qualifier.as_deref()), (arn, Some("live")));
        for odd in [
            "rotator",
            "arn:aws:lambda:eu-west-1:123456789012:function",
            "arn:aws:lambda::123456789012:function:rotator",
            "arn:aws:s3:eu-west-1:123456789012:function:rotator",
            "arn:aws:lambda:eu-west-1:123456789012:function:../x",
            "arn:aws:lambda:eu-west-1:123456789012:function:x:live:more",
        ] {
            assert_eq!(FunctionArn::parse(odd), None, "{odd}");
        }
    }
}
