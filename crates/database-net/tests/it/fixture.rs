//! Certificates of every kind, and a server that shows them.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use database_net::{HandshakeError, Stream};
use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, DnType, ExtendedKeyUsagePurpose, IsCa, KeyPair,
    date_time_ymd,
};
use rustls::server::WebPkiClientVerifier;
use rustls::{ClientConfig, ProtocolVersion, RootCertStore, ServerConfig, SupportedProtocolVersion};
use rustls_pki_types::{CertificateDer, PrivateKeyDer};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;

/// When a certificate is valid.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Dates {
    Good,
    Past,
    Future,
}

/// Who signs a certificate.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Signer {
    /// The authority of the extra bundle.
    Known,
    /// An authority that no bundle contains.
    Unknown,
    /// An authority that has the name of the known one, but another key.
    Impostor,
    /// The certificate itself.
    Oneself,
    /// The certificate itself, which is marked as an authority, as `openssl req -x509` makes them.
    OneselfAsAuthority,
}

pub(crate) struct Authority(CertifiedIssuer<'static, KeyPair>);

impl Authority {
    pub(crate) fn named(name: &str) -> Self {
        let mut parameters = CertificateParams::default();
        parameters.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        parameters.distinguished_name.push(DnType::CommonName, name);
        Self(CertifiedIssuer::self_signed(parameters, KeyPair::generate().unwrap()).unwrap())
    }

    pub(crate) fn pem(&self) -> String {
        self.0.pem()
    }

    pub(crate) fn der(&self) -> CertificateDer<'static> {
        self.0.der().clone()
    }

    /// A certificate of this authority for `name`, valid for servers and clients.
    pub(crate) fn issue(&self, name: &str) -> Identity {
        let key = KeyPair::generate().unwrap();
        let certificate = leaf(name, Dates::Good).signed_by(&key, &self.0).unwrap();
        Identity { certificate: certificate.into(), key }
    }
}

/// A certificate and its key.
pub(crate) struct Identity {
    pub(crate) certificate: CertificateDer<'static>,
    key: KeyPair,
}

impl Identity {
    pub(crate) fn key_pem(&self) -> String {
        self.key.serialize_pem()
    }

    pub(crate) fn certificate_pem(&self) -> String {
        pem("CERTIFICATE", &self.certificate)
    }

    fn key_der(&self) -> PrivateKeyDer<'static> {
        PrivateKeyDer::try_from(self.key.serialize_der()).unwrap()
    }
}

/// Any bytes as a PEM section.
pub(crate) fn pem(label: &str, der: &[u8]) -> String {
    use std::fmt::Write as _;
    const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut text = format!("-----BEGIN {label}-----\n");
    for line in der.chunks(48) {
        for three in line.chunks(3) {
            let bits = three.iter().fold(0_u32, |bits, byte| bits << 8 | u32::from(*byte))
                << (8 * (3 - three.len()));
            for place in 0..4 {
                let digit = DIGITS[(bits >> (18 - 6 * place)) as usize & 63];
                text.push(if place <= three.len() { digit.into() } else { '=' });
            }
        }
        text.push('\n');
    }
    writeln!(text, "-----END {label}-----").unwrap();
    text
}

fn leaf(name: &str, dates: Dates) -> CertificateParams {
    let mut parameters = CertificateParams::new([name.to_owned()]).unwrap();
    parameters.distinguished_name.push(DnType::CommonName, "a database");
    parameters.extended_key_usages =
        vec![ExtendedKeyUsagePurpose::ServerAuth, ExtendedKeyUsagePurpose::ClientAuth];
    match dates {
        Dates::Good => {}
        Dates::Past => parameters.not_after = date_time_ymd(2020, 1, 1),
        Dates::Future => parameters.not_before = date_time_ymd(4000, 1, 1),
    }
    parameters
}

/// A certificate for `name`; `known` is the authority that `Signer::Known` means.
pub(crate) fn certificate(known: &Authority, signer: Signer, name: &str, dates: Dates) -> Identity {
    let key = KeyPair::generate().unwrap();
    let mut parameters = leaf(name, dates);
    let certificate = match signer {
        Signer::Known => parameters.signed_by(&key, &known.0),
        Signer::Unknown => parameters.signed_by(&key, &Authority::named("nobody knows").0),
        Signer::Impostor => parameters.signed_by(&key, &Authority::named("known").0),
        Signer::Oneself => parameters.self_signed(&key),
        Signer::OneselfAsAuthority => {
            parameters.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
            parameters.self_signed(&key)
        }
    };
    Identity { certificate: certificate.unwrap().into(), key }
}

/// A server's configuration: both versions, no client certificates.
pub(crate) fn server(identity: &Identity) -> ServerConfig {
    server_with(identity, rustls::ALL_VERSIONS, None)
}

/// The same for some versions; with `clients`, every client must show a certificate of that authority.
pub(crate) fn server_with(
    identity: &Identity,
    versions: &[&'static SupportedProtocolVersion],
    clients: Option<&Authority>,
) -> ServerConfig {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let builder =
        ServerConfig::builder_with_provider(Arc::clone(&provider)).with_protocol_versions(versions).unwrap();
    let builder = match clients {
        None => builder.with_no_client_auth(),
        Some(authority) => {
            let mut roots = RootCertStore::empty();
            roots.add(authority.der()).unwrap();
            let verifier =
                WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider).build().unwrap();
            builder.with_client_cert_verifier(verifier)
        }
    };
    builder.with_single_cert(vec![identity.certificate.clone()], identity.key_der()).unwrap()
}

/// Connects to a server of this configuration as `host` and reads its greeting; returns the TLS version.
/// spoken.
pub(crate) async fn handshake(
    server: ServerConfig,
    client: Arc<ClientConfig>,
    host: &str,
) -> io::Result<ProtocolVersion> {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let serving = tokio::spawn(async move {
        let (socket, _) = listener.accept().await?;
        let mut stream = TlsAcceptor::from(Arc::new(server)).accept(socket).await?;
        stream.write_all(b"hello").await?;
        stream.shutdown().await
    });
    let connecting = async {
        let socket = TcpStream::connect(address).await?;
        let mut stream = match database_net::handshake(socket, host, &client).await {
            Ok(stream) => stream,
            Err(HandshakeError::Failed(error)) => return Err(error),
            Err(error) => panic!("{error}"),
        };
        let mut greeting = [0; 5];
        stream.read_exact(&mut greeting).await?;
        assert_eq!(&greeting, b"hello");
        assert!(!stream.peer_certificates().is_empty());
        assert_eq!(stream.peer(), Some(address.ip()));
        let Stream::Tls(tls) = stream else { panic!("plaintext after a handshake") };
        Ok(tls.get_ref().1.protocol_version().unwrap())
    };
    let result = tokio::time::timeout(Duration::from_secs(10), connecting).await.expect("a handshake hangs");
    serving.abort();
    result
}
