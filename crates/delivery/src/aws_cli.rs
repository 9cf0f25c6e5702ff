//! The AWS CLI, which provides the caller's credentials, profile, Region and endpoint.

use std::{
    ffi::OsStr,
    path::PathBuf,
    process::{Command, Stdio},
};

use serde_json::Value;

/// The part of an error message that is shown, in bytes.
const MAX_COMPLAINT: usize = 2000;

/// One way to call AWS: a program and the Region of every call.
#[derive(Clone, Debug)]
pub(crate) struct AwsCli {
    program: PathBuf,
    region: Option<String>,
}

/// Why a call has no answer.
#[derive(Debug, thiserror::Error)]
pub(crate) enum AwsError {
    /// There is no such program.
    #[error("{0} cannot be started; install the AWS CLI (https://aws.amazon.com/cli)")]
    NoProgram(String),
    /// AWS, or the CLI itself, refused.
    #[error("aws {operation}: {complaint}")]
    Refused {
        /// Service and operation.
        operation: String,
        /// The CLI's message.
        complaint: String,
    },
}

impl AwsError {
    /// Whether AWS refused with this code, as in `An error occurred (ValidationError) when ...`.
    pub(crate) fn is(&self, code: &str) -> bool {
        matches!(self, Self::Refused { complaint, .. } if complaint.contains(&format!("({code})")))
    }

    /// Whether the message contains this text.
    pub(crate) fn says(&self, words: &str) -> bool {
        matches!(self, Self::Refused { complaint, .. } if complaint.contains(words))
    }
}

impl AwsCli {
    pub(crate) fn new(program: PathBuf, region: Option<String>) -> Self {
        Self { program, region }
    }

    /// The same in another Region.
    pub(crate) fn in_region(&self, region: &str) -> Self {
        Self { region: Some(region.to_owned()), ..self.clone() }
    }

    /// Calls an operation and returns its answer; null where it answers nothing.
    ///
    /// The CLI itself retries and bounds its calls. Its answer is held in memory alone: it may be a secret's
    /// value.
    pub(crate) fn call<A: AsRef<OsStr>>(&self, arguments: &[A]) -> Result<Value, AwsError> {
        let mut command = Command::new(&self.program);
        // As variables: the CLI's first version does not have them as options.
        command
            .args(arguments)
            .args(["--output", "json"])
            .env("AWS_PAGER", "")
            .env("AWS_CLI_AUTO_PROMPT", "off");
        if let Some(region) = &self.region {
            command.args(["--region", region]);
        }
        let output = command
            .stdin(Stdio::null())
            .output()
            .map_err(|_| AwsError::NoProgram(self.program.display().to_string()))?;
        if !output.status.success() {
            let said = String::from_utf8_lossy(&output.stderr);
            return Err(AwsError::Refused {
                operation: operation(arguments),
                complaint: said.trim().chars().take(MAX_COMPLAINT).collect(),
            });
        }
        Ok(serde_json::from_slice(&output.stdout).unwrap_or(Value::Null))
    }

    /// The credentials of the CLI, as environment variables for another program; `None` where it does not
    /// export them, like its first version.
    pub(crate) fn exported_credentials(&self) -> Option<Vec<(&'static str, String)>> {
        let answer = self.call(&["configure", "export-credentials", "--format", "process"]).ok()?;
        let members = [
            ("AWS_ACCESS_KEY_ID", "AccessKeyId"),
            ("AWS_SECRET_ACCESS_KEY", "SecretAccessKey"),
            ("AWS_SESSION_TOKEN", "SessionToken"),
        ];
        let all = members.map(|(variable, member)| (variable, text(&answer, member).to_owned()));
        let all: Vec<_> = all.into_iter().filter(|(_, value)| !value.is_empty()).collect();
        (all.len() > 1).then_some(all)
    }
}

/// Service and operation alone: what follows may be long.
fn operation<A: AsRef<OsStr>>(arguments: &[A]) -> String {
    let words = arguments.iter().take(2).map(|word| word.as_ref().to_string_lossy());
    words.collect::<Vec<_>>().join(" ")
}

/// A member of an answer as text; empty where it is absent.
pub(crate) fn text<'a>(answer: &'a Value, member: &str) -> &'a str {
    answer[member].as_str().unwrap_or_default()
}
