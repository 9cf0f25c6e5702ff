//! The configuration for all connections to databases.

use std::sync::Arc;

use rustls::ClientConfig;
use rustls::client::{Resumption, WebPkiServerVerifier};
use rustls::crypto::CryptoProvider;
use rustls::sign::SingleCertAndKey;

use crate::settings::TlsSettings;
use crate::verifier::ExplainingVerifier;

/// A configuration that verifies the server's chain, its dates and its name, by TLS 1.2 or 1.3, on ring.
///
/// It trusts the built-in authorities and those of `settings`, shows the client certificate of `settings` where a
/// server asks for one, and does not resume sessions: every connection proves its certificate anew. It needs no
/// process-wide crypto provider. Building it parses all authorities, so build it once and share it.
///
/// # Panics
/// Never: the built-in authorities are parsed by the tests, those of `settings` were when it was made.
pub fn client_config(settings: &TlsSettings) -> Arc<ClientConfig> {
    let provider = Arc::new(provider());
    let roots = Arc::new(settings.authorities());
    let standard = WebPkiServerVerifier::builder_with_provider(roots, Arc::clone(&provider))
        .build()
        .expect("there are authorities, and no revocation lists to parse");
    let builder = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .expect("ring has cipher suites for TLS 1.2 and 1.3")
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(ExplainingVerifier::new(standard)));
    let mut config = match &settings.client_identity {
        Some(identity) => {
            builder.with_client_cert_resolver(Arc::new(SingleCertAndKey::from(Arc::clone(identity))))
        }
        None => builder.with_no_client_auth(),
    };
    config.resumption = Resumption::disabled();
    Arc::new(config)
}

/// The one provider of cryptography, always named, never taken from the process.
pub(crate) fn provider() -> CryptoProvider {
    rustls::crypto::ring::default_provider()
}
