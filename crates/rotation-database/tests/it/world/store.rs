//! Secrets Manager: labels, versions, and the rules by which they change.

use std::{
    collections::{BTreeMap, BTreeSet},
    rc::Rc,
    time::SystemTime,
};

use rotation_core::{
    Password, PasswordPolicy, PendingVersion, Put, SecretDocument, SecretId, SecretKind, SecretStore,
    SecretValue, StagingLabel, StoreError, StoreFault, Version, VersionId, VersionStages,
};
use zeroize::Zeroizing;

use super::World;

/// The secret that is rotated.
pub(crate) const ARN: &str = "arn:aws:secretsmanager:eu-central-1:123456789012:secret:app-AbCdEf";
/// The identity by which a mark names it.
pub(crate) const IDENTITY: &str = "123456789012:app";
/// Another secret that may have the same users.
pub(crate) const OTHER: &str = "arn:aws:secretsmanager:eu-central-1:123456789012:secret:other-MnOpQr";
/// The identity by which a mark names that secret.
pub(crate) const OTHER_IDENTITY: &str = "123456789012:other";
/// The master's secret.
pub(crate) const MASTER: &str = "arn:aws:secretsmanager:eu-central-1:123456789012:secret:master-GhIjKl";
/// The function that rotates.
pub(crate) const FUNCTION: &str = "arn:aws:lambda:eu-central-1:123456789012:function:rotator";

/// A version's id with this number.
pub(crate) fn version(number: usize) -> VersionId {
    VersionId::new(format!("00000000-0000-4000-8000-{number:012}")).unwrap()
}

/// All secrets.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct StoreModel {
    pub(crate) secrets: BTreeMap<String, SecretModel>,
    /// Successful calls that changed something.
    pub(crate) writes: usize,
}

/// One secret.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct SecretModel {
    pub(crate) rotation_enabled: bool,
    pub(crate) function: Option<String>,
    pub(crate) deleted: bool,
    pub(crate) tags: Vec<(String, String)>,
    /// `RotationRules` in words.
    pub(crate) schedule: Option<String>,
    /// `OwningService`.
    pub(crate) owner: Option<String>,
    /// `PrimaryRegion`.
    pub(crate) partner: Option<String>,
    pub(crate) primary_region: Option<String>,
    pub(crate) versions: BTreeMap<VersionId, StoredVersion>,
}

/// One version of a secret.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct StoredVersion {
    /// `None` right after `RotateSecret`.
    pub(crate) value: Option<Value>,
    pub(crate) labels: BTreeSet<StagingLabel>,
    /// `CreatedDate`, where it matters.
    pub(crate) created: Option<SystemTime>,
}

/// The value of a version.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Value {
    Text(String),
    Binary,
}

impl SecretModel {
    /// A secret with one version, which is `AWSCURRENT`, rotated by the function under test.
    pub(crate) fn new(current: &VersionId, value: Value) -> Self {
        let mut secret = Self {
            rotation_enabled: true,
            function: Some(FUNCTION.into()),
            deleted: false,
            tags: Vec::new(),
            schedule: None,
            owner: None,
            partner: None,
            primary_region: None,
            versions: BTreeMap::new(),
        };
        secret.versions.entry(current.clone()).or_default().value = Some(value);
        secret.label(&StagingLabel::Current, current);
        secret
    }

