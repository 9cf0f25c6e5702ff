//! Converts failed calls of the services that describe servers into the errors of a lookup.

use rotation_database::{DatabaseLookupError, DatabaseLookupService};

use crate::error::AwsError;

impl AwsError {
    /// The same failure as the error of a lookup. `service` names the same service and the permissions that
    /// it needs.
    pub fn into_lookup_error(self, service: &'static DatabaseLookupService) -> DatabaseLookupError {
        let Self { operation, fault, cause, .. } = self;
        DatabaseLookupError { operation, service, fault, source: cause.map(Into::into) }
    }
}
