//! Why the certificate of a server was refused.

use std::error::Error as StdError;
use std::io;

use rustls::{CertificateError, Error};
use thiserror::Error;

use crate::verifier::SelfSignedCertificate;

/// Why the certificate of a server was refused.
///
/// A certificate may have several faults; one is reported, in the order of the variants: dates first, then
/// its issuer, then its name. So a self-signed certificate that has expired is `Expired`, and one for another
/// host is `SelfSigned`; `WrongHost` means that there is no other fault.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Error)]
#[non_exhaustive]
pub enum CertificateFault {
    /// The certificate, or one of its intermediates, is past its last day (or the local clock is wrong).
    #[error("the server's certificate has expired")]
    Expired,
    /// The first day of the certificate, or of one of its intermediates, is in the future (or the local clock
    /// is wrong).
    #[error("the server's certificate is not valid yet")]
    NotYetValid,
    /// The certificate names itself as its issuer, and is not in the extra bundle. Also, in the bundle or
    /// not, a certificate that is marked as an authority, which no server's certificate may be.
    #[error("the server's certificate is self-signed")]
    SelfSigned,
    /// No trusted authority has signed it, whichever issuer it names.
    #[error("the server's certificate was issued by an unknown authority")]
    UnknownAuthority,
    /// It is signed and valid, but for names other than the one of the connection.
    #[error("the server's certificate is for another host")]
    WrongHost,
    /// Its authority has revoked it.
    #[error("the server's certificate has been revoked")]
    Revoked,
    /// It is not for servers, is damaged, is of an unsupported kind, or the server does not hold its key.
    #[error("the server's certificate is not usable for a server")]
    Unusable,
}

/// The fault of the server's certificate, if `error` or one of its causes is about one.
///
/// Follows `source()`, and looks into [`io::Error`]s, in which TLS streams and database drivers wrap the
/// errors of rustls. `None` where the handshake failed for another reason, or where TLS did not fail.
pub fn certificate_fault(error: &(dyn StdError + 'static)) -> Option<CertificateFault> {
    match find_rustls_error(error)? {
        Error::InvalidCertificate(certificate) => Some(classify(certificate)),
        _ => None,
    }
}

/// The most causes that are followed; a longer chain is a loop.
const DEPTH_LIMIT: usize = 32;

/// The error of rustls at the bottom of `error`.
fn find_rustls_error<'e>(error: &'e (dyn StdError + 'static)) -> Option<&'e Error> {
    let mut cause = Some(error);
    for _ in 0..DEPTH_LIMIT {
        let current = cause?;
        if let Some(found) = current.downcast_ref::<Error>() {
            return Some(found);
        }
        // `io::Error::source` skips the error that it wraps and returns the source of that one.
        cause = match current.downcast_ref::<io::Error>().and_then(io::Error::get_ref) {
            Some(wrapped) => Some(wrapped),
            None => current.source(),
        };
    }
    None
}

fn classify(error: &CertificateError) -> CertificateFault {
    match error {
        CertificateError::Expired | CertificateError::ExpiredContext { .. } => CertificateFault::Expired,
        CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. } => {
            CertificateFault::NotYetValid
        }
        CertificateError::UnknownIssuer => CertificateFault::UnknownAuthority,
        CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. } => {
            CertificateFault::WrongHost
        }
        CertificateError::Revoked => CertificateFault::Revoked,
        CertificateError::Other(other) if other.0.is::<SelfSignedCertificate>() => {
            CertificateFault::SelfSigned
        }
        _ => CertificateFault::Unusable,
    }
}
