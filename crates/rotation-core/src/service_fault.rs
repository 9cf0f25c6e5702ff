//! Why a call of an AWS service failed.

use thiserror::Error;

/// Why a call of AWS failed, by who can fix it. Faults that only one service returns are classified by that
/// service's adapter.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
pub enum ServiceFault {
    /// The network: nothing answered.
    #[error("the endpoint did not answer")]
    Unreachable,
    /// The network, or whoever intercepts it: the endpoint's certificate is not trusted.
    #[error("the endpoint's certificate is not trusted")]
    CertificateRefused,
    /// The service, for the moment: it throttles.
    #[error("too many requests")]
    Throttled,
    /// The service, for the moment: it has an internal fault.
    #[error("the service has an internal fault")]
    Internal,
    /// The administrator of the role.
    #[error("access was denied")]
    AccessDenied,
    /// The owner of the credentials: there are none, or they have expired, or their signature is wrong.
    #[error("the credentials are missing, expired or wrong")]
    CredentialsRefused,
    /// The caller: the resource does not exist.
    #[error("there is no such resource")]
    NotFound,
    /// Anything else.
    #[error("the request was refused")]
    Rejected,
}

impl ServiceFault {
    /// Whether the same call may succeed a moment later without any fix.
    pub fn passes(self) -> bool {
        matches!(self, Self::Unreachable | Self::Throttled | Self::Internal)
    }
}
