//! Secrets Manager in memory, with one secret.

use std::{
    cell::RefCell,
    collections::{BTreeMap, BTreeSet},
    rc::Rc,
};

use rotation_core::{
    Password, PasswordPolicy, PendingVersion, Put, SecretDocument, SecretId, SecretKind, SecretStore,
    SecretValue, StagingLabel, StoreError, StoreFault, Version, VersionId, VersionStages,
};

use crate::hook::Hook;

const ARN: &str = "arn:aws:secretsmanager:eu-central-1:123456789012:secret:app-AbCdEf";

/// The function that rotates the secret.
pub(crate) const FUNCTION: &str = "arn:aws:lambda:eu-central-1:123456789012:function:rotator";

/// The operations of the service, as findings name them.
pub(crate) const DESCRIBE: &str = "DescribeSecret";
const READ: &str = "GetSecretValue";
const PUT: &str = "PutSecretValue";
pub(crate) const PROMOTE: &str = "UpdateSecretVersionStage";
const RANDOM: &str = "GetRandomPassword";

/// Whether a call was one of Secrets Manager.
pub(crate) fn is_operation(call: &str) -> bool {
    [DESCRIBE, READ, PUT, PROMOTE, RANDOM].contains(&call)
}

/// The port to one secret. Clones share it.
#[derive(Clone)]
pub(crate) struct MemoryStore {
    versions: Rc<RefCell<BTreeMap<VersionId, Stored>>>,
    hook: Hook,
}

#[derive(Clone, Default)]
struct Stored {
    /// `None` right after `RotateSecret`.
    document: Option<SecretDocument>,
    labels: BTreeSet<StagingLabel>,
}

/// The secret's id.
pub(crate) fn secret() -> SecretId {
    SecretId::new(ARN).expect("an ARN")
}

/// The version with this number.
pub(crate) fn version(number: usize) -> VersionId {
    VersionId::new(format!("00000000-0000-4000-8000-{number:012}")).expect("36 characters")
}

impl MemoryStore {
    /// A secret whose version 0 is `AWSCURRENT`.
    pub(crate) fn new(current: SecretDocument, hook: Hook) -> Self {
        let store = Self { versions: Rc::default(), hook };
        store.versions.borrow_mut().entry(version(0)).or_default().document = Some(current);
        store.label(&StagingLabel::Current, &version(0));
        store
    }

    /// `RotateSecret`: a version without a value takes `AWSPENDING`.
    pub(crate) fn begin(&self, version: &VersionId) {
        self.label(&StagingLabel::Pending, version);
    }

    /// Removes `AWSPENDING`, as an operator does to abandon a rotation.
    pub(crate) fn cancel(&self) {
        self.unlabel(&StagingLabel::Pending);
    }

    /// Moves `AWSCURRENT` to `AWSPREVIOUS`, as an operator does to restore the old credential.
    pub(crate) fn roll_back(&self) {
        if let Some(previous) = self.holder(&StagingLabel::Previous) {
            self.label(&StagingLabel::Current, &previous);
        }
    }

    /// Gives a version another document.
    pub(crate) fn overwrite(&self, version: &VersionId, document: SecretDocument) {
        self.versions.borrow_mut().entry(version.clone()).or_default().document = Some(document);
    }

    pub(crate) fn holder(&self, label: &StagingLabel) -> Option<VersionId> {
        let versions = self.versions.borrow();
        versions.iter().find(|(_, stored)| stored.labels.contains(label)).map(|(id, _)| id.clone())
    }

    /// The document of a version.
    pub(crate) fn document(&self, version: &VersionId) -> Option<SecretDocument> {
        self.versions.borrow().get(version)?.document.clone()
    }

    /// The documents of all versions.
    pub(crate) fn documents(&self) -> Vec<SecretDocument> {
        self.versions.borrow().values().filter_map(|stored| stored.document.clone()).collect()
    }

    /// Whether no rotation is in progress.
    pub(crate) fn is_at_rest(&self) -> bool {
        let pending = self.holder(&StagingLabel::Pending);
        pending.is_none() || pending == self.holder(&StagingLabel::Current)
    }

    /// Versions, values and labels, for comparison.
    pub(crate) fn snapshot(&self) -> Vec<(VersionId, Option<String>, Vec<StagingLabel>)> {
        let versions = self.versions.borrow();
        let text = |stored: &Stored| stored.document.as_ref().map(|document| document.to_json().to_string());
        versions
            .iter()
            .map(|(id, stored)| (id.clone(), text(stored), stored.labels.iter().cloned().collect()))
            .collect()
    }