    /// Sets this port in every version.
    pub(crate) fn move_to(&mut self, port: u16) {
        for version in self.versions.values_mut() {
            if let Some(Value::Text(text)) = &mut version.value {
                *text = text.replace(r#""port":5432"#, &format!(r#""port":{port}"#));
            }
        }
    }

    pub(crate) fn holder(&self, label: &StagingLabel) -> Option<&VersionId> {
        self.versions.iter().find(|(_, version)| version.labels.contains(label)).map(|(id, _)| id)
    }

    pub(crate) fn holds(&self, version: &VersionId, label: &StagingLabel) -> bool {
        self.versions.get(version).is_some_and(|version| version.labels.contains(label))
    }

    /// The value under a label.
    pub(crate) fn value(&self, label: &StagingLabel) -> Option<&Value> {
        self.versions.get(self.holder(label)?)?.value.as_ref()
    }

    /// Removes a label from its version.
    pub(crate) fn unlabel(&mut self, label: &StagingLabel) {
        for version in self.versions.values_mut() {
            version.labels.remove(label);
        }
    }

    /// Moves a label. When `AWSCURRENT` moves, the version that had it becomes `AWSPREVIOUS`.
    pub(crate) fn label(&mut self, label: &StagingLabel, version: &VersionId) {
        if *label == StagingLabel::Current
            && let Some(old) = self.holder(label).cloned()
            && old != *version
        {
            self.label(&StagingLabel::Previous, &old);
        }
        self.unlabel(label);
        self.versions.entry(version.clone()).or_default().labels.insert(label.clone());
    }

    /// `PutSecretValue` under `AWSPENDING`: the first value of a version is kept.
    fn put(&mut self, version: &VersionId, text: &str) -> Put {
        let value = &mut self.versions.entry(version.clone()).or_default().value;
        match value {
            Some(Value::Text(held)) if held == text => Put::Stored,
            Some(_) => Put::Kept,
            None => {
                *value = Some(Value::Text(text.to_owned()));
                self.label(&StagingLabel::Pending, version);
                Put::Stored
            }
        }
    }

    /// `UpdateSecretVersionStage` for `AWSCURRENT`: a compare-and-swap.
    fn promote(&mut self, from: &VersionId, to: &VersionId) -> Result<(), StoreFault> {
        if self.holder(&StagingLabel::Current) != Some(from) {
            return Err(StoreFault::Conflict);
        }
        self.label(&StagingLabel::Current, to);
        Ok(())
    }

    fn describe(&self, secret: &SecretId) -> VersionStages {
        let labels = |version: &StoredVersion| version.labels.iter().cloned().collect::<Vec<_>>();
        VersionStages {
            secret: secret.clone(),
            rotation_enabled: self.rotation_enabled,
            rotation_function: self.function.clone(),
            deleted: self.deleted,
            kind: SecretKind::of(
                secret,
                self.owner.as_deref(),
                self.partner.as_deref(),
                self.primary_region.as_deref(),
            ),
            labels: self.versions.iter().map(|(id, version)| (id.clone(), labels(version))).collect(),
        }
    }

    fn read(&self, wanted: Version<'_>) -> Result<Option<SecretValue>, StoreFault> {
        let id = match wanted {
            Version::Current => self.holder(&StagingLabel::Current),
            Version::Previous => self.holder(&StagingLabel::Previous),
            Version::Pending(id) if self.holds(id, &StagingLabel::Pending) => Some(id),
            // An id and a label that do not belong together: InvalidRequestException.
            Version::Pending(id) if self.versions.contains_key(id) => return Err(StoreFault::Rejected),
            Version::Pending(_) => None,
        };
        Ok(id.and_then(|id| {
            let text = match self.versions[id].value.as_ref()? {
                Value::Text(text) => Some(Zeroizing::new(text.clone())),
                Value::Binary => None,
            };
            Some(SecretValue { version: id.clone(), text })
        }))
    }
}

impl StoreModel {
    /// The rotated secret.
    pub(crate) fn secret(&self) -> &SecretModel {
        &self.secrets[ARN]
    }

    pub(crate) fn secret_mut(&mut self) -> &mut SecretModel {
        self.secrets.get_mut(ARN).unwrap()
    }

    pub(super) fn find(&self, secret: &SecretId) -> Result<&SecretModel, StoreFault> {
        self.secrets.get(secret.as_str()).ok_or(StoreFault::NoSuchSecret)
    }

