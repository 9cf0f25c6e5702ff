//! Secrets and their metadata: create, describe, update.

use std::collections::BTreeSet;

use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::{
    Model, Moment, Secret, SecretArn, ServiceError, Timestamp, VersionId,
    by_name::ByName,
    named,
    rotation::Rotation,
    secret::{CURRENT, SecretValue},
    tags::{Tag, check_tags},
    values::NewValue,
};

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct CreateSecret {
    name: String,
    description: Option<String>,
    kms_key_id: Option<String>,
    #[serde(rename = "Type")]
    kind: Option<String>,
    #[serde(default)]
    tags: Vec<Tag>,
    #[serde(flatten)]
    value: NewValue,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct UpdateSecret {
    secret_id: String,
    description: Option<String>,
    kms_key_id: Option<String>,
    #[serde(rename = "Type")]
    kind: Option<String>,
    #[serde(flatten)]
    value: NewValue,
}

impl Model {
    pub(super) fn create_secret(
        &mut self,
        request: CreateSecret,
        moment: &mut Moment<'_>,
    ) -> Result<Value, ServiceError> {
        check_name(&request.name)?;
        check_tags(&request.tags)?;
        let new = request.value.checked()?;
        if let Some(secret) = self.secrets.values().find(|secret| secret.name == request.name) {
            return already_created(secret, new.as_ref());
        }

        let suffix =
            moment.entropy.text(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789", 6);
        let arn = SecretArn::new(&self.region, &self.account, &request.name, &suffix);
        let mut secret = Secret {
            arn: arn.clone(),
            name: request.name,
            description: request.description,
            kms_key_id: request.kms_key_id,
            tags: request.tags.into_iter().map(Tag::into_pair).collect(),
            owner: None,
            kind: request.kind,
            external: None,
            primary_region: None,
            created: moment.now,
            changed: moment.now,
            accessed: None,
            deletion: None,
            rotation: None,
            versions: Vec::new(),
        };
        let mut answer = json!({"ARN": arn, "Name": secret.name});
        if let Some((id, value)) = new {
            answer["VersionId"] = json!(id);
            secret.write(&id, value, &BTreeSet::from([CURRENT.to_owned()]), moment.now)?;
        }
        self.secrets.insert(arn, secret);
        Ok(answer)
    }

    pub(super) fn describe_secret(&self, request: &ByName) -> Result<Value, ServiceError> {
        let secret = self.find(&request.secret_id)?;
        let mut answer = secret.outline();
        if let Some(labeled) = Some(secret.labeled_versions()).filter(|labeled| !labeled.is_empty()) {
            answer.insert("VersionIdsToStages".to_owned(), Value::Object(labeled));
        }
        Ok(Value::Object(answer))
    }

    pub(super) fn update_secret(
        &mut self,
        request: UpdateSecret,
        now: Timestamp,
    ) -> Result<Value, ServiceError> {
        let new = request.value.checked()?;
        let secret = self.find_live(&request.secret_id)?;
        let mut answer = named(secret);
        if let Some((id, value)) = new {
            answer["VersionId"] = json!(id);
            secret.write(&id, value, &BTreeSet::from([CURRENT.to_owned()]), now)?;
        }
        secret.description = request.description.or(secret.description.take());
        secret.kms_key_id = request.kms_key_id.or(secret.kms_key_id.take());
        secret.kind = request.kind.or(secret.kind.take());
        secret.changed = now;
        Ok(answer)
    }
}

impl Secret {
    /// What both `DescribeSecret` and `ListSecrets` show; empty members are left out.
    pub(super) fn outline(&self) -> Map<String, Value> {
        let rotation = self.rotation.as_ref();
        let enabled = rotation.map(|rotation| rotation.enabled).or(self.external.as_ref().map(|_| true));
        let tags: Vec<_> = self.tags.iter().map(|(key, value)| json!({"Key": key, "Value": value})).collect();
        let members = [
            ("ARN", json!(self.arn)),
            ("Name", json!(self.name)),
            ("Description", json!(self.description)),
            ("KmsKeyId", json!(self.kms_key_id)),
            ("RotationEnabled", json!(enabled)),
            ("RotationLambdaARN", json!(rotation.map(|rotation| &rotation.function))),
            ("RotationRules", json!(rotation.and_then(|rotation| rotation.rules.as_ref()))),
            ("LastRotatedDate", json!(rotation.and_then(|rotation| rotation.last_rotated))),
            ("LastChangedDate", json!(self.changed)),
            ("LastAccessedDate", json!(self.accessed)),
            ("DeletedDate", json!(self.deletion)),
            ("NextRotationDate", json!(rotation.and_then(Rotation::next_rotation))),
            ("OwningService", json!(self.owner)),
            ("Tags", if tags.is_empty() { Value::Null } else { Value::Array(tags) }),
            ("CreatedDate", json!(self.created)),
        ];
        let members = members.into_iter().chain(self.external_members());
        let present = members.filter(|(_, value)| !value.is_null());
        present.map(|(name, value)| (name.to_owned(), value)).collect()
    }
}

fn already_created(secret: &Secret, new: Option<&(VersionId, SecretValue)>) -> Result<Value, ServiceError> {
    if secret.deletion.is_some() {
        return Err(ServiceError::invalid_request(
            "You can't create this secret because a secret with this name is already scheduled for deletion.",
        ));
    }
    match new {
        Some((id, value))
            if secret.version(id.as_str()).is_some_and(|kept| kept.value.as_ref() == Some(value)) =>
        {
            Ok(json!({"ARN": secret.arn, "Name": secret.name, "VersionId": id}))
        }
        Some(_) | None => Err(ServiceError::exists(format!(
            "The operation failed because the secret {} already exists.",
            secret.name
        ))),
    }
}

fn check_name(name: &str) -> Result<(), ServiceError> {
    let allowed = |c: char| c.is_ascii_alphanumeric() || "-/_+=.@!".contains(c);
    if (1..=512).contains(&name.len()) && name.chars().all(allowed) {
        return Ok(());
    }
    Err(ServiceError::invalid_parameter(
        "Invalid name. Must be a valid name containing alphanumeric characters, or any of the \
         following: -/_+=.@!",
    ))
}
