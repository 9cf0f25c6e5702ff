//! Three defects that other rotation functions have, put back on purpose: the proofs must see each of them.

use rotation_core::{
    Applied, Authority, Deadline, PendingVersion, Put, RotationError, SecretDocument, SecretId, SecretStore,
    SecretValue, StoreError, Target, Version, VersionStages, Versions,
    database::{ConnectError, Engine, EngineProfile, Login, Password, PasswordPolicy, Transport},
};

use crate::world::Store;

/// A store whose `promote` reads AWSCURRENT anew instead of swapping against what was validated.
pub(crate) struct RereadsCurrent(pub(crate) Store);

impl SecretStore for RereadsCurrent {
    async fn describe(&self, secret: &SecretId) -> Result<VersionStages, StoreError> {
        self.0.describe(secret).await
    }

    async fn read(&self, secret: &SecretId, version: Version<'_>) -> Result<Option<SecretValue>, StoreError> {
        self.0.read(secret, version).await
    }

    async fn put(&self, pending: &PendingVersion, document: &SecretDocument) -> Result<Put, StoreError> {
        self.0.put(pending, document).await
    }

    async fn promote(&self, pending: &PendingVersion) -> Result<(), StoreError> {
        self.0.promote_from_anywhere(pending).await
    }

    async fn random_password(&self, policy: &PasswordPolicy) -> Result<Password, StoreError> {
        self.0.random_password(policy).await
    }
}

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
            Ok(()) => Ok(Applied::AlreadySet),
            Err(_) => self.0.apply(versions, authority).await,
        }
    }

    async fn verify(&self, pending: &SecretDocument) -> Result<(), RotationError> {
        self.0.verify(pending).await
    }

    fn companion(&self) -> Option<&SecretId> {
        self.0.companion()
    }
}

/// An engine that reports a bad certificate as "no TLS offered".
pub(crate) struct DowngradesTls<E>(pub(crate) E);

impl<E: Engine> Engine for DowngradesTls<E> {
    const PROFILE: EngineProfile = E::PROFILE;
    type Session = E::Session;

    async fn connect(
        &self,
        login: &Login,
        transport: Transport,
        deadline: Deadline,
    ) -> Result<E::Session, ConnectError> {
        match self.0.connect(login, transport, deadline).await {
            Err(ConnectError::TlsInvalid { .. }) => Err(ConnectError::TlsUnavailable),
            outcome => outcome,
        }
    }
}
