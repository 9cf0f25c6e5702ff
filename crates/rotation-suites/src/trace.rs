//! What remains of a scene when its case has ended.

use std::sync::Arc;

use local_aws::secrets_manager::{Operation, SecretsManagerHandle};
use serde_json::{Value, json};

use super::{Tenant, canaries::Canaries, gate::Gate};

/// What is kept of a scene until its case has ended, for the search.
pub(super) struct Trace {
    pub(super) gate: Arc<Gate>,
    pub(super) manager: SecretsManagerHandle,
    pub(super) tenant: Tenant,
    pub(super) secrets: [String; 2],
}

impl Trace {
    pub(super) fn canaries(&self) -> Canaries {
        let mut canaries = Canaries::default();
        for document in [&self.tenant.document, &self.tenant.master] {
            canaries.add("the first password of a secret", document["password"].as_str().unwrap_or_default());
        }
        for secret in &self.secrets {
            let request = json!({"SecretId": secret, "IncludeDeprecated": true});
            let listed =
                self.manager.call_inside(Operation::ListSecretVersionIds, request).unwrap_or_default();
            for version in listed["Versions"].as_array().into_iter().flatten() {
                let id = version["VersionId"].as_str().unwrap_or_default();
                let value = self.manager.version_value(secret, id).unwrap_or_default();
                let document: Value = serde_json::from_str(&value).unwrap_or_default();
                canaries.add("the password of a version", document["password"].as_str().unwrap_or_default());
            }
        }
        for event in self.gate.events() {
            canaries.add("a rotation token", event["RotationToken"].as_str().unwrap_or_default());
        }
        canaries
    }

    pub(super) fn output(&self) -> String {
        self.gate.function().output()
    }

    pub(super) fn answers(&self) -> String {
        format!("{:?}", self.gate.errors())
    }
}