    fn unlabel(&self, label: &StagingLabel) {
        for stored in self.versions.borrow_mut().values_mut() {
            stored.labels.remove(label);
        }
    }

    /// Moves a label. When `AWSCURRENT` moves, the version that had it becomes `AWSPREVIOUS`.
    fn label(&self, label: &StagingLabel, version: &VersionId) {
        if *label == StagingLabel::Current
            && let Some(old) = self.holder(label)
            && old != *version
        {
            self.label(&StagingLabel::Previous, &old);
        }
        self.unlabel(label);
        self.versions.borrow_mut().entry(version.clone()).or_default().labels.insert(label.clone());
    }

    fn stages(&self) -> VersionStages {
        let versions = self.versions.borrow();
        VersionStages {
            secret: secret(),
            rotation_enabled: true,
            rotation_function: Some(FUNCTION.to_owned()),
            deleted: false,
            kind: SecretKind::Standard,
            labels: versions
                .iter()
                .map(|(id, stored)| (id.clone(), stored.labels.iter().cloned().collect()))
                .collect(),
        }
    }

    fn value(&self, wanted: Version<'_>) -> Result<Option<SecretValue>, StoreFault> {
        let id = match wanted {
            Version::Current => self.holder(&StagingLabel::Current),
            Version::Previous => self.holder(&StagingLabel::Previous),
            Version::Pending(id) if self.holder(&StagingLabel::Pending).as_ref() == Some(id) => {
                Some(id.clone())
            }
            // An id and a label that do not belong together: InvalidRequestException.
            Version::Pending(id) if self.versions.borrow().contains_key(id) => {
                return Err(StoreFault::Rejected);
            }
            Version::Pending(_) => None,
        };
        Ok(id.and_then(|id| {
            let text = self.document(&id)?.to_json();
            Some(SecretValue { version: id, text: Some(text) })
        }))
    }

    /// Stores a value; the first value of a version is kept.
    fn keep_first(&self, version: &VersionId, document: &SecretDocument) -> Put {
        match self.document(version) {
            Some(held) if *held.to_json() == *document.to_json() => Put::Stored,
            Some(_) => Put::Kept,
            None => {
                self.overwrite(version, document.clone());
                self.label(&StagingLabel::Pending, version);
                Put::Stored
            }
        }
    }

    async fn call<T>(
        &self,
        operation: &'static str,
        effect: impl FnOnce() -> Result<T, StoreFault>,
    ) -> Result<T, StoreError> {
        let answer = self.hook.call(operation, effect).await.unwrap_or(Err(StoreFault::Unreachable));
        answer.map_err(|fault| StoreError::new(operation, fault))
    }

    fn find(secret: &SecretId) -> Result<(), StoreFault> {
        if secret.as_str() == ARN { Ok(()) } else { Err(StoreFault::NoSuchSecret) }
    }
}

impl SecretStore for MemoryStore {
    async fn describe(&self, secret: &SecretId) -> Result<VersionStages, StoreError> {
        self.call(DESCRIBE, || Self::find(secret).map(|()| self.stages())).await
    }

    async fn tags(&self, secret: &SecretId) -> Result<Vec<(String, String)>, StoreError> {
        self.call(DESCRIBE, || Self::find(secret).map(|()| Vec::new())).await
    }

    async fn read(&self, secret: &SecretId, version: Version<'_>) -> Result<Option<SecretValue>, StoreError> {
        self.call(READ, || Self::find(secret).and_then(|()| self.value(version))).await
    }

    async fn put(&self, pending: &PendingVersion, document: &SecretDocument) -> Result<Put, StoreError> {
        self.call(PUT, || Ok(self.keep_first(pending.version(), document))).await
    }

    /// A compare-and-swap.
    async fn promote(&self, pending: &PendingVersion) -> Result<(), StoreError> {
        let swap = || {
            if self.holder(&StagingLabel::Current).as_ref() != Some(pending.current()) {
                return Err(StoreFault::Conflict);
            }
            self.label(&StagingLabel::Current, pending.version());
            Ok(())
        };
        self.call(PROMOTE, swap).await
    }

    async fn random_password(&self, policy: &PasswordPolicy) -> Result<Password, StoreError> {
        self.call(RANDOM, || policy.generate().map_err(|_| StoreFault::Internal)).await
    }
}
