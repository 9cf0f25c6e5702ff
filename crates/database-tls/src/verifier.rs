//! The standard verification of servers, with two errors told more exactly.

use std::sync::Arc;

use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::{
    CertificateError, DigitallySignedStruct, DistinguishedName, Error, OtherError, SignatureScheme,
};
use rustls_pki_types::{CertificateDer, ServerName, UnixTime};
use thiserror::Error;
use webpki::EndEntityCert;

/// The server's certificate was issued by itself; stands in the place of rustls' error, which does not say so.
#[derive(Debug, Clone, Copy, Error)]
#[error("the certificate is self-signed")]
pub(crate) struct SelfSignedCertificate;

/// Leaves every decision to the standard verifier, and explains some of its refusals.
#[derive(Debug)]
pub(crate) struct ExplainingVerifier {
    standard: Arc<WebPkiServerVerifier>,
}

impl ExplainingVerifier {
    pub(crate) fn new(standard: Arc<WebPkiServerVerifier>) -> Self {
        Self { standard }
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
        // `map_err` cannot turn a refusal into consent.
        self.standard
            .verify_server_cert(end_entity, intermediates, server_name, ocsp_response, now)
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

/// Tells more exactly why no authority vouches for a certificate; every other error stays as it is.
///
/// Dates come before: the standard verifier has told a self-signed certificate that has expired as expired.
fn explain(error: Error, certificate: &CertificateDer<'_>) -> Error {
    let Error::InvalidCertificate(fault) = &error else { return error };
    let unvouched = match fault {
        // A signature fails where the issuer bears the name of a known authority, but has another key.
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
