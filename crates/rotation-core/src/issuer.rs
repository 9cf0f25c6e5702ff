//! Services that create the secret themselves.

use crate::{
    document::SecretDocument,
    error::RotationError,
    event::VersionId,
    journal::CredentialSource,
    staging::PendingVersion,
    store::{SecretStore, Version},
    target::{Applied, Authority, IntendedChange, Intent, Proof, RelatedSecrets, Target, Versions},
};

/// A service that creates the secret itself, such as access keys and tokens, and accepts two at the same
/// time.
///
/// An issuer only lists, issues and revokes; *when* is decided by [`IssuerTarget`]. All credentials of the
/// principal, such as an IAM user, must belong to one secret: every other one is revoked at the start of the
/// next rotation.
///
/// Every method may be dropped at any await and is called again. A request that was dropped may have taken
/// effect.
pub trait Issuer {
    /// The name of a credential, by which the service revokes it. It may be logged: an access key's id, not
    /// its secret.
    type Id: Clone + PartialEq;

    /// The name of the credential that a document holds.
    ///
    /// # Errors
    /// [`RotationError::Document`] where it names none.
    fn id(&self, document: &SecretDocument) -> Result<Self::Id, RotationError>;

    /// The fields of the document that [`Issuer::issue`] changes, as [`Target::rotated_fields`].
    fn rotated_fields(&self) -> &'static [&'static str];

    /// Every credential that the service accepts for the principal of `current`, also those that are disabled
    /// and count towards the service's limit.
    ///
    /// # Errors
    /// A [`TargetError`](crate::TargetError) or a [`RotationError`].
    async fn list(&self, current: &SecretDocument) -> Result<Vec<Self::Id>, RotationError>;

    /// Creates one credential and returns `current` with it in place of the old one. `version` is the
    /// idempotency key for services that take one.
    ///
    /// # Errors
    /// As of [`Issuer::list`]. A credential that was created all the same is found by [`Issuer::list`] at the
    /// next attempt.
    async fn issue(
        &self,
        current: &SecretDocument,
        version: &VersionId,
    ) -> Result<SecretDocument, RotationError>;

    /// Afterwards the service does not accept this credential. A credential that is gone already is no error.
    ///
    /// # Errors
    /// As of [`Issuer::list`].
    async fn revoke(&self, current: &SecretDocument, id: &Self::Id) -> Result<(), RotationError>;

    /// Proves that the pending document opens the service, and changes nothing. Returns notes for people:
    /// lower-case sentences without values. Services that take a moment to know a new credential are asked
    /// again here.
    ///
    /// # Errors
    /// As of [`Issuer::list`].
    async fn verify(&self, pending: &SecretDocument) -> Result<Vec<String>, RotationError>;
}

/// Rotates an [`Issuer`] by the four steps of a [`Rotator`](crate::Rotator).
///
/// | Step | What it does |
/// |---|---|
/// | createSecret | revokes what is of neither `AWSCURRENT` nor this version, issues a credential, stores it |
/// | setSecret | nothing |
/// | testSecret | [`Issuer::verify`] |
/// | finishSecret | moves `AWSCURRENT` |
///
/// `AWSCURRENT` opens the service at every moment. The old credential works until the next rotation starts,
/// so applications have that long to read the new one. Invocations that follow each other leave at most two
/// credentials. A credential that was issued and not stored, because the invocation died in between, is
/// revoked by the next createSecret.
#[derive(Clone, Debug)]
pub struct IssuerTarget<I> {
    issuer: I,
}

impl<I: Issuer> IssuerTarget<I> {
    /// The target that rotates this issuer.
    pub fn new(issuer: I) -> Self {
        Self { issuer }
    }
}

impl<I: Issuer> Target for IssuerTarget<I> {
    /// A stand-in for dry runs, which may not issue: `current` itself.
    async fn propose(
        &self,
        current: &SecretDocument,
        _store: &impl SecretStore,
    ) -> Result<SecretDocument, RotationError> {
        Ok(current.clone())
    }

    /// Lists before it asks whether the token may still act. What a concurrent invocation issues after that
    /// is not in the list, so this one cannot revoke it, however long it was suspended.
    async fn prepare(
        &self,
        version: &PendingVersion,
        current: &SecretDocument,
        store: &impl SecretStore,
        authority: &impl Authority,
    ) -> Result<Option<SecretDocument>, RotationError> {
        let listed = self.issuer.list(current).await?;
        authority.confirm().await?;
        let held = store.read(version.secret(), Version::Pending(version.version())).await?;
        let held = held
            .map(|value| value.document())
            .transpose()
            .map_err(|error| RotationError::Document { label: crate::StagingLabel::Pending, error })?;
        let mut keep = vec![self.issuer.id(current)?];
        if let Some(held) = &held {
            keep.push(self.issuer.id(held)?);
        }
        for id in listed.iter().filter(|id| !keep.contains(id)) {
            self.issuer.revoke(current, id).await?;
        }
        if held.is_some() {
            return Ok(None);
        }
        self.issuer.issue(current, version.version()).await.map(Some)
    }

    /// Revokes the credential that was issued for nothing.
    async fn discard(
        &self,
        current: &SecretDocument,
        proposal: &SecretDocument,
    ) -> Result<(), RotationError> {
        self.issuer.revoke(current, &self.issuer.id(proposal)?).await
    }

    async fn apply(
        &self,
        _versions: &Versions,
        _authority: &impl Authority,
        _related: &impl RelatedSecrets,
    ) -> Result<Applied, RotationError> {
        Ok(Applied::AlreadySet)
    }

    async fn plan(
        &self,
        _versions: &Versions,
        _related: &impl RelatedSecrets,
    ) -> Result<Intent, RotationError> {
        Ok(Intent::Change(Box::new(IntendedChange {
            by: CredentialSource::Current,
            acts: vec![
                "revoke every credential that neither AWSCURRENT nor AWSPENDING holds".to_owned(),
                "issue a credential, unless AWSPENDING holds one".to_owned(),
            ],
            notes: vec!["both are done by createSecret; setSecret does nothing".to_owned()],
            obstacle: None,
        })))
    }

    fn proof(&self, _pending: &SecretDocument) -> Result<Proof, RotationError> {
        Ok(Proof { statements: vec!["a request with the new credential".to_owned()], notes: Vec::new() })
    }

    async fn verify(&self, pending: &SecretDocument) -> Result<Vec<String>, RotationError> {
        self.issuer.verify(pending).await
    }

    fn rotated_fields(&self) -> &'static [&'static str] {
        self.issuer.rotated_fields()
    }
}
