//! Failed calls of the services that describe servers.

use aws_sdk_secretsmanager::error::{ProvideErrorMetadata, SdkError};
use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
use rotation_core::{StoreError, StoreFault};
use rotation_database::{DirectoryError, DirectoryFault, DirectoryService};

use crate::access::Access;

impl Access {
    /// Sorts a failed call of a directory.
    pub fn directory_error<E: ProvideErrorMetadata>(
        &self,
        service: &'static DirectoryService,
        operation: &'static str,
        error: &SdkError<E, HttpResponse>,
    ) -> DirectoryError {
        let StoreError { fault, source, .. } = self.failed(operation, error);
        let fault = match fault {
            StoreFault::Unreachable => DirectoryFault::Unreachable,
            StoreFault::CertificateRefused => DirectoryFault::CertificateRefused,
            StoreFault::Throttled => DirectoryFault::Throttled,
            StoreFault::Internal => DirectoryFault::Internal,
            StoreFault::AccessDenied => DirectoryFault::AccessDenied,
            StoreFault::CredentialsRefused => DirectoryFault::CredentialsRefused,
            // What only Secrets Manager says.
            StoreFault::KeyDenied
            | StoreFault::NoSuchSecret
            | StoreFault::Conflict
            | StoreFault::TokenRequired
            | StoreFault::Unusable
            | StoreFault::Rejected => DirectoryFault::Rejected,
        };
        DirectoryError { operation, service, fault, source }
    }
}
