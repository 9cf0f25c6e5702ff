//! Which servers are trusted, and what is reported about the others.

use std::error::Error as StdError;
use std::fmt;
use std::io;
use std::sync::Arc;

use database_net::{
    CertificateFault, HandshakeError, LazyTls, TlsSettings, certificate_fault, client_config,
};
use rotation_database::{ConnectError, TlsFault};
use rustls::{AlertDescription, ClientConfig, ProtocolVersion, RootCertStore};
use tokio::{
    io::AsyncReadExt,
    net::{TcpListener, TcpStream},
};

use crate::authorities::certificates;
use crate::fixture::{Authority, Dates, Identity, Signer, certificate, handshake, server, server_with};

/// The configuration that trusts `known` in addition to the built-in authorities.
fn trusting(known: &Authority) -> Arc<ClientConfig> {
    client_config(&TlsSettings::default().with_ca_bundle(&known.pem()).unwrap())
}

/// The decision of rustls with the same authorities, without this crate.
fn plain_rustls(known: &Authority) -> Arc<ClientConfig> {
    let mut roots = RootCertStore::empty();
    for authority in certificates().chain([known.der()]) {
        roots.add(authority).unwrap();
    }
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let builder =
        ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions().unwrap();
    Arc::new(builder.with_root_certificates(roots).with_no_client_auth())
}

#[track_caller]
fn check(result: io::Result<ProtocolVersion>, expected: Option<CertificateFault>) {
    match (result, expected) {
        (Ok(_), None) => {}
        (Err(error), Some(_)) => assert_eq!(certificate_fault(&error), expected, "{error:?}"),
        (result, _) => panic!("expected {expected:?}, got {result:?}"),
    }
}

/// One certificate against this crate's configuration and against that of rustls alone: both must decide
/// alike.
async fn present(signer: Signer, dates: Dates, name: &str, host: &str) -> io::Result<ProtocolVersion> {
    let known = Authority::named("known");
    let identity = certificate(&known, signer, name, dates);
    let ours = handshake(server(&identity), trusting(&known), host).await;
    let standard = handshake(server(&identity), plain_rustls(&known), host).await;
    assert_eq!(ours.is_ok(), standard.is_ok(), "{signer:?} {dates:?} {name} {host}: {ours:?}, {standard:?}");
    ours
}

/// A good certificate is accepted both by name and by address.
#[tokio::test]
async fn good_certificate_by_name_or_address() {
    check(present(Signer::Known, Dates::Good, "localhost", "localhost").await, None);
    check(present(Signer::Known, Dates::Good, "127.0.0.1", "127.0.0.1").await, None);
    check(present(Signer::Known, Dates::Good, "*.example.com", "db.example.com").await, None);
    check(present(Signer::Known, Dates::Good, "localhost", "localhost.").await, None);
}

/// Each of the four certificate faults has its own error.
#[tokio::test]
async fn four_faults_are_distinct() {
    use CertificateFault::{Expired, NotYetValid, SelfSigned, UnknownAuthority, WrongHost};
    let seen = async |signer, dates, name| present(signer, dates, name, "localhost").await;
    check(seen(Signer::Known, Dates::Past, "localhost").await, Some(Expired));
    check(seen(Signer::Known, Dates::Future, "localhost").await, Some(NotYetValid));
    check(seen(Signer::Oneself, Dates::Good, "localhost").await, Some(SelfSigned));
    check(seen(Signer::OneselfAsAuthority, Dates::Good, "localhost").await, Some(SelfSigned));
    check(seen(Signer::Unknown, Dates::Good, "localhost").await, Some(UnknownAuthority));
    check(seen(Signer::Impostor, Dates::Good, "localhost").await, Some(UnknownAuthority));
    check(seen(Signer::Known, Dates::Good, "other.example").await, Some(WrongHost));
    check(present(Signer::Known, Dates::Good, "127.0.0.2", "127.0.0.1").await, Some(WrongHost));
    check(present(Signer::Known, Dates::Good, "localhost", "127.0.0.1").await, Some(WrongHost));
}

/// Of several faults, the dates are reported first, then the signer, then the host.
#[tokio::test]
async fn order_of_several_faults() {
    for signer in
        [Signer::Known, Signer::Unknown, Signer::Impostor, Signer::Oneself, Signer::OneselfAsAuthority]
    {
        for dates in [Dates::Good, Dates::Past, Dates::Future] {
            for name in ["localhost", "other.example"] {
                let expected = match (dates, signer, name) {
                    (Dates::Past, _, _) => Some(CertificateFault::Expired),
                    (Dates::Future, _, _) => Some(CertificateFault::NotYetValid),
                    (_, Signer::Oneself | Signer::OneselfAsAuthority, _) => {
                        Some(CertificateFault::SelfSigned)
                    }
                    (_, Signer::Unknown | Signer::Impostor, _) => Some(CertificateFault::UnknownAuthority),
                    (_, Signer::Known, "localhost") => None,
                    (_, Signer::Known, _) => Some(CertificateFault::WrongHost),
                };
                check(present(signer, dates, name, "localhost").await, expected);
            }
        }
    }
}

/// A private authority is unknown where no bundle is given.
#[tokio::test]
async fn private_authority_without_a_bundle() {
    let known = Authority::named("known");
    let result =
        handshake(server(&known.issue("localhost")), client_config(&TlsSettings::default()), "localhost");
    check(result.await, Some(CertificateFault::UnknownAuthority));
}

