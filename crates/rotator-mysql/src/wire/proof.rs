//! How a server of MariaDB 11.4 or later proves that a self-signed certificate is its own: the packet that
//! ends the login has a hash of what the server stores of the password, of the nonce of its greeting, and of
//! the certificate's fingerprint. A man-in-the-middle shows another certificate and does not know what is
//! stored.

use ring::digest::{Context, SHA256};

use super::packet::Reader;

/// How many bytes of the greeting's nonce are hashed.
const NONCE: usize = 20;

/// Whether the packet that admits a user contains that proof. `stored` is the account's public key, with its
/// parameters where the plugin has such; an empty one proves nothing.
pub(super) fn proves(packet: &[u8], stored: &[u8], nonce: &[u8], fingerprint: &[u8]) -> bool {
    let Some(nonce) = nonce.get(..NONCE).filter(|_| !stored.is_empty()) else { return false };
    let Some(given) = hash_of(packet) else { return false };
    let mut context = Context::new(&SHA256);
    for part in [stored, nonce, fingerprint] {
        context.update(part);
    }
    context.finish().as_ref() == given
}

/// The hash in the packet's message, which begins with a byte that no readable message has.
fn hash_of(packet: &[u8]) -> Option<Vec<u8>> {
    let mut reader = Reader::new(packet);
    reader.byte().ok()?;
    // The affected rows and the last inserted id, then the state of the session and the number of warnings.
    reader.length().ok()?;
    reader.length().ok()?;
    reader.take(4).ok()?;
    let length = reader.length().ok()?;
    let digits = reader.take(length).ok()?.strip_prefix(&[1])?;
    let byte = |pair: &[u8]| u8::from_str_radix(str::from_utf8(pair).ok()?, 16).ok();
    digits.chunks(2).map(byte).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn packet(words: &[u8]) -> Vec<u8> {
        let length = u8::try_from(words.len()).unwrap();
        [&[0, 0, 0, 2, 0, 0, 0, length], words].concat()
    }

    /// A proof covers the key, the nonce and the certificate.
    #[test]
    fn covers_key_nonce_and_certificate() {
        let (stored, nonce, fingerprint) = ([7_u8; 32], [8_u8; 20], [9_u8; 32]);
        let whole = [&stored[..], &nonce, &fingerprint].concat();
        let hash = ring::digest::digest(&SHA256, &whole);
        let digits: Vec<_> = hash.as_ref().iter().map(|byte| format!("{byte:02X}")).collect();
        let digits = digits.concat();
        let good = packet(&[b"\x01", digits.as_bytes()].concat());
        assert!(proves(&good, &stored, &nonce, &fingerprint));
        assert!(!proves(&good, &[6; 32], &nonce, &fingerprint));
        assert!(!proves(&good, &stored, &[6; 20], &fingerprint));
        assert!(!proves(&good, &stored, &nonce, &[6; 32]));
        assert!(!proves(&good, &[], &nonce, &fingerprint));
        let unmarked = packet(digits.as_bytes());
        for packet in [&unmarked[..], &packet(b"\x01"), &packet(b"\x01zz"), &packet(b""), &[0], &good[..40]] {
            assert!(!proves(packet, &stored, &nonce, &fingerprint));
        }
    }
}
