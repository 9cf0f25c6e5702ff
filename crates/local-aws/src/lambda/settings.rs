//! The environment of a function.

use std::{collections::BTreeMap, path::PathBuf, time::Duration};

// Circle: a builder makes the function, and the function gives out its builder.
use super::LambdaFunction;

/// Lambda's own limit for its init phase.
const START_LIMIT: Duration = Duration::from_secs(10);

/// How a [`LambdaFunction`] is started. The environment of the program is exactly what Lambda defines and
/// what is added here: nothing is inherited.
#[derive(Clone)]
pub struct LambdaBuilder {
    program: PathBuf,
    arguments: Vec<String>,
    environment: BTreeMap<String, String>,
    name: String,
    region: String,
    account: String,
    memory_mib: u32,
    timeout: Duration,
    start_limit: Duration,
}

pub(super) struct Settings {
    pub(super) program: PathBuf,
    pub(super) arguments: Vec<String>,
    pub(super) environment: BTreeMap<String, String>,
    pub(super) arn: String,
    pub(super) name: String,
    pub(super) timeout: Duration,
    pub(super) start_limit: Duration,
}

impl LambdaBuilder {
    pub(super) fn new(program: PathBuf) -> Self {
        let name =
            program.file_stem().map_or_else(|| "function".into(), |stem| stem.to_string_lossy().into_owned());
        Self {
            program,
            arguments: Vec::new(),
            environment: BTreeMap::new(),
            name,
            region: "us-east-1".to_owned(),
            account: "123456789012".to_owned(),
            memory_mib: 128,
            timeout: Duration::from_secs(30),
            start_limit: START_LIMIT,
        }
    }

    /// Adds an argument of the program, after those added before.
    #[must_use]
    pub fn arg(mut self, argument: impl Into<String>) -> Self {
        self.arguments.push(argument.into());
        self
    }

    /// Sets a variable of the function, in place of Lambda's own where the names are equal.
    #[must_use]
    pub fn env(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.environment.insert(name.into(), value.into());
        self
    }

    /// The function's name (default: the program's file name without its ending).
    #[must_use]
    pub fn name(mut self, name: impl Into<String>) -> Self {
        self.name = name.into();
        self
    }

    /// `AWS_REGION` (default `us-east-1`).
    #[must_use]
    pub fn region(mut self, region: impl Into<String>) -> Self {
        self.region = region.into();
        self
    }

    /// The twelve digits of the account in the function's ARN (default `123456789012`).
    #[must_use]
    pub fn account(mut self, account: impl Into<String>) -> Self {
        self.account = account.into();
        self
    }

    /// `AWS_LAMBDA_FUNCTION_MEMORY_SIZE`, in MiB (default 128). It is only reported to the function, not
    /// enforced.
    #[must_use]
    pub fn memory_mib(mut self, memory: u32) -> Self {
        self.memory_mib = memory;
        self
    }

    /// The function's timeout (default 30 s): it makes the deadline header, and the process is killed at its
    /// end.
    #[must_use]
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = timeout;
        self
    }

    /// How long a process may take from its start to its first request for work (default 10 s, as in Lambda's
    /// init phase).
    #[must_use]
    pub fn start_limit(mut self, limit: Duration) -> Self {
        self.start_limit = limit;
        self
    }

    /// `AWS_LAMBDA_LOG_FORMAT`: `Text` or `JSON`. Not set by default.
    #[must_use]
    pub fn log_format(self, format: &str) -> Self {
        self.env("AWS_LAMBDA_LOG_FORMAT", format)
    }

    /// `AWS_LAMBDA_LOG_LEVEL`: `TRACE` to `FATAL`. Not set by default.
    #[must_use]
    pub fn log_level(self, level: &str) -> Self {
        self.env("AWS_LAMBDA_LOG_LEVEL", level)
    }

    /// Builds the function. Nothing is started.
    ///
    /// # Errors
    /// When the temporary file for the program's output cannot be created.
    pub fn build(self) -> std::io::Result<LambdaFunction> {
        let environment = self.lambda_environment().into_iter().chain(self.environment.clone()).collect();
        LambdaFunction::new(Settings {
            arn: format!("arn:aws:lambda:{}:{}:function:{}", self.region, self.account, self.name),
            program: self.program,
            arguments: self.arguments,
            environment,
            name: self.name,
            timeout: self.timeout,
            start_limit: self.start_limit,
        })
    }

    /// What Lambda itself sets for a function with a custom runtime, without the address of the Runtime API.
    fn lambda_environment(&self) -> BTreeMap<String, String> {
        let root =
            self.program.parent().map_or_else(String::new, |folder| folder.to_string_lossy().into_owned());
        [
            ("_HANDLER", "bootstrap"),
            ("AWS_ACCESS_KEY_ID", "AKIAIOSFODNN7EXAMPLE"),
            ("AWS_SECRET_ACCESS_KEY", "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"),
            ("AWS_SESSION_TOKEN", "local-session"),
            ("AWS_REGION", &self.region),
            ("AWS_DEFAULT_REGION", &self.region),
            ("AWS_LAMBDA_FUNCTION_NAME", &self.name),
            ("AWS_LAMBDA_FUNCTION_VERSION", "$LATEST"),
            ("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", &self.memory_mib.to_string()),
            ("AWS_LAMBDA_INITIALIZATION_TYPE", "on-demand"),
            ("AWS_LAMBDA_LOG_GROUP_NAME", &format!("/aws/lambda/{}", self.name)),
            ("AWS_LAMBDA_LOG_STREAM_NAME", "local"),
            ("LAMBDA_TASK_ROOT", &root),
            ("LAMBDA_RUNTIME_DIR", "/var/runtime"),
            ("LANG", "en_US.UTF-8"),
            ("PATH", "/usr/local/bin:/usr/bin/:/bin:/opt/bin"),
            ("TZ", ":UTC"),
        ]
        .into_iter()
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .collect()
    }
}
