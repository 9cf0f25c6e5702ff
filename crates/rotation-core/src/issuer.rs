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

/// A service that creates the secret itself, such as access keys and tokens, and accepts two credentials at
/// the same time.
///
/// An issuer only lists, issues and revokes; [`IssuerTarget`] decides *when*. All credentials of the
/// principal, such as an IAM user, must belong to one secret: every other credential is revoked at the start
/// of the next rotation.
///
/// Every method may be dropped at any await and is then called again. A request that was dropped may have
/// taken effect.
pub trait Issuer {
    /// The name by which the service revokes a credential. It may be logged: the id of an access key, not its
    /// secret.
    type Id: Clone + PartialEq;

    /// The name of the credential that a document holds.
    ///
    /// # Errors
    /// [`RotationError::Document`] where the document names none.
    fn id(&self, document: &SecretDocument) -> Result<Self::Id, RotationError>;

    /// The fields of the document that [`Issuer::issue`] changes, as for [`Target::rotated_fields`].
    fn rotated_fields(&self) -> &'static [&'static str];

    /// Every credential that the service accepts for the principal of `current`, including disabled ones that
    /// count towards the service's limit.
    ///
    /// # Errors
    /// A [`TargetError`](crate::TargetError) or a [`RotationError`].
    async fn list(&self, current: &SecretDocument) -> Result<Vec<Self::Id>, RotationError>;

    /// Creates one credential and returns `current` with the new credential in place of the old one.
    /// `version` is the idempotency key for services that accept one.
    ///
    /// # Errors
    /// As for [`Issuer::list`]. If the credential was created in spite of the error, [`Issuer::list`] finds
    /// it at the next attempt.
    async fn issue(
        &self,
        current: &SecretDocument,
        version: &VersionId,
    ) -> Result<SecretDocument, RotationError>;

    /// Afterwards the service does not accept this credential. It is not an error if the credential no longer
    /// exists.
    ///
    /// # Errors
    /// As for [`Issuer::list`].
    async fn revoke(&self, current: &SecretDocument, id: &Self::Id) -> Result<(), RotationError>;

    /// Verifies that the pending document opens the service, and changes nothing. Returns notes for people:
    /// lower-case sentences without values. Where the service takes a moment to accept a new credential,
    /// retry here.
    ///
    /// # Errors
    /// As for [`Issuer::list`].
    async fn verify(&self, pending: &SecretDocument) -> Result<Vec<String>, RotationError>;
}

/// Rotates an [`Issuer`] in the four steps of a [`Rotator`](crate::Rotator).
///
/// | Step | What it does |
/// |---|---|
/// | createSecret | revokes each credential that belongs neither to `AWSCURRENT` nor to this version, issues one, stores it |
/// | setSecret | nothing |
/// | testSecret | [`Issuer::verify`] |
/// | finishSecret | moves `AWSCURRENT` |
///
/// `AWSCURRENT` opens the service at every moment. The old credential works until the next rotation starts,
/// so applications have that long to read the new one. Successive invocations leave at most two credentials.
/// If an invocation dies between issuing a credential and storing it, the next createSecret revokes that
/// credential.
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
    /// A placeholder for dry runs, which must not issue: `current` itself.
    async fn propose(
        &self,
        current: &SecretDocument,
        _store: &impl SecretStore,
    ) -> Result<SecretDocument, RotationError> {
        Ok(current.clone())
    }

    /// Lists the credentials before it checks whether the token may still act. The list does not contain what
    /// a concurrent invocation issues after that, so this invocation cannot revoke it, however long it was
    /// suspended.
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

    /// Revokes the credential that was issued but not stored.
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
