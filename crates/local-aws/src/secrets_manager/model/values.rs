//! Values: read and write.

use std::collections::BTreeSet;

use base64::{Engine, prelude::BASE64_STANDARD};
use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::{
    Model, Secret, ServiceError, Timestamp, Version, VersionId,
    secret::{CURRENT, SecretValue},
};

/// The most that one value may hold, in bytes.
const VALUE_LIMIT: usize = 65_536;
/// The most labels that the versions of one secret may carry.
const STAGES_LIMIT: usize = 20;

/// The new value in a call.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct NewValue {
    client_request_token: Option<String>,
    secret_string: Option<String>,
    secret_binary: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct GetSecretValue {
    secret_id: String,
    version_id: Option<String>,
    version_stage: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct PutSecretValue {
    secret_id: String,
    version_stages: Option<Vec<String>>,
    rotation_token: Option<String>,
    #[serde(flatten)]
    value: NewValue,
}

impl Model {
    pub(super) fn get_secret_value(
        &mut self,
        request: &GetSecretValue,
        now: Timestamp,
    ) -> Result<Value, ServiceError> {
        let secret = self.find_live(&request.secret_id)?;
        let id = secret.chosen_version(request)?;
        secret.accessed = Some(now.day());
        let version = secret.version_mut(id.as_str()).expect("the chosen version exists");
        version.accessed = Some(now.day());
        let mut answer = Map::from_iter([
            ("ARN".to_owned(), Value::Null),
            ("Name".to_owned(), Value::Null),
            ("VersionId".to_owned(), json!(version.id)),
        ]);
        if let Some(value) = &version.value {
            value.add_to(&mut answer);
        }
        answer.insert("VersionStages".to_owned(), json!(version.stages));
        answer.insert("CreatedDate".to_owned(), json!(version.created));
        answer["ARN"] = json!(secret.arn);
        answer["Name"] = json!(secret.name);
        Ok(Value::Object(answer))
    }

    pub(super) fn put_secret_value(
        &mut self,
        request: PutSecretValue,
        now: Timestamp,
    ) -> Result<Value, ServiceError> {
        let token_required = self.rotation_token_required;
        let new = request.value.checked()?;
        let (id, value) = new.ok_or_else(|| {
            ServiceError::invalid_request("You must provide either SecretString or SecretBinary.")
        })?;
        let stages = match request.version_stages {
            None => BTreeSet::from([CURRENT.to_owned()]),
            Some(named) => check_stages(named)?,
        };
        let secret = self.find_live(&request.secret_id)?;
        secret.check_rotation_token(&id, request.rotation_token.as_deref(), token_required)?;
        secret.write(&id, value, &stages, now)?;
        let stages = &secret.version(id.as_str()).expect("it was just written").stages;
        Ok(json!({"ARN": secret.arn, "Name": secret.name, "VersionId": id, "VersionStages": stages}))
    }
}

impl Secret {
    /// Writes a value as version `id` and moves the labels to it.
    ///
    /// The same id with the same value is a success that changes nothing; with another value it is refused. A
    /// version that a rotation created without a value accepts the first one.
    pub(super) fn write(
        &mut self,
        id: &VersionId,
        value: SecretValue,
        stages: &BTreeSet<String>,
        now: Timestamp,
    ) -> Result<(), ServiceError> {
        match self.version(id.as_str()) {
            Some(Version { value: Some(kept), .. }) if *kept == value => return Ok(()),
            Some(Version { value: Some(_), .. }) => {
                return Err(ServiceError::exists(format!(
                    "You can't use ClientRequestToken {} because that value is already in use for a version \
                     of secret {}.",
                    id.as_str(),
                    self.arn.as_str()
                )));
            }
            Some(_) | None => {}
        }
        let carried = self.versions.iter().flat_map(|version| &version.stages);
        if carried.chain(stages).collect::<BTreeSet<_>>().len() > STAGES_LIMIT {
            return Err(ServiceError::limit(format!(
                "A secret can have at most {STAGES_LIMIT} staging labels."
            )));
        }
        match self.version_mut(id.as_str()) {
            Some(version) => version.value = Some(value),
            None => self.versions.push(Version::new(id.clone(), Some(value), now)),
        }
        for stage in stages {
            self.move_stage(stage, id.as_str());
        }
        self.changed = now;
        self.prune(now);
        Ok(())
    }

    /// The version that a read refers to. One without a value counts as none.
    fn chosen_version(&self, request: &GetSecretValue) -> Result<VersionId, ServiceError> {
        let stage = request.version_stage.as_deref();
        let Some(id) = &request.version_id else {
            let stage = stage.unwrap_or(CURRENT);
            let holder = self.holder(stage).filter(|version| version.value.is_some());
            return holder
                .map(|version| version.id.clone())
                .ok_or_else(|| ServiceError::value_not_found("staging label", stage));
        };
        let version = self
            .version(id)
            .filter(|version| version.value.is_some())
            .ok_or_else(|| ServiceError::value_not_found("VersionId", id))?;
        if stage.is_some_and(|stage| !version.stages.contains(stage)) {
            return Err(ServiceError::invalid_request(
                "You provided a VersionStage that is not associated to the provided VersionId.",
            ));
        }
        Ok(version.id.clone())
    }
}

impl NewValue {
    /// The value with its version id; `None` where the call passes no value.
    pub(super) fn checked(self) -> Result<Option<(VersionId, SecretValue)>, ServiceError> {
        let token = self.client_request_token.ok_or_else(|| {
            ServiceError::invalid_request(
                "You must provide a ClientRequestToken value. We recommend a UUID-type value.",
            )
        })?;
        let id = VersionId::from_token(token)?;
        let (value, length) = match (self.secret_string, self.secret_binary) {
            (None, None) => return Ok(None),
            (Some(_), Some(_)) => {
                return Err(ServiceError::invalid_parameter(
                    "You can't specify both a binary secret value and a string secret value in the \
                     same secret.",
                ));
            }
            (Some(text), None) => {
                let length = text.len();
                (SecretValue::String(text), length)
            }
            (None, Some(base64)) => {
                let bytes = BASE64_STANDARD
                    .decode(&base64)
                    .map_err(|_| ServiceError::invalid_parameter("SecretBinary is not base64."))?;
                (SecretValue::Binary(base64), bytes.len())
            }
        };
        if length == 0 || length > VALUE_LIMIT {
            return Err(ServiceError::invalid_parameter(format!(
                "The value of a secret must be 1-{VALUE_LIMIT} bytes long."
            )));
        }
        Ok(Some((id, value)))
    }
}

fn check_stages(named: Vec<String>) -> Result<BTreeSet<String>, ServiceError> {
    let right = (1..=STAGES_LIMIT).contains(&named.len())
        && named.iter().all(|stage| (1..=256).contains(&stage.chars().count()));
    if right {
        return Ok(named.into_iter().collect());
    }
    Err(ServiceError::invalid_parameter(format!(
        "VersionStages must name 1-{STAGES_LIMIT} staging labels of 1-256 characters."
    )))
}
