//! One rotation by a real function against a malicious server.

use std::{error::Error, sync::Arc, time::Duration};

use local_aws::{
    FunctionError, LambdaBuilder, LocalSecretsManager,
    secrets_manager::{RotationSettings, Settings},
};
use serde_json::Value;

use super::{canaries::Canaries, gate::Gate};

/// The longest time for one rotation, on a busy machine.
const LIMIT: Duration = Duration::from_mins(2);

/// The result of one attempt at one rotation, seen from outside the function's process.
pub struct Trial {
    /// The error of the step that ended it, if one did.
    pub error: Option<FunctionError>,
    /// The longest invocation.
    pub longest: Duration,
    /// The highest resident set of the process (`VmHWM`), in KiB; `None` where it ended without an answer.
    pub peak_rss_kib: Option<u64>,
    /// The process, which lives on until this value is dropped.
    pub process_id: u32,
    /// Everything that it wrote to its log.
    pub log: String,
    /// The log, and every error that it answered.
    pub said: String,
    canaries: Canaries,
    /// Holds the process.
    _gate: Arc<Gate>,
}

impl Trial {
    /// Rotates a secret with this document once, step by step as the service does, without a second attempt.
    ///
    /// # Errors
    /// The local services or the function cannot be set up, or the rotation does not end.
    pub async fn run(
        function: LambdaBuilder,
        document: &Value,
    ) -> Result<Self, Box<dyn Error + Send + Sync>> {
        let rotation = RotationSettings { attempts: 1, ..RotationSettings::default() };
        let store = LocalSecretsManager::start(Settings { rotation, ..Settings::default() }).await?;
        let function = function.env("SECRETS_MANAGER_ENDPOINT", store.endpoint()).build()?;
        let arn = function.arn().to_owned();
        let gate = Arc::new(Gate::new(function));
        store.register(&arn, gate.clone());
        let secret = store.create_secret("trial", &document.to_string())?;
        let version = store.rotate(&secret, &arn)?;
        let record = store.wait_for_rotation(&secret, &version, LIMIT).await?;

        let mut canaries = Canaries::default();
        canaries.add("the current password", document["password"].as_str().unwrap_or_default());
        if let Ok(pending) = store.version_value(&secret, &version) {
            let pending: Value = serde_json::from_str(&pending)?;
            canaries.add("the pending password", pending["password"].as_str().unwrap_or_default());
        }
        for event in gate.events() {
            canaries.add("the rotation token", event["RotationToken"].as_str().unwrap_or_default());
        }
        let errors: Vec<_> = gate.errors().iter().map(ToString::to_string).collect();
        let reports = gate.function().reports();
        let log = gate.function().output();
        Ok(Self {
            error: record.last_error().cloned(),
            longest: reports.iter().map(|report| report.duration).max().unwrap_or_default(),
            peak_rss_kib: reports.iter().map(|report| report.peak_rss_kib).max().flatten(),
            process_id: reports.last().map(|report| report.process_id).unwrap_or_default(),
            said: format!("{log}\n{}", errors.join("\n")),
            log,
            canaries,
            _gate: gate,
        })
    }

    /// The name of a password or rotation token that is in `text`.
    pub fn leaked_in(&self, text: &str) -> Option<&str> {
        self.canaries.find_in(text)
    }

    /// Whether a value with this name, such as `the rotation token`, is among those that [`Trial::leaked_in`]
    /// searches for.
    pub(super) fn looks_for(&self, what: &str) -> bool {
        self.canaries.include(what)
    }

    /// The code of the error: the function's own, or Lambda's for a process that ended or took too long.
    pub fn code(&self) -> &str {
        self.error.as_ref().map_or("none", |error| error.error_type.as_str())
    }
}
