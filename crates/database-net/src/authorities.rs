//! The certificate authorities that every connection trusts, as data inside the program.

use rustls::RootCertStore;
use rustls_pki_types::{Der, TrustAnchor};

/// Name and key of each: Amazon Trust Services (Redshift, RDS Proxy, the endpoints of AWS), then three of
/// each Region's RDS, Aurora and `DocumentDB`. `data/README.md` of this crate documents where they come from,
/// and which are missing (China, the Regions of the US government).
///
/// A root is trusted because it is in this list, so nothing else of its certificate is ever checked. The
/// rest, signatures above all, does not compress: it would add 40 kB to a zipped function.
const ANCHORS: &[u8] = include_bytes!("../data/anchors.der");

/// A store of the built-in authorities. Nothing is copied.
pub(crate) fn built_in_roots() -> RootCertStore {
    let mut rest = ANCHORS;
    let anchors = std::iter::from_fn(|| {
        Some(TrustAnchor {
            subject: Der::from_slice(sequence(&mut rest)?),
            subject_public_key_info: Der::from_slice(sequence(&mut rest)?),
            // None of them has any, as the tests check.
            name_constraints: None,
        })
    });
    RootCertStore { roots: anchors.collect() }
}

/// Removes one SEQUENCE of less than 64 KiB from the front and returns its content.
fn sequence(rest: &mut &'static [u8]) -> Option<&'static [u8]> {
    let (length, after) = match *rest {
        [0x30, 0x82, high, low, after @ ..] => (u16::from_be_bytes([*high, *low]), after),
        [0x30, 0x81, length, after @ ..] | [0x30, length @ ..=0x7f, after @ ..] => {
            (u16::from(*length), after)
        }
        _ => return None,
    };
    let (content, others) = after.split_at_checked(usize::from(length))?;
    *rest = others;
    Some(content)
}
