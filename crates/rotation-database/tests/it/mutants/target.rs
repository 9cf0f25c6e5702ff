//! Defects in the changes of the database.

use rotation_core::{
    Applied, Authority, Intent, Proof, RelatedSecretError, RelatedSecrets, RotationError, SecretDocument,
    SecretId, SecretStore, Target, Versions,
};

/// A target that treats a login with pending as proof that setSecret is done.
pub(crate) struct TrustsPending<T>(pub(crate) T);

impl<T: Target> Target for TrustsPending<T> {
    async fn propose(
        &self,
        current: &SecretDocument,
        store: &impl SecretStore,
    ) -> Result<SecretDocument, RotationError> {
        self.0.propose(current, store).await
    }

    async fn apply(
        &self,
        versions: &Versions,
        authority: &impl Authority,
        related: &impl RelatedSecrets,
    ) -> Result<Applied, RotationError> {
        match self.0.verify(&versions.pending).await {
            Ok(_) => Ok(Applied::AlreadySet),
            Err(_) => self.0.apply(versions, authority, related).await,
        }
    }

    async fn plan(
        &self,
        versions: &Versions,
        related: &impl RelatedSecrets,
    ) -> Result<Intent, RotationError> {
        self.0.plan(versions, related).await
    }

    fn proof(&self, pending: &SecretDocument) -> Result<Proof, RotationError> {
        self.0.proof(pending)
    }

    async fn verify(&self, pending: &SecretDocument) -> Result<Vec<String>, RotationError> {
        self.0.verify(pending).await
    }

    fn rotated_fields(&self) -> &'static [&'static str] {
        self.0.rotated_fields()
    }

    fn related_secret(&self) -> Option<&SecretId> {
        self.0.related_secret()
    }

    fn related_error(&self, error: RelatedSecretError) -> RotationError {
        self.0.related_error(error)
    }
}

/// A target that commits a change without checking whether its token is still pending.
pub(crate) struct NeverAsks<T>(pub(crate) T);

/// An authority that always confirms.
struct Yes;

impl Authority for Yes {
    async fn confirm(&self) -> Result<(), RotationError> {
        Ok(())
    }
}

impl<T: Target> Target for NeverAsks<T> {
    async fn propose(
        &self,
        current: &SecretDocument,
        store: &impl SecretStore,
    ) -> Result<SecretDocument, RotationError> {
        self.0.propose(current, store).await
    }

    async fn apply(
        &self,
        versions: &Versions,
        _: &impl Authority,
        related: &impl RelatedSecrets,
    ) -> Result<Applied, RotationError> {
        self.0.apply(versions, &Yes, related).await
    }

    async fn plan(
        &self,
        versions: &Versions,
        related: &impl RelatedSecrets,
    ) -> Result<Intent, RotationError> {
        self.0.plan(versions, related).await
    }

    fn proof(&self, pending: &SecretDocument) -> Result<Proof, RotationError> {
        self.0.proof(pending)
    }

    async fn verify(&self, pending: &SecretDocument) -> Result<Vec<String>, RotationError> {
        self.0.verify(pending).await
    }

    fn rotated_fields(&self) -> &'static [&'static str] {
        self.0.rotated_fields()
    }

    fn related_secret(&self) -> Option<&SecretId> {
        self.0.related_secret()
    }

    fn related_error(&self, error: RelatedSecretError) -> RotationError {
        self.0.related_error(error)
    }
}
