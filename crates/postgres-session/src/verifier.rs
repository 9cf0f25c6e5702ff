//! What the server stores in place of a password, computed by the client so that the password is never sent.

use std::{fmt, num::NonZeroU32};

use base64::{Engine, engine::general_purpose::STANDARD};
use md5::{Digest, Md5};
use ring::{
    digest, hmac,
    rand::{SecureRandom, SystemRandom},
};
use rotation_core::Password;
use rotation_database::Username;
use scram_client::{MOST_ITERATIONS, Mechanism, PreparedPassword, SaltedPasswords, Salting};
use thiserror::Error;
use zeroize::Zeroizing;

/// A stored form of a password: logging in with it requires guessing the password (SCRAM), or at least it
/// does not contain the password (md5). It does not print, and its memory is cleared when it is dropped.
#[derive(Clone, PartialEq, Eq)]
pub struct Verifier(Zeroizing<String>);

impl Verifier {
    pub(crate) fn new(text: Zeroizing<String>) -> Self {
        Self(text)
    }

    /// The text for `ALTER ROLE ... PASSWORD`.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Verifier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Verifier(..)")
    }
}

/// A verifier could not be made.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
pub enum VerifierError {
    /// The operating system gave no random bytes for the salt.
    #[error("the operating system's random source failed")]
    NoRandomness,
}

/// `SCRAM-SHA-256$<iterations>:<salt>$<StoredKey>:<ServerKey>` with a random salt of 16 bytes, as
/// PostgreSQL's `scram_build_secret` makes it (RFC 5802, RFC 7677).
///
/// `iterations` is the server's `scram_iterations`, limited to 100,000: drivers refuse a login with a
/// verifier that has more. Computing takes about 2 ms for 4,096 iterations and does not yield. The salted
/// password is kept in `salted` for the login that proves it.
///
/// # Errors
/// [`VerifierError::NoRandomness`].
pub fn scram_verifier(
    password: &Password,
    iterations: u32,
    salted: &SaltedPasswords,
) -> Result<Verifier, VerifierError> {
    let mut salt = [0_u8; 16];
    SystemRandom::new().fill(&mut salt).map_err(|_| VerifierError::NoRandomness)?;
    Ok(salted_scram_verifier(password, iterations, &salt, salted))
}

fn salted_scram_verifier(
    password: &Password,
    iterations: u32,
    salt: &[u8],
    salted: &SaltedPasswords,
) -> Verifier {
    let iterations = iterations.clamp(1, MOST_ITERATIONS);
    let rounds = NonZeroU32::new(iterations).expect("clamped to one at least");
    let salting = Salting { mechanism: Mechanism::Sha256, salt, iterations: rounds };
    let salted = salted.for_verifier(&prepared(password), salting);
    let key = hmac::Key::new(hmac::HMAC_SHA256, salted.expose());
    let stored_key = digest::digest(&digest::SHA256, hmac::sign(&key, b"Client Key").as_ref());
    let server_key = hmac::sign(&key, b"Server Key");
    Verifier(Zeroizing::new(format!(
        "SCRAM-SHA-256${iterations}:{}${}:{}",
        STANDARD.encode(salt),
        STANDARD.encode(stored_key),
        STANDARD.encode(server_key),
    )))
}

/// `SASLprep` (RFC 4013) where it applies; the server and libpq accept a password that it forbids as it is,
/// and so does this.
pub(crate) fn prepared(password: &Password) -> PreparedPassword {
    let text = password.expose();
    let text = stringprep::saslprep(text).map_or_else(|_| text.to_owned(), std::borrow::Cow::into_owned);
    PreparedPassword::new(Zeroizing::new(text))
}

/// `md5` and the hexadecimal MD5 of password and user name: what a server stores whose `password_encryption`
/// is `md5`. The user's name is its salt, so renaming the user invalidates it.
pub fn md5_verifier(username: &Username, password: &Password) -> Verifier {
    let mut hash = Md5::new();
    hash.update(password.expose());
    hash.update(username.as_str());
    let mut text = Zeroizing::new(String::with_capacity(35));
    text.push_str("md5");
    for byte in hash.finalize() {
        for digit in [byte >> 4, byte & 15] {
            text.push(char::from_digit(u32::from(digit), 16).expect("four bits are one digit"));
        }
    }
    Verifier(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn verifier(password: &Password, iterations: u32, salt: &[u8]) -> Verifier {
        salted_scram_verifier(password, iterations, salt, &SaltedPasswords::default())
    }

    #[track_caller]
    fn check(password: &str, iterations: u32, salt: &[u8], expected: &str) {
        let password = Password::parse(password).unwrap();
        assert_eq!(verifier(&password, iterations, salt).expose(), expected);
    }

    /// The example of RFC 7677 is reproduced.
    /// RFC 7677 gives salt, iterations and the client's proof for `pencil`; the keys follow from those.
    #[test]
    fn example_of_rfc_7677() {
        let salt = STANDARD.decode("W22ZaJ0SNY7soEsUEjb6gQ==").unwrap();
        let made = verifier(&Password::parse("pencil").unwrap(), 4096, &salt);
        let (_, keys) = made.expose().rsplit_once('$').unwrap();
        let (stored_key, server_key) = keys.split_once(':').unwrap();
        let message = "n=user,r=rOprNGfwEbeRWgbNEkqO,\
            r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096,\
            c=biws,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0";
        let sign = |key: &[u8]| hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, key), message.as_bytes());
        let server_signature = sign(&STANDARD.decode(server_key).unwrap());
        assert_eq!(STANDARD.encode(server_signature), "6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=");
        // ClientKey is the proof without the client's signature; its hash is the stored key.
        let stored_key = STANDARD.decode(stored_key).unwrap();
        let proof = STANDARD.decode("dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ=").unwrap();
        let signature = sign(&stored_key);
        let client_key: Vec<u8> = proof.iter().zip(signature.as_ref()).map(|(a, b)| a ^ b).collect();
        assert_eq!(digest::digest(&digest::SHA256, &client_key).as_ref(), stored_key);
    }

    /// Passwords are prepared by `SASLprep` where it applies.
    #[test]
    fn saslprep_where_it_applies() {
        let of = |password: &str| {
            let password = Password::parse(password).unwrap();
            verifier(&password, 1, b"salt").expose().to_owned()
        };
        // RFC 4013: a soft hyphen maps to nothing, a ligature is normalized.
        assert_eq!(of("I\u{ad}X"), of("IX"));
        assert_eq!(of("\u{2168}"), of("IX"));
        // A control character is forbidden, so the password is used as it is.
        assert_ne!(of("a\u{ad}\u{7}"), of("a\u{7}"));
    }

    /// Iterations stay within what drivers accept.
    #[test]
    fn iterations_drivers_accept() {
        let password = Password::parse("x").unwrap();
        let of = |count| verifier(&password, count, b"salt").expose().to_owned();
        assert!(of(0).starts_with("SCRAM-SHA-256$1:"));
        assert!(of(u32::MAX).starts_with("SCRAM-SHA-256$100000:"));
    }

    /// The same password with the same salt gives the same verifier.
    #[test]
    fn the_same_salt_gives_the_same_verifier() {
        let password = Password::parse("password").unwrap();
        let made = scram_verifier(&password, 4096, &SaltedPasswords::default()).unwrap();
        let salt = made.expose().split(['$', ':']).nth(2).unwrap().to_owned();
        check("password", 4096, &STANDARD.decode(salt).unwrap(), made.expose());
    }
}
