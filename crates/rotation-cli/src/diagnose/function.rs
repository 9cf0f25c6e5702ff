//! The function that rotates a secret, as Lambda describes it: whether Secrets Manager may invoke it, and
//! whether it can run. Only the command checks this; a function that diagnoses its own secret is already
//! running.
//!
//! ```text
//! FunctionArn ─> Lambda: GetFunctionConfiguration, GetPolicy ─> Seen ─> Seen::findings   pure
//! ```

mod lambda;
mod policy;

use rotation_aws::{Access, AwsError};
use rotation_config::EndpointUrl;
use rotation_core::{
    SecretId,
    diagnosis::{Check, Finding, FindingCode, Severity},
    with_causes,
};
use rotation_doctor::{finding_codes, remediation};

use lambda::{Answered, Configuration, FunctionArn, Lambda};
use policy::{Admission, Policy};

/// The shortest timeout without a warning, in seconds. A step waits at most this long for Secrets Manager
/// and the database, where both are slow; `deploy/` sets 30.
const SHORTEST: u64 = 15;

/// The part of a failure that is shown, in characters.
const WORDS: usize = 400;

/// Which Lambda endpoint is used.
#[derive(Clone, Debug)]
pub(super) enum LambdaEndpoint {
    /// The Region's own endpoint.
    Regional,
    /// At this URL.
    At(EndpointUrl),
    /// A Secrets Manager other than AWS's is used, and the address of its Lambda is not known.
    Unknown,
}

/// What Lambda reported, as far as it did.
struct Seen {
    configuration: Answered<Configuration>,
    policy: Answered<Policy>,
}

/// Checks the function and returns the findings. Reads alone.
pub(super) async fn look(
    access: &Access,
    endpoint: &LambdaEndpoint,
    function: Option<&str>,
    secret: &SecretId,
) -> Vec<Finding> {
    let unseen = |because: &str| vec![Finding::unseen(Check::Function, because)];
    let Some(function) = function else { return unseen("no function is set") };
    let Some(arn) = FunctionArn::parse(function) else { return unseen("its ARN cannot be read") };
    let url = match endpoint {
        LambdaEndpoint::Regional => None,
        LambdaEndpoint::At(url) => Some(url),
        LambdaEndpoint::Unknown => {
            return unseen(
                "a Secrets Manager other than AWS's is used: AWS_ENDPOINT_URL_LAMBDA names its Lambda",
            );
        }
    };
    let lambda = Lambda::new(access, url);
    let (configuration, policy) = tokio::join!(lambda.configuration(&arn), lambda.policy(&arn));
    Seen { configuration, policy }.findings(&arn, secret)
}

impl Seen {
    fn findings(&self, function: &FunctionArn, secret: &SecretId) -> Vec<Finding> {
        if matches!(self.configuration, Answered::Missing) {
            return vec![finding(
                Severity::Fault,
                finding_codes::FUNCTION_NOT_FOUND,
                format!("there is no function {function}"),
                remediation::DEPLOY_AGAIN.replace("SECRET_ID", &secret.in_a_shell()),
            )];
        }
        let mut findings = vec![self.admission(function, secret)];
        match &self.configuration {
            Answered::Told(configuration) => findings.extend(configuration.findings(function, secret)),
            Answered::Refused(why) => findings.push(unasked(why)),
            Answered::Missing => {}
        }
        findings
    }

    /// Whether Secrets Manager may invoke it.
    fn admission(&self, function: &FunctionArn, secret: &SecretId) -> Finding {
        let none = Policy::default();
        let policy = match &self.policy {
            Answered::Told(policy) => policy,
            Answered::Missing => &none,
            Answered::Refused(why) => return unasked(why),
        };
        let account = secret.as_str().split(':').nth(4).unwrap_or_default();
        // A version or an alias has a policy of its own.
        let qualifier = function.qualifier().map(|name| format!(" --qualifier {name}")).unwrap_or_default();
        let add =
            of_function(&remediation::ADD_PERMISSION.replace("ACCOUNT", account), function) + &qualifier;
        match policy.admission(secret.as_str(), account) {
            Admission::Bounded => {
                Finding::ok(Check::Function, "its policy lets Secrets Manager in for this secret")
            }
            Admission::Open => finding(
                Severity::Warning,
                finding_codes::FUNCTION_PERMISSION_TOO_BROAD,
                "its policy lets Secrets Manager in for secrets of any account",
                format!("{} {add}", of_function(remediation::REMOVE_PERMISSION, function)),
            ),
            Admission::Refused => finding(
                Severity::Fault,
                finding_codes::FUNCTION_NOT_INVOCABLE,
                "its policy does not let Secrets Manager in for this secret",
                add,
            ),
            Admission::Unclear => {
                Finding::unseen(Check::Function, "its policy has conditions that are not judged here")
            }
        }
    }
}

impl Configuration {
    fn findings(&self, function: &FunctionArn, secret: &SecretId) -> Vec<Finding> {
        let fill = |hint| of_function(hint, function).replace("SECRET_ID", &secret.in_a_shell());
        let mut findings = Vec::new();
        if self.state != "Active" {
            let severity = if self.state == "Failed" { Severity::Fault } else { Severity::Warning };
            let reason = if self.reason.is_empty() { String::new() } else { format!(": {}", self.reason) };
            findings.push(finding(
                severity,
                finding_codes::FUNCTION_INACTIVE,
                format!("its state is {}{reason}", self.state),
                fill(remediation::ACTIVATE),
            ));
        }
        if self.timeout < SHORTEST {
            findings.push(finding(
                Severity::Warning,
                finding_codes::FUNCTION_TIMEOUT_TOO_SHORT,
                format!("its timeout is {} seconds, and a step may need {SHORTEST}", self.timeout),
                fill(remediation::RAISE_TIMEOUT),
            ));
        }
        if findings.is_empty() {
            let sentence = format!("it is active, and a step may take {} seconds", self.timeout);
            findings.push(Finding::ok(Check::Function, sentence));
        }
        findings.push(Finding {
            remediation: fill(remediation::ASK_FUNCTION),
            ..Finding::unseen(
                Check::Function,
                &format!(
                    "only IAM shows what its role {} may do; the function's own diagnosis tests it",
                    self.role
                ),
            )
        });
        findings
    }
}

/// A hint with the function in its commands.
fn of_function(hint: &str, function: &FunctionArn) -> String {
    hint.replace("FUNCTION_ARN", &function.to_string())
}

fn finding(
    severity: Severity,
    code: FindingCode,
    sentence: impl Into<String>,
    remediation: impl Into<String>,
) -> Finding {
    Finding {
        check: Check::Function,
        severity,
        code,
        sentence: sentence.into(),
        remediation: remediation.into(),
    }
}

fn unasked(why: &AwsError) -> Finding {
    let words: String = with_causes(why).chars().take(WORDS).collect();
    Finding {
        remediation: format!("Allow {} on the function to the IAM identity that you use.", why.action()),
        ..Finding::unseen(Check::Function, &words)
    }
}
