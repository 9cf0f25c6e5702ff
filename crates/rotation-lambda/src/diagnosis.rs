//! The event `{"doctor": "<secret>"}`: runs the checks of `rotate doctor` in the function's network, with the
//! function's role.
//!
//! The rules of a rotation apply: a secret of another account or Region, or one that another function is set
//! to rotate, is refused. The answer is bounded and contains no password.

use std::time::SystemTime;

use rotation_aws::SecretsManager;
use rotation_core::{EventError, Invocation, RotationError, SecretId, diagnosis::Diagnosable};
use rotation_doctor::{Diagnosis, Doctor, Logins};
use serde_json::Value;

use crate::{failure::Failure, log::one_line};

/// What the event asks to diagnose.
#[derive(Clone, Debug)]
pub(crate) struct Request {
    pub(crate) secret: SecretId,
    pub(crate) logins: Logins,
}

impl Request {
    /// `None` where the event is not a doctor event. With `"logins": false` next to `doctor`, no login is
    /// tried.
    ///
    /// # Errors
    /// [`EventError`] names the field that is malformed.
    pub(crate) fn of(event: &Value) -> Option<Result<Self, EventError>> {
        let secret = match event.get("doctor")? {
            Value::String(id) => SecretId::new(id.as_str()).map_err(|_| EventError::Invalid {
                field: "doctor",
                rule: "the ARN or the name of a secret",
            }),
            _ => Err(EventError::Invalid { field: "doctor", rule: "the ARN or the name of a secret" }),
        };
        let logins = match event.get("logins") {
            None | Some(Value::Bool(true)) => Ok(Logins::Each),
            Some(Value::Bool(false)) => Ok(Logins::None),
            Some(_) => Err(EventError::Invalid { field: "logins", rule: "true or false" }),
        };
        Some(secret.and_then(|secret| Ok(Self { secret, logins: logins? })))
    }

    /// Diagnoses the secret.
    ///
    /// # Errors
    /// The secret may not be diagnosed or cannot be described, or the deadline has passed.
    pub(crate) async fn diagnose(
        &self,
        store: &SecretsManager,
        target: &impl Diagnosable,
        invocation: &Invocation,
    ) -> Result<Diagnosis, RotationError> {
        #[expect(
            clippy::disallowed_methods,
            reason = "certificates and ages need the time of day, and this is the shell"
        )]
        let now = SystemTime::now();
        let Invocation { invoker, deadline, .. } = invocation.clone();
        let doctor = Doctor { store, target, invoker, logins: self.logins, now };
        deadline.bound(Box::pin(doctor.diagnose(&self.secret))).await?
    }

    /// Writes the outcome line of the invocation and returns its answer.
    pub(crate) fn answer(
        &self,
        request_id: &str,
        diagnosis: Result<Diagnosis, Failure>,
    ) -> Result<Value, Failure> {
        let diagnosis = diagnosis.map_err(|failure| failure.about(&self.secret, None));
        let secret = self.secret.as_str();
        match diagnosis {
            Ok(diagnosis) => {
                let (severity, state) = (diagnosis.severity().name(), diagnosis.advice.state.name());
                tracing::info!(request_id, secret, severity, state, "doctor: {severity}");
                Ok(diagnosis.to_json(""))
            }
            Err(failure) => {
                let Failure { code, message, hint, detail } = &failure;
                let (class, code, detail) = (code.class().name(), code.name(), detail.as_deref());
                let message = one_line(message);
                tracing::error!(request_id, secret, outcome = class, code, detail, hint, "{code}: {message}");
                Err(failure)
            }
        }
    }
}
