//! Binds a proof by SCRAM to the TLS session in which it is given: `tls-server-end-point` (RFC 5929, section
//! 4.1).

use ring::digest::{Algorithm, SHA256, SHA384, SHA512, digest};
use rustls::pki_types::CertificateDer;
use x509_cert::{
    Certificate,
    der::{
        Decode as _,
        oid::{
            ObjectIdentifier,
            db::rfc5912::{
                ECDSA_WITH_SHA_256, ECDSA_WITH_SHA_384, ECDSA_WITH_SHA_512, SHA_1_WITH_RSA_ENCRYPTION,
                SHA_256_WITH_RSA_ENCRYPTION, SHA_384_WITH_RSA_ENCRYPTION, SHA_512_WITH_RSA_ENCRYPTION,
            },
        },
    },
};

/// The hash that binds to a server which showed these certificates, its own first. `None` without a
/// certificate, and where its signature does not name a single hash (Ed25519, RSA-PSS), for which the RFC
/// defines none.
pub(crate) fn server_end_point(chain: &[CertificateDer<'_>]) -> Option<Vec<u8>> {
    let certificate = chain.first()?;
    let parsed = Certificate::from_der(certificate).ok()?;
    Some(digest(algorithm(parsed.signature_algorithm.oid)?, certificate).as_ref().to_vec())
}

/// The hash of the certificate's signature; SHA-256 in place of SHA-1.
fn algorithm(signature: ObjectIdentifier) -> Option<&'static Algorithm> {
    match signature {
        SHA_1_WITH_RSA_ENCRYPTION | SHA_256_WITH_RSA_ENCRYPTION | ECDSA_WITH_SHA_256 => Some(&SHA256),
        SHA_384_WITH_RSA_ENCRYPTION | ECDSA_WITH_SHA_384 => Some(&SHA384),
        SHA_512_WITH_RSA_ENCRYPTION | ECDSA_WITH_SHA_512 => Some(&SHA512),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use x509_cert::der::oid::db::{rfc5912::ID_RSASSA_PSS, rfc8410::ID_ED_25519};

    use super::*;

    /// The hash is that of the certificate's signature, and SHA-256 at least.
    #[test]
    fn hash_is_sha_256_at_least() {
        let check =
            |signature, expected: Option<&'static Algorithm>| assert_eq!(algorithm(signature), expected);
        check(SHA_1_WITH_RSA_ENCRYPTION, Some(&SHA256));
        check(ECDSA_WITH_SHA_256, Some(&SHA256));
        check(SHA_384_WITH_RSA_ENCRYPTION, Some(&SHA384));
        check(ECDSA_WITH_SHA_512, Some(&SHA512));
        check(ID_ED_25519, None);
        check(ID_RSASSA_PSS, None);
    }
}
