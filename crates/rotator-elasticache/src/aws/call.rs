//! One request of one operation, and what a refusal of it means.

use rotation_aws::{AwsError, Refusal, Service};
use rotation_core::ServiceFault;
use zeroize::Zeroizing;

use crate::user_api::{ApiError, ApiFault, UserService};

/// One request of one operation.
pub(super) struct Call {
    pub(super) service: UserService,
    pub(super) operation: &'static str,
    pub(super) request: Request,
    /// Reads the code of a refusal.
    pub(super) code: fn(&[u8]) -> Option<String>,
}

/// The parts of a request in which the two protocols differ.
pub(super) struct Request {
    pub(super) headers: Vec<(&'static str, String)>,
    /// It may hold passwords.
    pub(super) body: Zeroizing<String>,
}

impl Call {
    /// The error of an answer that refuses.
    pub(super) fn refusal(&self, status: u16, body: &[u8]) -> ApiError {
        let code = (self.code)(body).unwrap_or_default();
        let error = AwsError::refused(
            aws_service(self.service),
            self.operation,
            Refusal { code: &code, message: None, status },
        );
        let fault = match code.trim_end_matches("Fault") {
            "UserNotFound" => ApiFault::NoSuchUser,
            "InvalidUserState" => ApiFault::Modifying,
            _ => fault_of(error.fault),
        };
        ApiError { source: Some(error.into()), ..ApiError::new(self.service, self.operation, fault) }
    }
}

impl Request {
    /// A request to this URL, unsigned; `None` where the URL is none.
    pub(super) fn build(&self, url: &str) -> Option<http::Request<Vec<u8>>> {
        let request = self
            .headers
            .iter()
            .fold(http::Request::post(url), |request, (name, value)| request.header(*name, value.as_str()));
        request.body(self.body.as_bytes().to_vec()).ok()
    }
}

pub(super) fn aws_service(service: UserService) -> Service {
    match service {
        UserService::ElastiCache => Service::ElastiCache,
        UserService::MemoryDb => Service::MemoryDb,
    }
}

pub(super) fn fault_of(fault: ServiceFault) -> ApiFault {
    match fault {
        ServiceFault::Unreachable | ServiceFault::Throttled | ServiceFault::Internal => ApiFault::Unavailable,
        ServiceFault::AccessDenied => ApiFault::Denied,
        ServiceFault::NotFound => ApiFault::NoSuchUser,
        ServiceFault::CertificateRefused | ServiceFault::CredentialsRefused | ServiceFault::Rejected => {
            ApiFault::Rejected
        }
    }
}
