//! What can be wrong with a TLS setting.

use std::fmt;

use thiserror::Error;

/// A TLS setting, named after the environment variable that holds it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TlsSetting {
    /// `TLS_CA_BUNDLE`
    CaBundle,
    /// `TLS_CLIENT_CERT`
    ClientCertificate,
    /// `TLS_CLIENT_KEY`
    ClientKey,
}

impl TlsSetting {
    /// The name of the environment variable.
    pub fn name(self) -> &'static str {
        match self {
            Self::CaBundle => "TLS_CA_BUNDLE",
            Self::ClientCertificate => "TLS_CLIENT_CERT",
            Self::ClientKey => "TLS_CLIENT_KEY",
        }
    }
}

impl fmt::Display for TlsSetting {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.name())
    }
}

/// A TLS setting cannot be used; the operator of the function fixes it.
///
/// Names the setting and the kind of fault, never the value: a value that was meant to be a path may be a
/// key.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("{setting}: {fault}")]
pub struct TlsSettingsError {
    /// The setting to fix.
    pub setting: TlsSetting,
    /// What is wrong with it; part of the message, so it is not repeated as a source.
    pub fault: SettingFault,
}

/// What is wrong with the value of a TLS setting.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum SettingFault {
    /// The value is not PEM, and no file with that name could be read.
    #[error("neither PEM text nor the path of a readable file ({0})")]
    Unreadable(std::io::ErrorKind),
    /// The path leads to a folder, a pipe or a device.
    #[error("the path does not lead to a regular file")]
    NotAFile,
    /// The file has more than 1 MiB.
    #[error("the file has more than 1 MiB")]
    TooLarge,
    /// PEM sections that do not end, or that are not base64.
    #[error("the PEM text is damaged")]
    DamagedPem,
    /// There is PEM, but no certificate in it.
    #[error("no CERTIFICATE section was found")]
    NoCertificate,
    /// A CERTIFICATE section that holds no X.509 certificate.
    #[error("certificate number {position} cannot be parsed")]
    DamagedCertificate {
        /// Its place in the text, counted from 1.
        position: usize,
    },
    /// There is PEM, but no private key in it.
    #[error("no PRIVATE KEY section was found")]
    NoKey,
    /// The private key is protected by a passphrase; there is no setting for one.
    #[error("the private key is encrypted, only keys without a passphrase are supported")]
    EncryptedKey,
    /// The private key is damaged, or neither RSA, ECDSA (P-256, P-384) nor Ed25519.
    #[error("the private key is damaged or of an unsupported kind")]
    UnusableKey,
    /// The private key belongs to another certificate.
    #[error("the private key does not belong to the client certificate")]
    KeyOfAnotherCertificate,
    /// One half of the client's identity is set, but not this one.
    #[error("missing, although its counterpart is set")]
    Missing,
}

impl SettingFault {
    pub(crate) fn of(self, setting: TlsSetting) -> TlsSettingsError {
        TlsSettingsError { setting, fault: self }
    }
}
