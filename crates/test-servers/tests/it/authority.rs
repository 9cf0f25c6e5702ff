use std::{os::unix::fs::PermissionsExt, sync::Arc};

use rustls::{
    CertificateError, ClientConfig, ClientConnection, Error, RootCertStore, ServerConfig, ServerConnection,
    pki_types::{CertificateDer, PrivateKeyDer, ServerName, pem::PemObject},
};
use test_servers::{TestAuthority, TestCertificate};

/// Connects a client that trusts `authority` to a server with this certificate under a name, without any
/// network.
fn meet(authority: &TestAuthority, certificate: &TestCertificate, name: &str) -> Result<(), Error> {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from_pem_slice(authority.certificate_pem().as_bytes()).unwrap()).unwrap();
    let client = ClientConfig::builder_with_provider(provider.clone())
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    let chain = vec![CertificateDer::from_pem_slice(certificate.certificate_pem().as_bytes()).unwrap()];
    let key = PrivateKeyDer::from_pem_slice(certificate.key_pem().as_bytes()).unwrap();
    let server = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(chain, key)
        .unwrap();
    let name = ServerName::try_from(name.to_owned()).unwrap();
    let mut client = ClientConnection::new(Arc::new(client), name).unwrap();
    let mut server = ServerConnection::new(Arc::new(server)).unwrap();
    while client.is_handshaking() || server.is_handshaking() {
        let mut bytes = Vec::new();
        client.write_tls(&mut bytes).unwrap();
        server.read_tls(&mut bytes.as_slice()).unwrap();
        server.process_new_packets()?;
        bytes.clear();
        server.write_tls(&mut bytes).unwrap();
        client.read_tls(&mut bytes.as_slice()).unwrap();
        client.process_new_packets()?;
    }
    Ok(())
}

#[track_caller]
fn check(certificate: &TestCertificate, authority: &TestAuthority, expected: fn(&CertificateError) -> bool) {
    match meet(authority, certificate, "localhost") {
        Err(Error::InvalidCertificate(error)) if expected(&error) => {}
        other => panic!("{other:?}"),
    }
}

/// A good certificate is trusted under both names of a server.
#[test]
fn good_certificate_under_both_names() {
    let authority = TestAuthority::new();
    let certificate = authority.server();
    meet(&authority, &certificate, "localhost").unwrap();
    meet(&authority, &certificate, "127.0.0.1").unwrap();
}

/// Each bad certificate is refused for its own reason.
#[test]
fn bad_certificates_by_their_reason() {
    let authority = TestAuthority::new();
    check(&authority.expired(), &authority, |error| {
        matches!(error, CertificateError::Expired | CertificateError::ExpiredContext { .. })
    });
    check(&authority.not_yet_valid(), &authority, |error| {
        matches!(error, CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. })
    });
    check(&authority.server_named(&["db.example.com"]), &authority, |error| {
        matches!(error, CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. })
    });
    check(&TestAuthority::unknown(), &authority, |error| matches!(error, CertificateError::UnknownIssuer));
    check(&TestAuthority::self_signed(), &authority, |error| {
        matches!(error, CertificateError::UnknownIssuer)
    });
    check(&authority.client("app"), &authority, |error| {
        matches!(error, CertificateError::InvalidPurpose | CertificateError::InvalidPurposeContext { .. })
    });
}

/// Written files are readable by their owner alone.
#[test]
fn files_are_private_to_the_owner() {
    let folder = tempfile::tempdir().unwrap();
    let (certificate, key) = (folder.path().join("server.crt"), folder.path().join("server.key"));
    std::fs::write(&key, "an older file, open to all").unwrap();
    TestAuthority::new().server().write(&certificate, &key).unwrap();
    for path in [certificate, key] {
        assert_eq!(std::fs::metadata(path).unwrap().permissions().mode() & 0o777, 0o600);
    }
}
