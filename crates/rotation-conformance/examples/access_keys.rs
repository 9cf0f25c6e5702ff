//! An issuer for a service that creates access keys itself, at most two for each user, and the kit on a fake
//! of that service.
//!
//! Secret: `{"user": "…", "keyId": "…", "secretKey": "…"}`. The function manages keys with its own
//! permissions.

use std::{
    cell::{Cell, RefCell},
    collections::{BTreeMap, BTreeSet},
    rc::Rc,
};

use rotation_conformance::{Hook, IssuerBench, Service, Stop};
use rotation_core::{
    Code, DocumentError, Invocation, Issuer, Reader, RotationError, SecretDocument, StagingLabel,
    TargetError, VersionId,
};
use thiserror::Error;

/// The service, as the issuer needs it.
pub(crate) trait KeyApi {
    async fn list(&self) -> Result<Vec<String>, KeyError>;
    /// Returns a new key's id and secret.
    async fn create(&self) -> Result<(String, String), KeyError>;
    /// It is not an error if the key no longer exists.
    async fn delete(&self, id: &str) -> Result<(), KeyError>;
    /// Any request that is signed with the key.
    async fn try_key(&self, id: &str, secret: &str) -> Result<(), KeyError>;
}

/// Messages name no secret, so that they may be logged.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
pub(crate) enum KeyError {
    #[error("the service does not accept the access key")]
    Refused,
    #[error("the user has as many access keys as the service allows")]
    Limit,
    #[error("the service did not answer")]
    Unanswered,
}

rotation_core::codes! {
    /// The service does not accept the access key.
    KEY_REFUSED = Failed;
    /// The user has as many access keys as the service allows.
    KEY_LIMIT = Failed;
    /// The service does not answer.
    KEY_SERVICE_SILENT = Retryable;
}

impl TargetError for KeyError {
    fn code(&self) -> Code {
        match self {
            Self::Refused => KEY_REFUSED,
            Self::Limit => KEY_LIMIT,
            Self::Unanswered => KEY_SERVICE_SILENT,
        }
    }

    fn remediation(&self, reader: Reader) -> String {
        let hint = match self {
            Self::Refused => "Cancel the rotation, then rotate again.",
            Self::Limit => "Delete the unused access key.",
            Self::Unanswered => "Wait for the next attempt.",
        };
        format!("{hint} {}", reader.again())
    }

    fn is_refusal(&self) -> bool {
        *self == Self::Refused
    }
}

/// What is rotated.
pub(crate) struct AccessKeys<A> {
    pub(crate) api: A,
}

fn pending(error: DocumentError) -> RotationError {
    RotationError::Document { label: StagingLabel::Pending, error }
}

impl<A: KeyApi> Issuer for AccessKeys<A> {
    type Id = String;

    fn id(&self, document: &SecretDocument) -> Result<String, RotationError> {
        Ok(document.required_text("keyId").map_err(pending)?.to_string())
    }

    fn rotated_fields(&self) -> &'static [&'static str] {
        &["keyId", "secretKey"]
    }

    async fn list(&self, _current: &SecretDocument) -> Result<Vec<String>, RotationError> {
        Ok(self.api.list().await?)
    }

    async fn issue(
        &self,
        current: &SecretDocument,
        _version: &VersionId,
    ) -> Result<SecretDocument, RotationError> {
        let (id, secret) = self.api.create().await?;
        Ok(current.clone().with_text("keyId", &id).with_text("secretKey", &secret))
    }

    async fn revoke(&self, _current: &SecretDocument, id: &String) -> Result<(), RotationError> {
        Ok(self.api.delete(id).await?)
    }

    async fn verify(&self, document: &SecretDocument) -> Result<Vec<String>, RotationError> {
        let secret = document.required_text("secretKey").map_err(pending)?;
        self.api.try_key(&self.id(document)?, &secret).await?;
        Ok(Vec::new())
    }
}

/// The fake: keys by their ids, and a hook around every request.
#[derive(Clone)]
pub(crate) struct FakeKeyService {
    pub(crate) hook: Hook,
    pub(crate) keys: Rc<RefCell<BTreeMap<String, String>>>,
    pub(crate) created: Rc<Cell<usize>>,
    pub(crate) limit: usize,
}

impl FakeKeyService {
    pub(crate) fn new(hook: Hook) -> Self {
        let service = Self { hook, keys: Rc::default(), created: Rc::default(), limit: 2 };
        service.add();
        service
    }

    fn add(&self) -> (String, String) {
        let number = self.created.replace(self.created.get() + 1);
        let key = (format!("KEY{number}"), format!("secret-of-key-{number}"));
        self.keys.borrow_mut().insert(key.0.clone(), key.1.clone());
        key
    }
}

impl From<Stop> for KeyError {
    fn from(_: Stop) -> Self {
        Self::Unanswered
    }
}

impl KeyApi for FakeKeyService {
    async fn list(&self) -> Result<Vec<String>, KeyError> {
        Ok(self.hook.call("ListKeys", || self.keys.borrow().keys().cloned().collect()).await?)
    }

    async fn create(&self) -> Result<(String, String), KeyError> {
        let has_room = || self.keys.borrow().len() < self.limit;
        let create = || if has_room() { Ok(self.add()) } else { Err(KeyError::Limit) };
        self.hook.call("CreateKey", create).await?
    }

    async fn delete(&self, id: &str) -> Result<(), KeyError> {
        self.hook.call("DeleteKey", || self.keys.borrow_mut().remove(id)).await?;
        Ok(())
    }

    async fn try_key(&self, id: &str, secret: &str) -> Result<(), KeyError> {
        let accepts = || self.keys.borrow().get(id).is_some_and(|held| held == secret);
        if self.hook.call("TryKey", accepts).await? { Ok(()) } else { Err(KeyError::Refused) }
    }
}

impl Service for FakeKeyService {
    fn first(&self) -> SecretDocument {
        let text = r#"{"user":"app","keyId":"KEY0","secretKey":"secret-of-key-0"}"#;
        SecretDocument::parse(text).expect("a JSON object")
    }

    fn opens(&self, document: &SecretDocument) -> bool {
        let id = document.text("keyId").ok().flatten();
        let secret = id.and_then(|id| self.keys.borrow().get(id.as_str()).cloned());
        secret.is_some_and(|secret| self.secrets(document) == [secret])
    }

    fn accepted(&self) -> BTreeSet<String> {
        self.keys.borrow().keys().cloned().collect()
    }

    fn secrets(&self, document: &SecretDocument) -> Vec<String> {
        document.text("secretKey").ok().flatten().iter().map(|secret| secret.to_string()).collect()
    }
}

impl IssuerBench for FakeKeyService {
    type Issuer = AccessKeys<Self>;

    fn issuer(&self, _invocation: &Invocation) -> Self::Issuer {
        AccessKeys { api: self.clone() }
    }
}

#[cfg(not(test))]
fn main() {
    rotation_conformance::assert_none(&rotation_conformance::issuer_findings(FakeKeyService::new));
}
