//! The engines, set up from the environment as the functions set up theirs.

use anyhow::Result;
use database_tls::TlsSettings;
use rotation_lambda::Environment;
use rotator_postgres::{CloneObjects, Postgres};

/// `TLS_CA_BUNDLE`, `TLS_CLIENT_CERT`, `TLS_CLIENT_KEY` and `CLONE_OBJECTS`.
///
/// # Errors
/// One of them is wrong; its value is not repeated.
pub(super) fn postgres(environment: &Environment) -> Result<Postgres> {
    let [bundle, certificate, key] =
        ["TLS_CA_BUNDLE", "TLS_CLIENT_CERT", "TLS_CLIENT_KEY"].map(|name| environment.text(name));
    let tls = TlsSettings::parse(bundle, certificate, key)?;
    let choices = [("original", CloneObjects::Original), ("own", CloneObjects::Own)];
    let clone_objects =
        environment.choice("CLONE_OBJECTS", &choices, CloneObjects::default(), "must be original or own")?;
    Ok(Postgres::new(tls, clone_objects))
}
