//! Failed calls of the services that describe servers, as the errors of a directory.

use rotation_database::{DirectoryError, DirectoryFault, DirectoryService};

use crate::error::{AwsError, AwsFault};

impl AwsError {
    /// The same failure for whoever asked a directory. `service` names the same service and what it takes to ask it.
    pub fn into_directory_error(self, service: &'static DirectoryService) -> DirectoryError {
        let Self { operation, fault, cause, .. } = self;
        let fault = match fault {
            AwsFault::Unreachable => DirectoryFault::Unreachable,
            AwsFault::CertificateRefused => DirectoryFault::CertificateRefused,
            AwsFault::Throttled => DirectoryFault::Throttled,
            AwsFault::Internal => DirectoryFault::Internal,
            AwsFault::AccessDenied => DirectoryFault::AccessDenied,
            AwsFault::CredentialsRefused => DirectoryFault::CredentialsRefused,
            AwsFault::NotFound | AwsFault::Rejected => DirectoryFault::Rejected,
        };
        DirectoryError { operation, service, fault, source: cause.map(Into::into) }
    }
}
