//! Deletion and its recovery window.

use std::time::Duration;

use serde::Deserialize;
use serde_json::{Value, json};

use super::{Model, Moment, SecretArn, ServiceError, Timestamp, by_name::ByName, named};

const DAY: u64 = 24 * 60 * 60;

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct DeleteSecret {
    secret_id: String,
    recovery_window_in_days: Option<i64>,
    #[serde(default)]
    force_delete_without_recovery: bool,
}

impl Model {
    pub(super) fn delete_secret(
        &mut self,
        request: &DeleteSecret,
        moment: &mut Moment<'_>,
    ) -> Result<Value, ServiceError> {
        if request.force_delete_without_recovery && request.recovery_window_in_days.is_some() {
            return Err(ServiceError::invalid_parameter(
                "You can't use ForceDeleteWithoutRecovery in conjunction with RecoveryWindowInDays.",
            ));
        }
        let window = request.recovery_window_in_days.unwrap_or(30);
        let days = u64::try_from(window).ok().filter(|days| (7..=30).contains(days)).ok_or_else(|| {
            ServiceError::invalid_parameter(
                "The RecoveryWindowInDays value must be between 7 and 30 days (inclusive).",
            )
        })?;
        if request.force_delete_without_recovery {
            return Ok(self.delete_at_once(&request.secret_id, moment));
        }
        let secret = self.find_live(&request.secret_id)?;
        let deletion = moment.now.plus(Duration::from_secs(days * DAY));
        secret.deletion = Some(deletion);
        secret.changed = moment.now;
        Ok(json!({"ARN": secret.arn, "Name": secret.name, "DeletionDate": deletion}))
    }

    pub(super) fn restore_secret(&mut self, request: &ByName, now: Timestamp) -> Result<Value, ServiceError> {
        let secret = self.find_mut(&request.secret_id)?;
        secret.deletion = None;
        secret.changed = now;
        Ok(named(secret))
    }

    /// Drops the secrets whose recovery window has passed.
    pub(super) fn forget_deleted(&mut self, now: Timestamp) {
        self.secrets.retain(|_, secret| secret.deletion.is_none_or(|deletion| now < deletion));
    }

    /// Without recovery. A missing secret is no error here, as AWS documents it.
    fn delete_at_once(&mut self, id: &str, moment: &mut Moment<'_>) -> Value {
        let (arn, name) = match self.resolve(id).and_then(|arn| self.secrets.remove(&arn)) {
            Some(secret) => (secret.arn, secret.name),
            None => {
                let suffix = moment.entropy.text(b"abcdefghijklmnopqrstuvwxyz", 6);
                (SecretArn::new(&self.region, &self.account, id, &suffix), id.to_owned())
            }
        };
        json!({"ARN": arn, "Name": name, "DeletionDate": moment.now})
    }
}
