//! Failed calls of the services that describe servers, as the errors of a directory.

use rotation_database::{DirectoryError, DirectoryService};

use crate::error::AwsError;

impl AwsError {
    /// The same failure for whoever asked a directory. `service` names the same service and what it takes to ask it.
    pub fn into_directory_error(self, service: &'static DirectoryService) -> DirectoryError {
        let Self { operation, fault, cause, .. } = self;
        DirectoryError { operation, service, fault, source: cause.map(Into::into) }
    }
}
