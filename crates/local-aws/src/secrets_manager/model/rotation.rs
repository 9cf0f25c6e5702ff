//! `RotateSecret` and `CancelRotateSecret`: what they change, and what they order from the driver.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::{
    ErrorCode, Model, Moment, SecretArn, ServiceError, Timestamp, Version, VersionId,
    by_name::ByName,
    external::External,
    order::{RotationOrder, RotationScope},
    schedule::RotationRules,
    secret::{CURRENT, PENDING},
};

/// How a secret is rotated.
#[derive(Clone, Serialize, Deserialize)]
pub(super) struct Rotation {
    pub(super) function: String,
    pub(super) enabled: bool,
    pub(super) rules: Option<RotationRules>,
    pub(super) configured: Timestamp,
    pub(super) last_rotated: Option<Timestamp>,
}

impl Rotation {
    pub(super) fn next_rotation(&self) -> Option<Timestamp> {
        let rules = self.rules.as_ref().filter(|_| self.enabled)?;
        rules.next_after(self.last_rotated.unwrap_or(self.configured))
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct RotateSecret {
    secret_id: String,
    client_request_token: Option<String>,
    #[serde(rename = "RotationLambdaARN")]
    rotation_lambda_arn: Option<String>,
    rotation_rules: Option<RotationRules>,
    rotate_immediately: Option<bool>,
    #[serde(flatten)]
    external: External,
}

impl Model {
    pub(super) fn rotate_secret(
        &mut self,
        request: RotateSecret,
        moment: &mut Moment<'_>,
    ) -> Result<Value, ServiceError> {
        let id = VersionId::from_token(request.client_request_token.ok_or_else(|| {
            ServiceError::invalid_parameter(
                "You must provide a ClientRequestToken value. We recommend a UUID-type value.",
            )
        })?)?;
        if let Some(rules) = &request.rotation_rules {
            rules.check()?;
        }
        let secret = self.find_live(&request.secret_id)?;
        if secret.kind.is_some() && request.rotation_lambda_arn.is_none() {
            return self.rotate_externally(&request.secret_id, request.external, moment.now);
        }
        let arn = secret.arn.clone();
        let answer = json!({"ARN": arn, "Name": secret.name, "VersionId": id});
        let kept = secret.rotation.clone();
        let function = request
            .rotation_lambda_arn
            .or_else(|| kept.as_ref().map(|rotation| rotation.function.clone()))
            .ok_or_else(|| {
                ServiceError::invalid_request(
                    "No Lambda rotation function ARN is associated with this secret.",
                )
            })?;
        if !self.functions.contains(&function) {
            return Err(ServiceError::new(
                ErrorCode::AccessDeniedException,
                "Secrets Manager cannot invoke the specified Lambda function. Ensure that the function \
                 policy grants access to the principal secretsmanager.amazonaws.com.",
            ));
        }
        if self.is_repeated(&arn, &id, &function)? {
            return Ok(answer);
        }
        self.refuse_while_pending(&arn, &function)?;

        let rotation = Rotation {
            function,
            enabled: true,
            rules: request
                .rotation_rules
                .or_else(|| kept.as_ref().and_then(|rotation| rotation.rules.clone())),
            configured: moment.now,
            last_rotated: kept.and_then(|rotation| rotation.last_rotated),
        };
        let scope = match request.rotate_immediately {
            Some(false) => RotationScope::TestOnly,
            Some(true) | None => RotationScope::Full,
        };
        self.begin_rotation(&arn, id, rotation, scope, moment)?;
        Ok(answer)
    }

    pub(super) fn cancel_rotate_secret(&mut self, request: &ByName) -> Result<Value, ServiceError> {
        let secret = self.find_live(&request.secret_id)?;
        let mut answer = json!({"ARN": secret.arn, "Name": secret.name});
        if let Some(pending) = secret.pending() {
            answer["VersionId"] = json!(pending.id);
        }
        let rotation = secret.rotation.as_mut().ok_or_else(|| {
            ServiceError::invalid_request("No Lambda rotation function ARN is associated with this secret.")
        })?;
        rotation.enabled = false;
        Ok(answer)
    }

    /// Creates the AWSPENDING version and the order that belongs to it.
    fn begin_rotation(
        &mut self,
        arn: &SecretArn,
        id: VersionId,
        rotation: Rotation,
        scope: RotationScope,
        moment: &mut Moment<'_>,
    ) -> Result<(), ServiceError> {
        let secret = self.secrets.get_mut(arn).expect("the secret was found before");
        let value = match scope {
            RotationScope::Full => None,
            RotationScope::TestOnly => {
                let current = secret.holder(CURRENT).and_then(|version| version.value.clone());
                Some(current.ok_or_else(|| ServiceError::value_not_found("staging label", CURRENT))?)
            }
        };
        let alphabet = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-";
        let token = moment.entropy.text(alphabet, 64);
        let mut version = Version::new(id.clone(), value, moment.now);
        version.rotation_token = Some(token.clone());
        secret.versions.push(version);
        secret.move_stage(PENDING, id.as_str());
        secret.changed = moment.now;
        let function = rotation.function.clone();
        secret.rotation = Some(rotation);
        self.order(RotationOrder { secret: arn.clone(), version: id, function, token, scope });
        Ok(())
    }

    /// The same token again: the same answer and no second rotation. One that had failed is driven again.
    fn is_repeated(&mut self, arn: &SecretArn, id: &VersionId, function: &str) -> Result<bool, ServiceError> {
        let Some(version) = self.secrets[arn].version(id.as_str()) else {
            return Ok(false);
        };
        if version.rotation_token.is_none() {
            return Err(ServiceError::exists(format!(
                "You can't use ClientRequestToken {} because that value is already in use for a version of \
                 secret {}.",
                id.as_str(),
                arn.as_str()
            )));
        }
        self.reattempt(arn, function);
        Ok(true)
    }

    fn refuse_while_pending(&mut self, arn: &SecretArn, function: &str) -> Result<(), ServiceError> {
        if self.secrets[arn].pending().is_none() {
            return Ok(());
        }
        self.reattempt(arn, function);
        Err(ServiceError::invalid_request(
            "A previous rotation isn't complete. That rotation will be reattempted.",
        ))
    }

    /// Orders the rotation that left AWSPENDING behind again, unless it is being driven at this moment or the
    /// label was a manual change.
    fn reattempt(&mut self, arn: &SecretArn, function: &str) {
        let pending = self.secrets[arn].pending();
        let Some((version, token)) = pending.and_then(|v| Some((v.id.clone(), v.rotation_token.clone()?)))
        else {
            return;
        };
        if self.running.contains(&(arn.clone(), version.clone())) {
            return;
        }
        if let Some(rotation) = self.secrets.get_mut(arn).and_then(|secret| secret.rotation.as_mut()) {
            rotation.enabled = true;
        }
        let function = function.to_owned();
        self.order(RotationOrder {
            secret: arn.clone(),
            version,
            function,
            token,
            scope: RotationScope::Full,
        });
    }

    fn order(&mut self, order: RotationOrder) {
        self.running.insert((order.secret.clone(), order.version.clone()));
        self.orders.push(order);
    }
}
