//! Two questions to Lambda, without its SDK: signed by what signs in the SDKs, and answered in JSON.

use std::fmt;

use rotation_aws::{Access, Answer, AwsError, EndpointUrl, Https, Service, regional_url};
use rotation_core::{Deadline, with_causes};
use serde_json::Value;

use super::policy::Policy;

/// The largest answer that is read, in bytes: a policy has at most 20 KiB.
const MOST: usize = 256 * 1024;
/// As much of a refusal's words as is told.
const WORDS: usize = 300;
/// The longest that one question may take.
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
    /// `None` where the text is no ARN of a function.
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

/// What became of a question.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Answered<T> {
    Told(T),
    /// There is none.
    Missing,
    /// In words.
    Refused(String),
}

/// What `GetFunctionConfiguration` says, as far as rotations hang on it.
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
    https: Https,
}

impl<'a> Lambda<'a> {
    pub(super) fn new(access: &'a Access, url: Option<&'a EndpointUrl>) -> Self {
        Self { access, url, https: Https::new(access) }
    }

    /// `GetFunctionConfiguration`.
    pub(super) async fn configuration(&self, function: &FunctionArn) -> Answered<Configuration> {
        let answer = self.ask("GetFunctionConfiguration", "configuration", function).await;
        understood(answer, |answer| {
            let text = |name: &str| answer[name].as_str().unwrap_or_default().to_owned();
            let state = answer["State"].as_str().unwrap_or("Active").to_owned();
            let timeout = answer["Timeout"].as_u64()?;
            Some(Configuration { timeout, role: text("Role"), state, reason: text("StateReason") })
        })
    }

    /// `GetPolicy`.
    pub(super) async fn policy(&self, function: &FunctionArn) -> Answered<Policy> {
        let answer = self.ask("GetPolicy", "policy", function).await;
        understood(answer, |answer| Policy::parse(answer["Policy"].as_str()?))
    }

    async fn ask(
        &self,
        operation: &'static str,
        part: &str,
        function: &FunctionArn,
    ) -> Result<Answer, AwsError> {
        let base = match self.url {
            Some(url) => url.as_str().trim_end_matches('/').to_owned(),
            None => regional_url(Service::Lambda, &function.region),
        };
        // As the SDKs write an ARN into a path.
        let name = function.text.replace(':', "%3A");
        let qualifier = function.qualifier.as_ref().map(|name| format!("?Qualifier={name}"));
        let url = format!("{base}/2015-03-31/functions/{name}/{part}{}", qualifier.unwrap_or_default());
        let request = http::Request::get(url).body(Vec::new());
        let request = request.expect("an endpoint, a plain ARN and a plain qualifier make a URL");
        let deadline = Deadline::after(TIME);
        let request = self.access.signed((Service::Lambda, operation), &function.region, request).await?;
        self.https.send((Service::Lambda, operation), request, MOST, deadline).await
    }
}

fn understood<T>(answer: Result<Answer, AwsError>, read: impl FnOnce(&Value) -> Option<T>) -> Answered<T> {
    let answer = match answer {
        Ok(answer) => answer,
        Err(error) => return Answered::Refused(with_causes(&error)),
    };
    let body = serde_json::from_slice(&answer.body).unwrap_or(Value::Null);
    match answer.status {
        200 => read(&body).map_or_else(|| Answered::Refused("an unreadable answer".into()), Answered::Told),
        404 => Answered::Missing,
        status => {
            let words =
                ["Message", "message"].iter().find_map(|name| body[*name].as_str()).unwrap_or_default();
            let words: String = words.chars().take(WORDS).collect();
            Answered::Refused(format!("HTTP {status} {words}").trim_end().to_owned())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_arn_of_a_function_is_taken_with_and_without_a_qualifier_and_nothing_else() {
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
