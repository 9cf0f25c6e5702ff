//! The configuration for all connections to databases.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use rustls::ClientConfig;
use rustls::client::danger::ServerCertVerifier;
use rustls::client::{Resumption, WebPkiServerVerifier};
use rustls::crypto::CryptoProvider;
use rustls::sign::SingleCertAndKey;
use rustls_pki_types::{CertificateDer, UnixTime};

use crate::handshake::server_name;
use crate::settings::TlsSettings;
use crate::verifier::{ExplainingVerifier, TakingSelfSigned};

/// The configuration for connections of one engine, and the chain that it verified last.
#[derive(Clone, Debug)]
pub struct TlsClient {
    config: Arc<ClientConfig>,
    verifier: Arc<ExplainingVerifier>,
}

impl TlsClient {
    /// A configuration that verifies the server's chain, its dates and its name, by TLS 1.2 or 1.3, on ring.
    ///
    /// It trusts the built-in authorities and those of `settings`, shows the client certificate of `settings`
    /// where a server requests one, and does not resume sessions: every connection verifies the server's
    /// certificate again. It needs no process-wide crypto provider. Building it parses all authorities, so
    /// build it once and share it.
    ///
    /// # Panics
    /// Never: the tests parse the built-in authorities, and those of `settings` were parsed when it was
    /// built.
    pub fn new(settings: &TlsSettings) -> Self {
        let provider = Arc::new(provider());
        let roots = Arc::new(settings.authorities());
        let standard = WebPkiServerVerifier::builder_with_provider(roots, Arc::clone(&provider))
            .build()
            .expect("there are authorities, and no revocation lists to parse");
        let verifier = Arc::new(ExplainingVerifier::new(standard));
        let builder = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .expect("ring has cipher suites for TLS 1.2 and 1.3")
            .dangerous()
            .with_custom_certificate_verifier(Arc::clone(&verifier) as _);
        let mut config = match &settings.client_identity {
            Some(identity) => {
                builder.with_client_cert_resolver(Arc::new(SingleCertAndKey::from(Arc::clone(identity))))
            }
            None => builder.with_no_client_auth(),
        };
        config.resumption = Resumption::disabled();
        Self { config: Arc::new(config), verifier }
    }

    /// The configuration for connections.
    pub fn config(&self) -> &Arc<ClientConfig> {
        &self.config
    }

    /// The same, except that self-signed certificates without any other fault are accepted, although no
    /// authority vouches for them. The caller must check [`verifies`](Self::verifies) afterwards, and require
    /// another proof from the server.
    pub fn taking_self_signed(&self) -> Arc<ClientConfig> {
        let mut config = ClientConfig::clone(&self.config);
        let lenient = TakingSelfSigned(Arc::clone(&self.verifier));
        config.dangerous().set_certificate_verifier(Arc::new(lenient));
        Arc::new(config)
    }

    /// Whether the chain, its dates and its name are verified now; an empty chain is not.
    pub fn verifies(&self, chain: &[CertificateDer<'_>], host: &str) -> bool {
        let Some((end_entity, intermediates)) = chain.split_first() else { return false };
        let Some(name) = server_name(host) else { return false };
        let now = UnixTime::now();
        self.verifier.verify_server_cert(end_entity, intermediates, &name, &[], now).is_ok()
    }

    /// Until when the chain that was verified last stays valid: the first end of validity among its
    /// certificates. `None` where none was verified yet.
    pub fn chain_valid_until(&self) -> Option<SystemTime> {
        let until = self.verifier.valid_until()?;
        SystemTime::UNIX_EPOCH.checked_add(Duration::from_secs(until.as_secs()))
    }
}

/// [`TlsClient::new`] for callers that do not need the chain.
pub fn client_config(settings: &TlsSettings) -> Arc<ClientConfig> {
    TlsClient::new(settings).config
}

/// The crypto provider, always named explicitly, never taken from the process.
///
/// P-256 comes first, because a client sends a key for its first group with its first message: PostgreSQL
/// before version 18 accepts P-256 alone, and any other group would cost a round trip more at every login.
/// Servers that prefer X25519 accept P-256 as well.
pub(crate) fn provider() -> CryptoProvider {
    use rustls::crypto::ring::{default_provider, kx_group};
    let kx_groups = vec![kx_group::SECP256R1, kx_group::X25519, kx_group::SECP384R1];
    CryptoProvider { kx_groups, ..default_provider() }
}
