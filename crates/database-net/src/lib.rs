//! One rustls configuration for database connections: the RDS and Amazon authorities, no silent downgrade.
//!
//! ```text
//! TLS_CA_BUNDLE, TLS_CLIENT_CERT, TLS_CLIENT_KEY --> TlsSettings::parse --> TlsSettings
//!                                                                              |
//! data/anchors.der, the built-in authorities ------------> client_config --> rustls::ClientConfig
//!                                                                              | a handshake fails
//!                                       certificate_fault(&error) --> CertificateFault
//! ```
//!
//! Verification of chain, dates and name is always on. The extra bundle adds to the built-in authorities and does not
//! replace them. Revocation is not checked: rustls fetches no lists while connecting.

mod authorities;
mod config;
mod dial;
mod error;
mod fault;
mod identity;
mod settings;
mod source;
mod verifier;

pub use config::{TlsClient, client_config};
pub use dial::{addresses, dial, os_cause, peer, tls_invalid};
pub use error::{SettingFault, TlsSetting, TlsSettingsError};
pub use fault::{CertificateFault, certificate_fault};
pub use settings::TlsSettings;