/// A self-signed certificate in the bundle is trusted, unless it is an authority.
#[tokio::test]
async fn self_signed_certificate_in_the_bundle() {
    let known = Authority::named("known");
    for (signer, expected) in
        [(Signer::Oneself, None), (Signer::OneselfAsAuthority, Some(CertificateFault::SelfSigned))]
    {
        let identity = certificate(&known, signer, "localhost", Dates::Good);
        let settings = TlsSettings::default().with_ca_bundle(&identity.certificate_pem()).unwrap();
        check(handshake(server(&identity), client_config(&settings), "localhost").await, expected);
    }
}

/// Both TLS 1.2 and TLS 1.3 are spoken.
#[tokio::test]
async fn tls_1_2_and_1_3() {
    let known = Authority::named("known");
    for (version, expected) in [
        (&rustls::version::TLS12, ProtocolVersion::TLSv1_2),
        (&rustls::version::TLS13, ProtocolVersion::TLSv1_3),
    ] {
        let server = server_with(&known.issue("localhost"), &[version], None);
        assert_eq!(handshake(server, trusting(&known), "localhost").await.unwrap(), expected);
    }
}

/// A client certificate is presented where the server demands one.
#[tokio::test]
async fn client_certificate_on_demand() {
    let known = Authority::named("known");
    let client = known.issue("client");
    let settings =
        TlsSettings::parse(Some(&known.pem()), Some(&client.certificate_pem()), Some(&client.key_pem()))
            .unwrap();
    for version in rustls::ALL_VERSIONS {
        let server = server_with(&known.issue("localhost"), &[version], Some(&known));
        handshake(server, client_config(&settings), "localhost").await.unwrap();
    }
    let indifferent = server(&known.issue("localhost"));
    handshake(indifferent, client_config(&settings), "localhost").await.unwrap();
}

/// A missing client certificate is not reported as a fault of the server's certificate.
#[tokio::test]
async fn missing_client_certificate() {
    let known = Authority::named("known");
    for version in rustls::ALL_VERSIONS {
        let server = server_with(&known.issue("localhost"), &[version], Some(&known));
        let error = handshake(server, trusting(&known), "localhost").await.unwrap_err();
        assert_eq!(certificate_fault(&error), None);
        let told = error.get_ref().and_then(|cause| cause.downcast_ref::<rustls::Error>());
        assert_eq!(told, Some(&rustls::Error::AlertReceived(AlertDescription::CertificateRequired)));
    }
}

/// A certificate fault is found inside the errors that a driver wraps around it.
#[tokio::test]
async fn fault_inside_driver_errors() {
    let error = present(Signer::Known, Dates::Past, "localhost", "localhost").await.unwrap_err();
    let wrapped = DriverError(Box::new(io::Error::other(DriverError(Box::new(error)))));
    assert_eq!(certificate_fault(&wrapped), Some(CertificateFault::Expired));
    assert_eq!(certificate_fault(&DriverError(Box::new(io::Error::other("no TLS")))), None);
    assert_eq!(certificate_fault(&io::Error::from(io::ErrorKind::TimedOut)), None);
}

/// Drivers wrap the error of a connection like this.
#[derive(Debug)]
struct DriverError(Box<dyn StdError + Send + Sync>);

impl fmt::Display for DriverError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("error performing TLS handshake")
    }
}

impl StdError for DriverError {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        Some(self.0.as_ref())
    }
}

/// A server that lacks the private key of its certificate is refused.
#[tokio::test]
async fn server_without_its_private_key() {
    let known = Authority::named("known");
    let mut thief = known.issue("localhost");
    thief.certificate = known.issue("localhost").certificate;
    for version in rustls::ALL_VERSIONS {
        let server = thieving(&thief, version);
        let result = handshake(server, trusting(&known), "localhost").await;
        check(result, Some(CertificateFault::Unusable));
    }
}

/// A server that shows a certificate without having its key; the ordinary constructor refuses that.
fn thieving(thief: &Identity, version: &'static rustls::SupportedProtocolVersion) -> rustls::ServerConfig {
    use rustls::sign::{CertifiedKey, SingleCertAndKey};
    use rustls_pki_types::PrivateKeyDer;
    use rustls_pki_types::pem::PemObject;
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let key = PrivateKeyDer::from_pem_slice(thief.key_pem().as_bytes()).unwrap();
    let key = provider.key_provider.load_private_key(key).unwrap();
    let certified = CertifiedKey::new(vec![thief.certificate.clone()], key);
    rustls::ServerConfig::builder_with_provider(provider)
        .with_protocol_versions(&[version])
        .unwrap()
        .with_no_client_auth()
        .with_cert_resolver(Arc::new(SingleCertAndKey::from(certified)))
}

/// A name that no certificate can bear is refused before a byte is sent.
/// No certificate can be for it, so the server gets nothing.
#[tokio::test]
async fn name_no_certificate_can_bear() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let socket = TcpStream::connect(listener.local_addr().unwrap()).await.unwrap();
    let config = client_config(&TlsSettings::default());
    let error = database_net::handshake(socket, "two words", &config).await.unwrap_err();
    assert!(matches!(error, HandshakeError::Name), "{error:?}");
    let error = ConnectError::from(error);
    assert!(matches!(error, ConnectError::TlsInvalid { fault: TlsFault::WrongHost, .. }), "{error:?}");
    let mut received = Vec::new();
    listener.accept().await.unwrap().0.read_to_end(&mut received).await.unwrap();
    assert!(received.is_empty(), "{received:?}");
}

/// A lazy configuration is built once for all its clones.
#[test]
fn lazy_configuration_is_shared() {
    let tls = LazyTls::new(TlsSettings::default());
    let clone = tls.clone();
    assert!(Arc::ptr_eq(tls.config(), clone.config()));
    assert_eq!(clone.chain_valid_until(), None);
}
