//! The certificate that we show to servers, and its private key.

use rustls::crypto::CryptoProvider;
use rustls::sign::CertifiedKey;
use rustls::{Error, InconsistentKeys};
use rustls_pki_types::PrivateKeyDer;
use rustls_pki_types::pem::{self, PemObject};

use crate::config;
use crate::error::{SettingFault, TlsSetting, TlsSettingsError};
use crate::settings;
use crate::source;

/// A certificate chain and the key that is proven to belong to it.
pub(crate) fn parse(certificate: &str, key: &str) -> Result<CertifiedKey, TlsSettingsError> {
    let chain =
        settings::certificates(certificate).map_err(|fault| fault.of(TlsSetting::ClientCertificate))?;
    let key = private_key(key).map_err(|fault| fault.of(TlsSetting::ClientKey))?;
    let provider: CryptoProvider = config::provider();
    CertifiedKey::from_der(chain, key, &provider).map_err(|error| match error {
        Error::InconsistentKeys(InconsistentKeys::KeyMismatch) => {
            SettingFault::KeyOfAnotherCertificate.of(TlsSetting::ClientKey)
        }
        Error::InvalidCertificate(_) => {
            SettingFault::DamagedCertificate { position: 1 }.of(TlsSetting::ClientCertificate)
        }
        _ => SettingFault::UnusableKey.of(TlsSetting::ClientKey),
    })
}

/// The first private key of a PEM text or of the file that `value` names.
fn private_key(value: &str) -> Result<PrivateKeyDer<'static>, SettingFault> {
    let text = source::read(value)?;
    // PKCS#8 says so in the label of the section, the older forms in its first header line.
    for mark in [b"BEGIN ENCRYPTED PRIVATE KEY".as_slice(), b"Proc-Type: 4,ENCRYPTED"] {
        if text.windows(mark.len()).any(|window| window == mark) {
            return Err(SettingFault::EncryptedKey);
        }
    }
    PrivateKeyDer::from_pem_slice(&text).map_err(|error| match error {
        pem::Error::NoItemsFound => SettingFault::NoKey,
        _ => SettingFault::DamagedPem,
    })
}