    /// The same, for calls that are refused while the secret is scheduled for deletion.
    fn find_usable(&self, secret: &SecretId) -> Result<&SecretModel, StoreFault> {
        self.find(secret).and_then(|model| if model.deleted { Err(StoreFault::Rejected) } else { Ok(model) })
    }

    /// Changes a secret, and counts that it changed.
    pub(crate) fn change<T>(
        &mut self,
        secret: &SecretId,
        change: impl FnOnce(&mut SecretModel) -> Result<T, StoreFault>,
    ) -> Result<T, StoreFault> {
        self.find_usable(secret)?;
        let model = self.secrets.get_mut(secret.as_str()).expect("it was found");
        let before = model.clone();
        let outcome = change(model);
        self.writes += usize::from(*model != before);
        outcome
    }
}

/// The port to the model.
pub(crate) struct Store(pub(crate) Rc<World>);

impl Store {
    pub(super) async fn call<T>(
        &self,
        name: &'static str,
        mut effect: impl FnMut(&mut StoreModel) -> Result<T, StoreFault>,
    ) -> Result<T, StoreError> {
        let operation = name.trim_start_matches("store: ");
        let fault = |fault| StoreError::new(operation, fault);
        let effect = || effect(&mut self.0.store.borrow_mut()).map_err(fault);
        self.0.call(name, effect, || Err(fault(StoreFault::Unreachable))).await
    }

    /// Moves `AWSCURRENT` from wherever it is, as AWS's templates do.
    pub(crate) async fn promote_from_anywhere(&self, pending: &PendingVersion) -> Result<(), StoreError> {
        let now = self.describe(pending.secret()).await?;
        let Some(from) = now.holder(&StagingLabel::Current).cloned() else { return Ok(()) };
        self.call("store: UpdateSecretVersionStage", |store| {
            store.change(pending.secret(), |secret| secret.promote(&from, pending.version()))
        })
        .await
    }
}

impl Store {
    /// Gives a pending version another value.
    pub(crate) async fn overwrite(
        &self,
        pending: &PendingVersion,
        document: &SecretDocument,
    ) -> Result<Put, StoreError> {
        self.call("store: PutSecretValue", |store| {
            store.change(pending.secret(), |secret| {
                if let Some(version) = secret.versions.get_mut(pending.version()) {
                    version.value = None;
                }
                Ok(secret.put(pending.version(), &document.to_json()))
            })
        })
        .await
    }
}

impl SecretStore for Store {
    async fn describe(&self, secret: &SecretId) -> Result<VersionStages, StoreError> {
        self.call("store: DescribeSecret", |store| Ok(store.find(secret)?.describe(secret))).await
    }

    async fn tags(&self, secret: &SecretId) -> Result<Vec<(String, String)>, StoreError> {
        self.call("store: DescribeSecret", |store| Ok(store.find(secret)?.tags.clone())).await
    }

    async fn read(&self, secret: &SecretId, version: Version<'_>) -> Result<Option<SecretValue>, StoreError> {
        self.call("store: GetSecretValue", |store| store.find_usable(secret)?.read(version)).await
    }

    async fn put(&self, pending: &PendingVersion, document: &SecretDocument) -> Result<Put, StoreError> {
        self.call("store: PutSecretValue", |store| {
            store.change(pending.secret(), |secret| Ok(secret.put(pending.version(), &document.to_json())))
        })
        .await
    }

    async fn promote(&self, pending: &PendingVersion) -> Result<(), StoreError> {
        self.call("store: UpdateSecretVersionStage", |store| {
            store.change(pending.secret(), |secret| secret.promote(pending.current(), pending.version()))
        })
        .await
    }

    async fn random_password(&self, policy: &PasswordPolicy) -> Result<Password, StoreError> {
        let password = policy.generate().unwrap();
        self.call("store: GetRandomPassword", |_| Ok(password.clone())).await
    }
}
