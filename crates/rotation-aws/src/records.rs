//! The calls that a diagnosis makes in addition to those of a rotation, and the one write that fixes labels.

use std::{collections::BTreeMap, time::SystemTime};

use aws_sdk_secretsmanager::types::{RotationRulesType, Tag};
use aws_smithy_types::DateTime;
use rotation_core::{
    LabelMove, SecretId, SecretKind, SecretRecord, SecretRecords, SecretValue, StagingLabel, StoreError,
    StoreFault, VersionId, VersionRecord, VersionStages,
};
use zeroize::Zeroizing;

use crate::{client::SecretsManager, pace::Pace, store::is_no_value};

/// The most versions that are listed; the service keeps about this number.
const MOST_VERSIONS: i32 = 100;

impl SecretRecords for SecretsManager {
    async fn record(&self, secret: &SecretId) -> Result<SecretRecord, StoreError> {
        const OPERATION: &str = "DescribeSecret";
        let call = self.client.describe_secret().secret_id(secret.as_str());
        let answer = self.persist(Pace::Steady, OPERATION, || call.clone().send()).await;
        let answer = answer.map_err(|error| self.failed(OPERATION, &error))?;
        let odd = |_| StoreError::new(OPERATION, StoreFault::Internal);
        let mut labels = BTreeMap::new();
        for (version, names) in answer.version_ids_to_stages.unwrap_or_default() {
            // A version that was not created by a rotation may have an id of any form. Skip it.
            let Ok(version) = VersionId::new(version) else { continue };
            labels.insert(version, names.iter().map(|name| StagingLabel::from(name.as_str())).collect());
        }
        let secret = SecretId::new(answer.arn.unwrap_or_else(|| secret.as_str().to_owned())).map_err(odd)?;
        let (service, partner, primary) =
            (answer.owning_service.as_deref(), answer.r#type.as_deref(), answer.primary_region.as_deref());
        let stages = VersionStages {
            kind: SecretKind::of(&secret, service, partner, primary),
            secret,
            rotation_enabled: answer.rotation_enabled.unwrap_or_default(),
            rotation_function: answer.rotation_lambda_arn,
            deleted: answer.deleted_date.is_some(),
            labels,
        };
        Ok(SecretRecord {
            stages,
            name: answer.name,
            schedule: answer.rotation_rules.as_ref().and_then(schedule),
            last_rotated: time(answer.last_rotated_date),
            next_rotation: time(answer.next_rotation_date),
            key: answer.kms_key_id,
            owning_service: answer.owning_service,
            partner: answer.r#type,
            primary_region: answer.primary_region,
            tags: answer.tags.unwrap_or_default().into_iter().map(pair).collect(),
        })
    }

    async fn history(&self, secret: &SecretId) -> Result<Vec<VersionRecord>, StoreError> {
        const OPERATION: &str = "ListSecretVersionIds";
        let call = self.client.list_secret_version_ids().secret_id(secret.as_str());
        let call = call.include_deprecated(true).max_results(MOST_VERSIONS);
        let answer = self.persist(Pace::Steady, OPERATION, || call.clone().send()).await;
        let answer = answer.map_err(|error| self.failed(OPERATION, &error))?;
        let version = |entry: aws_sdk_secretsmanager::types::SecretVersionsListEntry| {
            let labels = entry.version_stages.unwrap_or_default();
            Some(VersionRecord {
                id: VersionId::new(entry.version_id?).ok()?,
                labels: labels.iter().map(|name| StagingLabel::from(name.as_str())).collect(),
                created: time(entry.created_date),
            })
        };
        let mut versions: Vec<_> =
            answer.versions.unwrap_or_default().into_iter().filter_map(version).collect();
        versions.sort_by_key(|version| std::cmp::Reverse(version.created));
        Ok(versions)
    }

    async fn value(&self, secret: &SecretId, version: &VersionId) -> Result<Option<SecretValue>, StoreError> {
        const OPERATION: &str = "GetSecretValue";
        let call = self.client.get_secret_value().secret_id(secret.as_str()).version_id(version.as_str());
        match self.persist(Pace::Steady, OPERATION, || call.clone().send()).await {
            Ok(answer) => {
                let text = answer.secret_string.map(Zeroizing::new);
                Ok(Some(SecretValue { version: version.clone(), text }))
            }
            Err(error) if error.as_service_error().is_some_and(is_no_value) => Ok(None),
            Err(error) => Err(self.naming_the_key(secret, self.failed(OPERATION, &error)).await),
        }
    }

    async fn move_label(&self, secret: &SecretId, label_move: &LabelMove) -> Result<(), StoreError> {
        const OPERATION: &str = "UpdateSecretVersionStage";
        let id = |version: &Option<VersionId>| version.as_ref().map(|version| version.as_str().to_owned());
        let call = self
            .client
            .update_secret_version_stage()
            .secret_id(secret.as_str())
            .version_stage(label_move.label.name())
            .set_move_to_version_id(id(&label_move.to))
            .set_remove_from_version_id(id(&label_move.from));
        let answer = self.persist(Pace::Steady, OPERATION, || call.clone().send()).await;
        answer.map(drop).map_err(|error| self.failed(OPERATION, &error))
    }
}

/// The rotation rules in words.
fn schedule(rules: &RotationRulesType) -> Option<String> {
    match (&rules.schedule_expression, rules.automatically_after_days) {
        (Some(expression), _) => Some(expression.clone()),
        (None, Some(days)) => Some(format!("every {days} days")),
        (None, None) => None,
    }
}

fn pair(tag: Tag) -> (String, String) {
    (tag.key.unwrap_or_default(), tag.value.unwrap_or_default())
}

fn time(date: Option<DateTime>) -> Option<SystemTime> {
    SystemTime::try_from(date?).ok()
}
