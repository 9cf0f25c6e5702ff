//! Failed calls of the services that describe servers, as the errors of a lookup.

use rotation_database::{DatabaseLookupError, DatabaseLookupService};

use crate::error::AwsError;

impl AwsError {
    /// The same failure for whoever asked a lookup. `service` names the same service and what it takes to ask
    /// it.
    pub fn into_lookup_error(self, service: &'static DatabaseLookupService) -> DatabaseLookupError {
        let Self { operation, fault, cause, .. } = self;
        DatabaseLookupError { operation, service, fault, source: cause.map(Into::into) }
    }
}
