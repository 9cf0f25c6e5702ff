//! The way to a database server: addresses, TCP, TLS that is always verified, and typed certificate faults.
//!
//! ```text
//! TLS_CA_BUNDLE, TLS_CLIENT_CERT, TLS_CLIENT_KEY ─> TlsSettings ─┐
//! data/anchors.der, the built-in authorities ────────────────────┴─> LazyTls ─ first login ─> TlsClient
//!                                                                                               │
//! Login ─ dial ─> TcpStream ─ the protocol's own request for TLS ─ handshake ───────────────────┴─> Stream
//!           └ ConnectError                                             └ HandshakeError ─> CertificateFault
//! ```
//!
//! Chain, dates and name are always verified. The extra bundle adds to the built-in authorities and does not
//! replace them. Revocation is not checked: rustls fetches no lists while connecting. A name is resolved
//! again for each connection, and addresses that a database cannot have are refused.

mod authorities;
mod config;
mod dial;
mod environment;
mod error;
mod fault;
mod handshake;
mod identity;
mod lazy;
mod settings;
mod source;
mod stream;
mod verifier;

pub use config::{TlsClient, client_config};
pub use dial::{addresses, dial, os_cause, tls_invalid};
pub use error::{SettingFault, TlsSetting, TlsSettingsError};
pub use fault::{CertificateFault, certificate_fault};
pub use handshake::{HandshakeError, handshake};
pub use lazy::LazyTls;
pub use settings::TlsSettings;
pub use stream::Stream;
