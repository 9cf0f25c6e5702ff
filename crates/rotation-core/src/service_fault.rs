//! Why a call of any service of AWS failed.

use thiserror::Error;

/// Why a call of AWS failed, by who can fix it. What a single service alone says is sorted by that service's
/// adapter.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
pub enum ServiceFault {
    /// The network: nothing answered.
    #[error("the endpoint did not answer")]
    Unreachable,
    /// The network, or whoever intercepts it: the endpoint's certificate is not trusted.
    #[error("the endpoint's certificate is not trusted")]
    CertificateRefused,
    /// The service, for the moment.
    #[error("too many requests")]
    Throttled,
    /// The service, for the moment.
    #[error("the service has a fault of its own")]
    Internal,
    /// The administrator of the role.
    #[error("access was denied")]
    AccessDenied,
    /// Whoever gave the credentials: there are none, or they have expired or do not sign rightly.
    #[error("the credentials are missing, expired or wrong")]
    CredentialsRefused,
    /// The caller: there is no such thing.
    #[error("there is no such resource")]
    NotFound,
    /// Anything else.
    #[error("the request was refused")]
    Rejected,
}

impl ServiceFault {
    /// Whether the same call may succeed a moment later, with nobody having fixed anything.
    pub fn passes(self) -> bool {
        matches!(self, Self::Unreachable | Self::Throttled | Self::Internal)
    }
}
