//! Defects of what is done to the database.

use rotation_core::{
    Applied, Authority, Intent, Proof, RotationError, SecretDocument, SecretId, SecretStore, Target, Versions,
};

/// A target that takes a login with pending as the proof that setSecret is done.
pub(crate) struct TrustsPending<T>(pub(crate) T);

impl<T: Target> Target for TrustsPending<T> {
    async fn propose(
        &self,
        current: &SecretDocument,
        store: &impl SecretStore,
    ) -> Result<SecretDocument, RotationError> {
        self.0.propose(current, store).await
    }

    async fn apply(&self, versions: &Versions, authority: &impl Authority) -> Result<Applied, RotationError> {
        match self.0.verify(&versions.pending).await {
            Ok(_) => Ok(Applied::AlreadySet),
            Err(_) => self.0.apply(versions, authority).await,
        }
    }

    async fn plan(&self, versions: &Versions, authority: &impl Authority) -> Result<Intent, RotationError> {
        self.0.plan(versions, authority).await
    }

    fn proof(&self, pending: &SecretDocument) -> Result<Proof, RotationError> {
        self.0.proof(pending)
    }

    async fn verify(&self, pending: &SecretDocument) -> Result<Vec<String>, RotationError> {
        self.0.verify(pending).await
    }

    fn companion(&self) -> Option<&SecretId> {
        self.0.companion()
    }
}

/// A target that makes a change final without asking whether its token is still pending.
pub(crate) struct NeverAsks<T>(pub(crate) T);

/// An authority that always says yes.
struct Yes<'a, A>(&'a A);

impl<A: Authority> Authority for Yes<'_, A> {
    async fn confirm(&self) -> Result<(), RotationError> {
        Ok(())
    }

    async fn previous(&self) -> Result<Option<SecretDocument>, RotationError> {
        self.0.previous().await
    }

    async fn companion(&self, secret: &SecretId) -> Result<SecretDocument, RotationError> {
        self.0.companion(secret).await
    }

    async fn companion_tags(&self, secret: &SecretId) -> Result<Vec<(String, String)>, RotationError> {
        self.0.companion_tags(secret).await
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

    async fn apply(&self, versions: &Versions, authority: &impl Authority) -> Result<Applied, RotationError> {
        self.0.apply(versions, &Yes(authority)).await
    }

    async fn plan(&self, versions: &Versions, authority: &impl Authority) -> Result<Intent, RotationError> {
        self.0.plan(versions, authority).await
    }

    fn proof(&self, pending: &SecretDocument) -> Result<Proof, RotationError> {
        self.0.proof(pending)
    }

    async fn verify(&self, pending: &SecretDocument) -> Result<Vec<String>, RotationError> {
        self.0.verify(pending).await
    }

    fn companion(&self) -> Option<&SecretId> {
        self.0.companion()
    }
}
