//! The secret in full, and labels that are moved manually.

use rotation_core::{
    LabelMove, SecretId, SecretRecord, SecretRecords, SecretStore, SecretValue, StagingLabel, StoreError,
    StoreFault, VersionId, VersionRecord,
};
use zeroize::Zeroizing;

use super::{
    World,
    store::{Store, Value},
};

impl SecretRecords for Store {
    async fn record(&self, secret: &SecretId) -> Result<SecretRecord, StoreError> {
        let stages = self.describe(secret).await?;
        let store = self.0.store.borrow();
        let model = &store.secrets[secret.as_str()];
        Ok(SecretRecord {
            schedule: model.schedule.clone(),
            owning_service: model.owner.clone(),
            partner: model.partner.clone(),
            primary_region: model.primary_region.clone(),
            ..SecretRecord::of(stages)
        })
    }

    async fn history(&self, secret: &SecretId) -> Result<Vec<VersionRecord>, StoreError> {
        self.call("store: ListSecretVersionIds", |store| {
            let versions = store.find(secret)?.versions.iter().rev();
            let listed = versions.filter(|(_, version)| version.value.is_some());
            let record = |(id, version): (&VersionId, &super::store::StoredVersion)| VersionRecord {
                id: id.clone(),
                labels: version.labels.iter().cloned().collect(),
                created: version.created,
            };
            Ok(listed.map(record).collect())
        })
        .await
    }

    async fn value(&self, secret: &SecretId, version: &VersionId) -> Result<Option<SecretValue>, StoreError> {
        self.call("store: GetSecretValue", |store| {
            let held = store.find(secret)?.versions.get(version).and_then(|version| version.value.as_ref());
            Ok(held.map(|value| SecretValue {
                version: version.clone(),
                text: match value {
                    Value::Text(text) => Some(Zeroizing::new(text.clone())),
                    Value::Binary => None,
                },
            }))
        })
        .await
    }

    async fn move_label(&self, secret: &SecretId, label_move: &LabelMove) -> Result<(), StoreError> {
        let LabelMove { label, from, to } = label_move;
        self.call("store: UpdateSecretVersionStage", |store| {
            store.change(secret, |secret| {
                if secret.holder(label) != from.as_ref() {
                    return Err(StoreFault::Conflict);
                }
                match to {
                    Some(to) => secret.label(label, to),
                    None => secret.unlabel(label),
                }
                Ok(())
            })
        })
        .await
    }
}

impl World {
    /// Whether any version at all logs in, whatever its labels.
    pub(crate) fn some_version_logs_in(&self) -> bool {
        let labels = [StagingLabel::Current, StagingLabel::Pending, StagingLabel::Previous];
        let labeled = labels.iter().any(|label| self.logs_in(label));
        let store = self.store.borrow();
        let server = self.server.borrow();
        let opens = |value: &Value| match value {
            Value::Text(text) => {
                let (username, password) = super::digest::credentials(text);
                server.admits(&username, &password)
            }
            Value::Binary => false,
        };
        labeled || store.secret().versions.values().filter_map(|version| version.value.as_ref()).any(opens)
    }
}
