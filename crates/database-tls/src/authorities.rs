//! The authorities that every connection trusts, as data inside the program.

use rustls::RootCertStore;
use rustls_pki_types::CertificateDer;

/// Amazon Trust Services: Redshift, RDS Proxy and the endpoints of AWS.
const AMAZON: &[u8] = include_bytes!("../data/amazon.der");

/// RDS, Aurora and DocumentDB: three authorities for each region.
const RDS: &[u8] = include_bytes!("../data/rds.der");

/// The certificates of the built-in authorities, Amazon Trust Services' first, then those of RDS, region by region.
///
/// Where they come from, and what is missing (China and the regions of the US government), is told in `data/README.md` of this crate.
pub fn built_in_authorities() -> impl Iterator<Item = CertificateDer<'static>> {
    [AMAZON, RDS].into_iter().flat_map(certificates)
}

/// A store of the built-in authorities.
///
/// Parsed from DER at each call, which takes less than a hundred microseconds: extracting names and keys beforehand would
/// save little time and lose the last days and fingerprints, by which people check the data.
pub(crate) fn built_in_roots() -> RootCertStore {
    let mut roots = RootCertStore::empty();
    for certificate in built_in_authorities() {
        roots.add(certificate).expect("the tests parse every built-in authority");
    }
    roots
}

/// Splits DER certificates that stand one after another.
fn certificates(mut rest: &'static [u8]) -> impl Iterator<Item = CertificateDer<'static>> {
    std::iter::from_fn(move || {
        // A certificate is a SEQUENCE of 256 to 65535 bytes, whose header is 30 82 and two bytes of length.
        let &[0x30, 0x82, high, low, ..] = rest else { return None };
        let (certificate, others) =
            rest.split_at_checked(4 + usize::from(u16::from_be_bytes([high, low])))?;
        rest = others;
        Some(CertificateDer::from_slice(certificate))
    })
}
