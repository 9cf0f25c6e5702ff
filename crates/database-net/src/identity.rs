//! The client certificate, and its private key.

use rustls::crypto::ring::sign::any_supported_type;
use rustls::sign::CertifiedKey;
use rustls::{Error, InconsistentKeys};
use rustls_pki_types::PrivateKeyDer;
use rustls_pki_types::pem::{self, PemObject};
use zeroize::Zeroizing;

use crate::error::{SettingFault, TlsSetting, TlsSettingsError};
use crate::source::{certificates, read};

/// A certificate chain and a key that is checked to belong to it.
pub(crate) fn parse(certificate: &str, key: &str) -> Result<CertifiedKey, TlsSettingsError> {
    let chain = certificates(certificate).map_err(|fault| fault.of(TlsSetting::ClientCertificate))?;
    let key = private_key(key).map_err(|fault| fault.of(TlsSetting::ClientKey))?;
    // Not `CertifiedKey::from_der`, which would consume the key without zeroing it.
    let key = any_supported_type(&key).map_err(|_| SettingFault::UnusableKey.of(TlsSetting::ClientKey))?;
    let identity = CertifiedKey::new(chain, key);
    match identity.keys_match() {
        Ok(()) => Ok(identity),
        Err(Error::InconsistentKeys(InconsistentKeys::KeyMismatch)) => {
            Err(SettingFault::KeyOfAnotherCertificate.of(TlsSetting::ClientKey))
        }
        // All keys that ring signs with know their public half, so only the certificate can be at fault.
        Err(_) => Err(SettingFault::DamagedCertificate { position: 1 }.of(TlsSetting::ClientCertificate)),
    }
}

/// The first private key of a PEM text or of the file that `value` names.
fn private_key(value: &str) -> Result<Zeroizing<PrivateKeyDer<'static>>, SettingFault> {
    let text = read(value)?;
    // PKCS#8 shows it in the label of the section, the older forms in a line below the label.
    for mark in [b"BEGIN ENCRYPTED PRIVATE KEY".as_slice(), b"Proc-Type: 4,ENCRYPTED"] {
        if text.windows(mark.len()).any(|window| window == mark) {
            return Err(SettingFault::EncryptedKey);
        }
    }
    PrivateKeyDer::from_pem_slice(&text).map(Zeroizing::new).map_err(|error| match error {
        pem::Error::NoItemsFound => SettingFault::NoKey,
        _ => SettingFault::DamagedPem,
    })
}
