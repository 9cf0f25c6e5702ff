//! The keys that MariaDB's plugins derive from a password: `ed25519` and `parsec`. The server stores the
//! public half.
//!
//! `parsec` is Ed25519 (RFC 8032) with a seed that PBKDF2 derives. `ed25519` is not: where RFC 8032 has the
//! hash of a seed of 32 bytes, it has the hash of the password, however long that is. No library that takes
//! seeds can compute it.

use std::num::NonZeroU32;

use curve25519_dalek::{
    edwards::EdwardsPoint,
    scalar::{Scalar, clamp_integer},
};
use ring::{
    digest::{Context, SHA512, digest},
    pbkdf2,
    signature::{Ed25519KeyPair, KeyPair},
};
use rotation_core::Password;
use zeroize::{Zeroize, Zeroizing};

/// A public key in bytes.
pub(crate) const PUBLIC: usize = 32;
/// A signature in bytes.
/// The factor of rounds that a stored form begins with: `P0`.
pub(crate) fn parsec_factor(stored: &str) -> Option<u8> {
    let factor = stored.strip_prefix('P')?.chars().next()?;
    u8::try_from(factor.to_digit(16)?).ok()
}

#[cfg(test)]
const SIGNATURE: usize = 64;
/// The length of a salt.
pub(crate) const SALT: usize = 18;
/// The largest accepted factor of rounds, and the largest that MariaDB stores: 8192 rounds. A server that
/// asks for more wants to consume time, not to see a proof.
pub(crate) const MOST_FACTOR: u8 = 3;

/// The key of the plugin `ed25519`.
pub(crate) struct PasswordKey {
    secret: Scalar,
    /// What makes the nonces of signatures.
    prefix: Zeroizing<Vec<u8>>,
    public: [u8; PUBLIC],
}

impl PasswordKey {
    pub(crate) fn of(password: &Password) -> Self {
        let hash = Zeroizing::new(digest(&SHA512, password.expose().as_bytes()).as_ref().to_vec());
        let (lower, upper) = hash.split_at(PUBLIC);
        let mut clamped = clamp_integer(lower.try_into().expect("SHA-512 has 64 bytes"));
        let secret = Scalar::from_bytes_mod_order(clamped);
        clamped.zeroize();
        let public = EdwardsPoint::mul_base(&secret).compress().to_bytes();
        Self { secret, prefix: Zeroizing::new(upper.to_vec()), public }
    }

    pub(crate) fn public(&self) -> [u8; PUBLIC] {
        self.public
    }

    pub(crate) fn sign(&self, message: &[u8]) -> Vec<u8> {
        let mut once = scalar(&[&self.prefix, message]);
        let point = EdwardsPoint::mul_base(&once).compress().to_bytes();
        let sum = once + scalar(&[&point, &self.public, message]) * self.secret;
        once.zeroize();
        [point, sum.to_bytes()].concat()
    }
}

impl Drop for PasswordKey {
    fn drop(&mut self) {
        self.secret.zeroize();
    }
}

/// The hash of all parts as a number.
fn scalar(parts: &[&[u8]]) -> Scalar {
    let mut context = Context::new(&SHA512);
    for part in parts {
        context.update(part);
    }
    let hash = context.finish();
    Scalar::from_bytes_mod_order_wide(hash.as_ref().try_into().expect("SHA-512 has 64 bytes"))
}

/// The key of the plugin `parsec`.
pub(crate) struct DerivedKey(Ed25519KeyPair);

impl DerivedKey {
    /// `None` where the factor is larger than the largest accepted one.
    pub(crate) fn of(password: &Password, factor: u8, salt: &[u8]) -> Option<Self> {
        if factor > MOST_FACTOR {
            return None;
        }
        let rounds = NonZeroU32::new(1024 << u32::from(factor))?;
        let mut seed = Zeroizing::new([0_u8; PUBLIC]);
        let secret = password.expose().as_bytes();
        pbkdf2::derive(pbkdf2::PBKDF2_HMAC_SHA512, rounds, salt, secret, seed.as_mut_slice());
        Ed25519KeyPair::from_seed_unchecked(seed.as_slice()).ok().map(Self)
    }

    pub(crate) fn public(&self) -> &[u8] {
        self.0.public_key().as_ref()
    }

    pub(crate) fn sign(&self, message: &[u8]) -> Vec<u8> {
        self.0.sign(message).as_ref().to_vec()
    }
}

#[cfg(test)]
mod tests {
    use base64::{Engine as _, engine::general_purpose::STANDARD_NO_PAD};
    use ring::signature::{ED25519, UnparsedPublicKey};

    use super::*;

    /// Public keys are those that servers store.
    /// What servers derived from these passwords (MariaDB 11.8).
    #[test]
    fn match_what_servers_store() {
        let stored = |password: &str| {
            STANDARD_NO_PAD.encode(PasswordKey::of(&Password::parse(password).unwrap()).public())
        };
        assert_eq!(stored("pw-3"), "PlGk0uJpD047KdXgT6/llpMA85Ae15xRP8UEvM/ERk4");
        assert_eq!(stored("e"), "97XNS3VHd0A013XhrWVZZ08cjS96R5kOG9s6mJXZhkk");
        let salt = base64::engine::general_purpose::STANDARD.decode("uQ0nyzHqUXJBDObAj9W6a6eT").unwrap();
        let key = DerivedKey::of(&Password::parse("pw-4").unwrap(), 0, &salt).unwrap();
        assert_eq!(STANDARD_NO_PAD.encode(key.public()), "x3wBVaETPII+qwZ/TSXq1JxycvLXcyp3loy7Tt6KaVE");
    }

    /// Signatures verify as Ed25519 demands.
    #[test]
    fn signatures_verify_by_ed25519() {
        let password = Password::parse("a password of more than thirty-two bytes").unwrap();
        let key = PasswordKey::of(&password);
        let signature = key.sign(b"nonce");
        assert_eq!(signature.len(), SIGNATURE);
        let public = UnparsedPublicKey::new(&ED25519, key.public());
        assert!(public.verify(b"nonce", &signature).is_ok());
        assert!(public.verify(b"another", &signature).is_err());
    }

    /// More rounds than a server stores are refused.
    /// Factors of an unproven server: beyond 31 there is not even a number of rounds.
    #[test]
    fn too_many_rounds_are_refused() {
        let password = Password::parse("a password").unwrap();
        assert!(DerivedKey::of(&password, MOST_FACTOR, &[0; SALT]).is_some());
        for factor in [MOST_FACTOR + 1, 10, 21, 22, 31, 32, 64, u8::MAX] {
            assert!(DerivedKey::of(&password, factor, &[0; SALT]).is_none(), "{factor}");
        }
    }
}
