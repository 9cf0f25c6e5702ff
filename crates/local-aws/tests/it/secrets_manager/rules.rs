//! The rules of the service, each with its source and with moto's behavior.

mod deletion;
mod listing;
mod passwords;
mod rotation;
mod stages;
mod values;

use std::collections::BTreeSet;

use local_aws::{BoxFuture, secrets_manager::Operation};
use serde_json::{Value, json};

use super::backend::Backend;

/// Where a rule comes from.
#[derive(Clone, Copy, Debug)]
pub(super) enum Source {
    /// Recorded against AWS by public test suites.
    Recorded,
    /// AWS's documentation or service model.
    Documented,
    /// Reported in public issues.
    Reported,
}

/// How moto treats a rule.
#[derive(Clone, Copy, Debug)]
pub(super) enum MotoSays {
    TheSame,
    /// It is wrong, and the mismatch contains this text.
    Otherwise(&'static str),
    /// It cannot be asked, for this reason.
    NotAsked(&'static str),
}

/// Nothing, or what was found instead.
pub(super) type Outcome = Result<(), String>;

/// One rule of the service.
pub(super) struct Rule {
    pub(super) name: &'static str,
    pub(super) source: Source,
    pub(super) moto: MotoSays,
    pub(super) check: for<'a> fn(&'a Ground<'a>) -> BoxFuture<'a, Outcome>,
}

pub(super) fn rules() -> Vec<Rule> {
    [
        values::rules(),
        stages::rules(),
        rotation::rules(),
        listing::rules(),
        deletion::rules(),
        passwords::rules(),
    ]
    .into_iter()
    .flatten()
    .collect()
}

/// A rule's own secret name on a backend.
pub(super) struct Ground<'a> {
    backend: &'a Backend,
    pub(super) name: String,
}

impl<'a> Ground<'a> {
    pub(super) fn new(backend: &'a Backend, place: usize) -> Self {
        Self { backend, name: format!("rule/{place:02}") }
    }

    /// The rule's secret, with the value `one` under the version [`token`]`(1)`. Returns its ARN.
    pub(super) async fn secret(&self) -> Result<String, String> {
        let request = json!({"Name": self.name, "SecretString": "one", "ClientRequestToken": token(1)});
        let answer = self.ok(Operation::CreateSecret, request).await?;
        Ok(answer["ARN"].as_str().unwrap_or_default().to_owned())
    }

    /// The same, with the value `two` under AWSPENDING as version [`token`]`(2)`.
    pub(super) async fn secret_with_pending(&self) -> Result<String, String> {
        let arn = self.secret().await?;
        self.put(2, "two", &["AWSPENDING"]).await?;
        Ok(arn)
    }

    pub(super) async fn put(&self, version: u32, value: &str, stages: &[&str]) -> Result<Value, String> {
        self.ok(
            Operation::PutSecretValue,
            self.about(json!({
                "ClientRequestToken": token(version), "SecretString": value, "VersionStages": stages,
            })),
        )
        .await
    }

    /// A request about the rule's secret.
    pub(super) fn about(&self, mut request: Value) -> Value {
        request["SecretId"] = json!(self.name);
        request
    }

    pub(super) async fn ok(&self, operation: Operation, request: Value) -> Result<Value, String> {
        self.backend
            .call(operation, request)
            .await
            .map_err(|refusal| format!("{operation} was refused: {}: {}", refusal.code, refusal.message))
    }

    pub(super) async fn refused(
        &self,
        operation: Operation,
        request: Value,
        code: &str,
        message: &str,
    ) -> Outcome {
        match self.backend.call(operation, request).await {
            Ok(_) => Err(format!("{operation} was not refused")),
            Err(refusal) if refusal.code == code && refusal.message.contains(message) => Ok(()),
            Err(refusal) => {
                Err(format!("{operation} was refused with {}: {}", refusal.code, refusal.message))
            }
        }
    }

    /// The labels of version `n`, sorted; empty where the version is not shown.
    pub(super) async fn stages(&self, version: u32) -> Result<BTreeSet<String>, String> {
        let answer = self.ok(Operation::DescribeSecret, self.about(json!({}))).await?;
        let list = answer["VersionIdsToStages"][token(version)].as_array().cloned().unwrap_or_default();
        Ok(list.iter().filter_map(|stage| stage.as_str().map(str::to_owned)).collect())
    }

    pub(super) async fn has_stages(&self, version: u32, expected: &[&str]) -> Outcome {
        let found = self.stages(version).await?;
        let expected = expected.iter().map(|stage| (*stage).to_owned()).collect::<BTreeSet<_>>();
        same(&format!("the labels of version {version}"), &found, &expected)
    }

    pub(super) async fn current_value(&self) -> Result<String, String> {
        let answer = self.ok(Operation::GetSecretValue, self.about(json!({}))).await?;
        Ok(answer["SecretString"].as_str().unwrap_or_default().to_owned())
    }
}

/// A version id that differs from the others.
pub(super) fn token(n: u32) -> String {
    format!("00000000-0000-4000-8000-{n:012}")
}

pub(super) fn same<T: PartialEq + std::fmt::Debug + ?Sized>(what: &str, found: &T, expected: &T) -> Outcome {
    if found == expected { Ok(()) } else { Err(format!("{what}: {found:?} instead of {expected:?}")) }
}

/// A rule in one line.
pub(super) fn rule(
    name: &'static str,
    source: Source,
    moto: MotoSays,
    check: for<'a> fn(&'a Ground<'a>) -> BoxFuture<'a, Outcome>,
) -> Rule {
    Rule { name, source, moto, check }
}
