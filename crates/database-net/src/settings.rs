//! What the operator may add to the verification of servers.

use std::sync::Arc;

use rustls::RootCertStore;
use rustls::sign::CertifiedKey;
use rustls_pki_types::TrustAnchor;

use crate::authorities;
use crate::error::{SettingFault, TlsSetting, TlsSettingsError};
use crate::identity;
use crate::source::certificates;

/// Authorities to trust in addition to the built-in ones, and a certificate for servers that request one.
///
/// Everything is parsed at start, so a value of this type always makes a valid configuration. No setting
/// weakens verification. `Default` trusts the built-in authorities alone and has no client certificate.
#[derive(Debug, Clone, Default)]
pub struct TlsSettings {
    extra_authorities: Vec<TrustAnchor<'static>>,
    pub(crate) client_identity: Option<Arc<CertifiedKey>>,
}

impl TlsSettings {
    /// Reads the values of `TLS_CA_BUNDLE`, `TLS_CLIENT_CERT` and `TLS_CLIENT_KEY`.
    ///
    /// Each is PEM text, or the path of a file that holds it (at most 1 MiB); an empty value counts as
    /// absent.
    ///
    /// # Errors
    /// Those of [`with_ca_bundle`](Self::with_ca_bundle) and
    /// [`with_client_identity`](Self::with_client_identity), and [`SettingFault::Missing`] where only one
    /// half of the client's identity is given.
    pub fn parse(
        ca_bundle: Option<&str>,
        client_certificate: Option<&str>,
        client_key: Option<&str>,
    ) -> Result<Self, TlsSettingsError> {
        let mut settings = Self::default();
        if let Some(bundle) = given(ca_bundle) {
            settings = settings.with_ca_bundle(bundle)?;
        }
        match (given(client_certificate), given(client_key)) {
            (Some(certificate), Some(key)) => settings.with_client_identity(certificate, key),
            (None, None) => Ok(settings),
            (Some(_), None) => Err(SettingFault::Missing.of(TlsSetting::ClientKey)),
            (None, Some(_)) => Err(SettingFault::Missing.of(TlsSetting::ClientCertificate)),
        }
    }

    /// Trusts the certificates of a bundle (PEM text, or a path) **in addition to** the built-in authorities.
    ///
    /// Sections of the bundle other than CERTIFICATE are ignored. A server's own certificate may be in the
    /// bundle (it is then trusted as it is) unless it is marked as an authority.
    ///
    /// # Errors
    /// The bundle cannot be read, holds no certificate, or one of them cannot be parsed.
    pub fn with_ca_bundle(mut self, bundle: &str) -> Result<Self, TlsSettingsError> {
        let anchors = anchors(bundle).map_err(|fault| fault.of(TlsSetting::CaBundle))?;
        self.extra_authorities.extend(anchors);
        Ok(self)
    }

    /// Shows this certificate, followed by its intermediates, to servers that request one, proved by its
    /// private key.
    ///
    /// Both are PEM text or a path, and may be the same file. The key may be PKCS#8, PKCS#1 or SEC1 (RSA,
    /// ECDSA P-256 or P-384, Ed25519); its text is zeroed once it is parsed.
    ///
    /// # Errors
    /// One of them cannot be read or parsed, the key is encrypted, or it belongs to another certificate.
    pub fn with_client_identity(mut self, certificate: &str, key: &str) -> Result<Self, TlsSettingsError> {
        self.client_identity = Some(Arc::new(identity::parse(certificate, key)?));
        Ok(self)
    }

    /// All authorities that are trusted: the built-in ones, then those of the bundle.
    pub fn authorities(&self) -> RootCertStore {
        let mut roots = authorities::built_in_roots();
        roots.extend(self.extra_authorities.iter().cloned());
        roots
    }
}

/// A deployment template expresses "not set" by an empty variable.
fn given(value: Option<&str>) -> Option<&str> {
    value.filter(|text| !text.trim().is_empty())
}

/// The trust anchors of a bundle.
fn anchors(bundle: &str) -> Result<Vec<TrustAnchor<'static>>, SettingFault> {
    let mut roots = RootCertStore::empty();
    for (index, certificate) in certificates(bundle)?.into_iter().enumerate() {
        roots.add(certificate).map_err(|_| SettingFault::DamagedCertificate { position: index + 1 })?;
    }
    Ok(roots.roots)
}
