//! Defects of logins.

use rotation_core::Deadline;
use rotation_database::{ConnectError, Engine, EngineProfile, Login, Transport};

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

/// An engine after whose every failure plaintext is tried, a wrong password included.
pub(crate) struct RetriesInPlaintext<E>(pub(crate) E);

impl<E: Engine> Engine for RetriesInPlaintext<E> {
    const PROFILE: EngineProfile = E::PROFILE;
    type Session = E::Session;

    async fn connect(
        &self,
        login: &Login,
        transport: Transport,
        deadline: Deadline,
    ) -> Result<E::Session, ConnectError> {
        match (self.0.connect(login, transport, deadline).await, transport) {
            (Err(_), Transport::Tls) => Err(ConnectError::TlsUnavailable),
            (outcome, _) => outcome,
        }
    }
}

/// An engine that reports every failure as a wrong password.
pub(crate) struct SwallowsErrors<E>(pub(crate) E);

impl<E: Engine> Engine for SwallowsErrors<E> {
    const PROFILE: EngineProfile = E::PROFILE;
    type Session = E::Session;

    async fn connect(
        &self,
        login: &Login,
        transport: Transport,
        deadline: Deadline,
    ) -> Result<E::Session, ConnectError> {
        match self.0.connect(login, transport, deadline).await {
            Err(ConnectError::Unreachable(cause)) => Err(ConnectError::Refused(cause)),
            outcome => outcome,
        }
    }
}
