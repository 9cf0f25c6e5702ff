//! Certificates for tests, good and bad, by an authority that exists for one run.

use std::{
    io::{self, Write},
    os::unix::fs::OpenOptionsExt,
    path::Path,
    sync::Arc,
};

use rcgen::{
    BasicConstraints, CertificateParams, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair,
    KeyUsagePurpose,
};
use rustls::{
    ServerConfig,
    pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject},
};
use time::{Duration, OffsetDateTime};

/// The names under which every launched server is reached.
const SERVER_NAMES: [&str; 2] = ["localhost", "127.0.0.1"];

/// A certificate authority made at run time. Keys are ECDSA P-256.
///
/// Every authority has a name of its own, so that a verifier never confuses two of them.
pub struct TestAuthority {
    issuer: Issuer<'static, KeyPair>,
    certificate_pem: String,
}

/// A certificate with its private key, both PEM. The certificate's text contains the leaf alone.
#[derive(Clone)]
pub struct TestCertificate {
    certificate_pem: String,
    key_pem: String,
}

impl TestAuthority {
    /// Makes a new authority, valid from yesterday for ten years.
    #[expect(
        clippy::new_without_default,
        reason = "each call makes another authority, and takes randomness to do so"
    )]
    pub fn new() -> Self {
        let mut params = named(&format!("test authority {}", uuid::Uuid::new_v4().simple()), &[]);
        params.not_after = OffsetDateTime::now_utc() + Duration::days(3650);
        params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
        let key = new_key();
        let certificate = self_sign(&params, &key);
        Self { issuer: Issuer::new(params, key), certificate_pem: certificate.pem() }
    }

    /// The authority's own certificate: what a client must trust.
    pub fn certificate_pem(&self) -> &str {
        &self.certificate_pem
    }

    /// A server's certificate for `localhost` and `127.0.0.1`.
    pub fn server(&self) -> TestCertificate {
        self.issue(&server_params(&SERVER_NAMES))
    }

    /// A server's certificate for names other than those by which the server is reached.
    pub fn server_named(&self, names: &[&str]) -> TestCertificate {
        self.issue(&server_params(names))
    }

    /// A server's certificate that expired yesterday.
    pub fn expired(&self) -> TestCertificate {
        let mut params = server_params(&SERVER_NAMES);
        params.not_before = OffsetDateTime::now_utc() - Duration::days(30);
        params.not_after = OffsetDateTime::now_utc() - Duration::days(1);
        self.issue(&params)
    }

    /// A server's certificate that expires in this number of days.
    pub fn ending_in(&self, days: i64) -> TestCertificate {
        let mut params = server_params(&SERVER_NAMES);
        params.not_after = OffsetDateTime::now_utc() + Duration::days(days);
        self.issue(&params)
    }

    /// A server's certificate that becomes valid tomorrow.
    pub fn not_yet_valid(&self) -> TestCertificate {
        let mut params = server_params(&SERVER_NAMES);
        params.not_before = OffsetDateTime::now_utc() + Duration::days(1);
        self.issue(&params)
    }

    /// A client's certificate; PostgreSQL compares the common name with the user's name.
    pub fn client(&self, common_name: &str) -> TestCertificate {
        let mut params = named(common_name, &[]);
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth];
        self.issue(&params)
    }

    /// A self-signed server's certificate for the right names.
    pub fn self_signed() -> TestCertificate {
        let key = new_key();
        let certificate = self_sign(&server_params(&SERVER_NAMES), &key);
        TestCertificate { certificate_pem: certificate.pem(), key_pem: key.serialize_pem() }
    }

    /// A server's certificate for the right names from an unknown authority.
    pub fn unknown() -> TestCertificate {
        Self::new().server()
    }

    fn issue(&self, params: &CertificateParams) -> TestCertificate {
        let key = new_key();
        let certificate =
            params.signed_by(&key, &self.issuer).expect("ring signs with a key that it has just made");
        TestCertificate { certificate_pem: certificate.pem(), key_pem: key.serialize_pem() }
    }
}

impl std::fmt::Debug for TestAuthority {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("TestAuthority").finish_non_exhaustive()
    }
}

impl TestCertificate {
    /// The certificate, PEM.
    pub fn certificate_pem(&self) -> &str {
        &self.certificate_pem
    }

    /// The private key, PEM (PKCS #8).
    pub fn key_pem(&self) -> &str {
        &self.key_pem
    }

    /// A TLS server that presents this certificate, for services that run in process. TLS 1.2 and 1.3, on
    /// ring.
    pub fn server_config(&self) -> Arc<ServerConfig> {
        Arc::new(tls_server(self).expect("the certificate and the key were made for each other"))
    }

    /// Writes both files with mode 0600, which PostgreSQL requires for a key. Existing files are replaced.
    ///
    /// # Errors
    /// When a file cannot be created or written.
    pub fn write(&self, certificate: &Path, key: &Path) -> io::Result<()> {
        write_private(certificate, self.certificate_pem.as_bytes())?;
        write_private(key, self.key_pem.as_bytes())
    }
}

impl std::fmt::Debug for TestCertificate {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("TestCertificate(..)")
    }
}

fn tls_server(certificate: &TestCertificate) -> Result<ServerConfig, Box<dyn std::error::Error>> {
    let chain = vec![CertificateDer::from_pem_slice(certificate.certificate_pem.as_bytes())?];
    let key = PrivateKeyDer::from_pem_slice(certificate.key_pem.as_bytes())?;
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let versions = ServerConfig::builder_with_provider(provider).with_safe_default_protocol_versions()?;
    Ok(versions.with_no_client_auth().with_single_cert(chain, key)?)
}

/// Writes a file that only its owner can read. An older file is removed first, since an open keeps its mode.
pub(crate) fn write_private(path: &Path, bytes: &[u8]) -> io::Result<()> {
    match std::fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    std::fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)?.write_all(bytes)
}

fn server_params(names: &[&str]) -> CertificateParams {
    let mut params = named(names.first().copied().unwrap_or("server"), names);
    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    params
}

fn named(common_name: &str, names: &[&str]) -> CertificateParams {
    let names: Vec<String> = names.iter().map(|&name| name.to_owned()).collect();
    let mut params = CertificateParams::new(names).expect("a test names its servers in ASCII");
    params.distinguished_name = rcgen::DistinguishedName::new();
    params.distinguished_name.push(DnType::CommonName, common_name);
    params.not_before = OffsetDateTime::now_utc() - Duration::days(1);
    params.not_after = OffsetDateTime::now_utc() + Duration::days(825);
    params.use_authority_key_identifier_extension = true;
    params
}

fn self_sign(params: &CertificateParams, key: &KeyPair) -> rcgen::Certificate {
    params.self_signed(key).expect("ring signs with a key that it has just made")
}

fn new_key() -> KeyPair {
    KeyPair::generate().expect("the system has randomness for a P-256 key")
}
