//! RSA-OAEP with the key that a server sends (PKCS #1 v2.2, section 7.1.1, with SHA-1, as the protocol
//! requires).

use num_bigint::BigUint;
use ring::digest::{SHA1_FOR_LEGACY_USE_ONLY, digest};
use rustls_pki_types::{SubjectPublicKeyInfoDer, pem::PemObject};
use zeroize::Zeroizing;

/// The length of a SHA-1 hash in bytes.
const HASH: usize = 20;

/// The largest accepted modulus, in bytes; a larger one would only cost time.
const MODULUS_LIMIT: usize = 1024;

/// The smallest accepted modulus, in bytes.
const MODULUS_LEAST: usize = 256;

/// Encrypts a message with a public key in PEM. `None` where the text is no key, the key is too small or too
/// large, or the message is too long for it.
pub(super) fn encrypt(message: &[u8], pem: &[u8]) -> Option<Vec<u8>> {
    let key = SubjectPublicKeyInfoDer::from_pem_slice(pem).ok()?;
    let (modulus, exponent) = parse(key.as_ref())?;
    let size = modulus.len();
    if !(MODULUS_LEAST..=MODULUS_LIMIT).contains(&size)
        || exponent.len() > 4
        || message.len() > size - 2 * HASH - 2
    {
        return None;
    }
    let mut seed = Zeroizing::new([0_u8; HASH]);
    getrandom::fill(seed.as_mut_slice()).ok()?;
    // 0x00, masked seed, masked data block (hash of the empty label, zeros, 0x01, message).
    let mut block = Zeroizing::new(vec![0_u8; size]);
    let (head, data) = block.split_at_mut(1 + HASH);
    data[..HASH].copy_from_slice(digest(&SHA1_FOR_LEGACY_USE_ONLY, b"").as_ref());
    let start = data.len() - message.len();
    data[start - 1] = 1;
    data[start..].copy_from_slice(message);
    mask(data, seed.as_slice());
    head[1..].copy_from_slice(seed.as_slice());
    mask(&mut head[1..], data);
    let encrypted = BigUint::from_bytes_be(&block)
        .modpow(&BigUint::from_bytes_be(exponent), &BigUint::from_bytes_be(modulus));
    let encrypted = encrypted.to_bytes_be();
    let mut padded = vec![0; size.checked_sub(encrypted.len())?];
    padded.extend(encrypted);
    Some(padded)
}

/// MGF1 over the seed, laid over the data.
fn mask(data: &mut [u8], seed: &[u8]) {
    for (count, chunk) in (0_u32..).zip(data.chunks_mut(HASH)) {
        let hash = digest(&SHA1_FOR_LEGACY_USE_ONLY, &[seed, &count.to_be_bytes()].concat());
        for (byte, mask) in chunk.iter_mut().zip(hash.as_ref()) {
            *byte ^= mask;
        }
    }
}

/// Modulus and exponent of `SubjectPublicKeyInfo`.
fn parse(key: &[u8]) -> Option<(&[u8], &[u8])> {
    let (info, _) = element(key, 0x30)?;
    let (_algorithm, rest) = element(info, 0x30)?;
    let (bits, _) = element(rest, 0x03)?;
    let (numbers, _) = element(bits.strip_prefix(&[0])?, 0x30)?;
    let (modulus, rest) = element(numbers, 0x02)?;
    let (exponent, _) = element(rest, 0x02)?;
    // A leading zero marks the number as positive.
    let positive = |number: &'_ [u8]| number.iter().position(|byte| *byte != 0);
    Some((&modulus[positive(modulus)?..], &exponent[positive(exponent)?..]))
}

/// The contents of a DER element with this tag, and what follows it.
fn element(der: &[u8], tag: u8) -> Option<(&[u8], &[u8])> {
    let (head, rest) = der.split_at_checked(2)?;
    if head[0] != tag {
        return None;
    }
    let (length, rest) = match head[1] {
        short @ 0..=0x7f => (usize::from(short), rest),
        long @ 0x81..=0x83 => {
            let (bytes, rest) = rest.split_at_checked(usize::from(long & 0x7f))?;
            (bytes.iter().fold(0, |sum, byte| sum << 8 | usize::from(*byte)), rest)
        }
        _ => return None,
    };
    rest.split_at_checked(length)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What is no key encrypts nothing.
    #[test]
    fn invalid_key_encrypts_nothing() {
        for pem in ["", "-----BEGIN PUBLIC KEY-----\nMAA=\n-----END PUBLIC KEY-----\n", "no key"] {
            assert_eq!(encrypt(b"password\0", pem.as_bytes()), None, "{pem}");
        }
    }

    /// Elements that announce more than they hold are refused.
    #[test]
    fn overlong_elements_are_refused() {
        for der in [&[0x30_u8][..], &[0x30, 5, 1], &[0x30, 0x82, 1], &[0x30, 0x84, 0, 0, 0, 0], &[2, 1, 1]] {
            assert_eq!(element(der, 0x30), None, "{der:?}");
        }
    }
}
