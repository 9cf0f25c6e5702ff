//! The standard verification of servers, with two errors reported more exactly.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::{
    CertificateError, DigitallySignedStruct, DistinguishedName, Error, OtherError, SignatureScheme,
};
use rustls_pki_types::{CertificateDer, ServerName, UnixTime};
use thiserror::Error;
use webpki::EndEntityCert;

/// The server's certificate was issued by itself; replaces rustls' error, which does not report that.
#[derive(Debug, Clone, Copy, Error)]
#[error("the certificate is self-signed")]
pub(crate) struct SelfSignedCertificate;

/// Leaves every decision to the standard verifier, explains some of its refusals, and remembers what it
/// accepted last.
#[derive(Debug)]
pub(crate) struct ExplainingVerifier {
    standard: Arc<WebPkiServerVerifier>,
    accepted: Mutex<Option<Chain>>,
}

/// The certificates that a server showed, and for which name.
#[derive(Clone, Debug)]
struct Chain {
    end_entity: CertificateDer<'static>,
    intermediates: Vec<CertificateDer<'static>>,
    name: ServerName<'static>,
}

impl ExplainingVerifier {
    /// The end of the year 9999, which means "never" in X.509 (RFC 5280, section 4.1.2.5).
    const NEVER: Duration = Duration::from_secs(253_402_300_799);
    /// More certificates than any accepted chain has.
    const MOST_CERTIFICATES: usize = 16;

    pub(crate) fn new(standard: Arc<WebPkiServerVerifier>) -> Self {
        Self { standard, accepted: Mutex::new(None) }
    }

    /// The last moment at which the chain that was accepted last would be accepted. Asked for a day that is
    /// too late, the standard verifier reports the last day of the certificate that it checked; so each query
    /// leads to an earlier day, until the chain is accepted.
    pub(crate) fn valid_until(&self) -> Option<UnixTime> {
        let accepted = self.accepted.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let Chain { end_entity, intermediates, name } = accepted?;
        let mut at = UnixTime::since_unix_epoch(Self::NEVER);
        for _ in 0..Self::MOST_CERTIFICATES {
            match self.standard.verify_server_cert(&end_entity, &intermediates, &name, &[], at) {
                Ok(_) => return Some(at),
                Err(Error::InvalidCertificate(CertificateError::ExpiredContext { not_after, .. }))
                    if not_after < at =>
                {
                    at = not_after;
                }
                Err(_) => return None,
            }
        }
        None
    }

    fn accept(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        name: &ServerName<'_>,
    ) {
        let chain = Chain {
            end_entity: end_entity.clone().into_owned(),
            intermediates: intermediates.iter().map(|one| one.clone().into_owned()).collect(),
            name: name.to_owned(),
        };
        *self.accepted.lock().unwrap_or_else(PoisonError::into_inner) = Some(chain);
    }
}

impl ServerCertVerifier for ExplainingVerifier {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        server_name: &ServerName<'_>,
        ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        // `map_err` cannot turn a refusal into acceptance.
        self.standard
            .verify_server_cert(end_entity, intermediates, server_name, ocsp_response, now)
            .inspect(|_| self.accept(end_entity, intermediates, server_name))
            .map_err(|error| explain(error, end_entity))
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.standard.verify_tls12_signature(message, certificate, signature)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.standard.verify_tls13_signature(message, certificate, signature)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.standard.supported_verify_schemes()
    }

    fn root_hint_subjects(&self) -> Option<&[DistinguishedName]> {
        self.standard.root_hint_subjects()
    }
}

/// The same, except that self-signed certificates are accepted as such: the server holds the key, and nothing
/// vouches for whose key it is.
#[derive(Debug)]
pub(crate) struct TakingSelfSigned(pub(crate) Arc<ExplainingVerifier>);

impl ServerCertVerifier for TakingSelfSigned {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        server_name: &ServerName<'_>,
        ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        match self.0.verify_server_cert(end_entity, intermediates, server_name, ocsp_response, now) {
            Err(Error::InvalidCertificate(CertificateError::Other(OtherError(cause))))
                if cause.is::<SelfSignedCertificate>() =>
            {
                Ok(ServerCertVerified::assertion())
            }
            outcome => outcome,
        }
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.0.verify_tls12_signature(message, certificate, signature)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.0.verify_tls13_signature(message, certificate, signature)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.0.supported_verify_schemes()
    }
}

/// Reports more exactly why no authority vouches for a certificate; every other error stays as it is.
///
/// Dates come first: the standard verifier reports an expired self-signed certificate as expired.
fn explain(error: Error, certificate: &CertificateDer<'_>) -> Error {
    let Error::InvalidCertificate(fault) = &error else { return error };
    let unvouched = match fault {
        // A signature fails where the issuer has the name of a known authority, but another key.
        CertificateError::UnknownIssuer | CertificateError::BadSignature => true,
        CertificateError::Other(OtherError(cause)) => {
            matches!(cause.downcast_ref(), Some(webpki::Error::CaUsedAsEndEntity))
        }
        _ => false,
    };
    if unvouched && names_itself_as_issuer(certificate) {
        CertificateError::Other(OtherError(Arc::new(SelfSignedCertificate))).into()
    } else if matches!(fault, CertificateError::BadSignature) {
        CertificateError::UnknownIssuer.into()
    } else {
        error
    }
}

fn names_itself_as_issuer(certificate: &CertificateDer<'_>) -> bool {
    EndEntityCert::try_from(certificate).is_ok_and(|parsed| parsed.issuer() == parsed.subject())
}
