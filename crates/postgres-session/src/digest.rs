//! Redshift's authentication type 13, and the stored form of a password that it proves.
//!
//! Amazon's manual does not describe the exchange; Amazon's own open-source drivers show it. The server sends
//! an algorithm, the salt of the stored form and a nonce, the last two preceded by their lengths. The client
//! answers with `SHA-256(SHA-256(password, salt), server nonce, client nonce)` and its own nonce, in a
//! message of type `d`.

use std::fmt::Write as _;

use ring::{
    digest::{Context, Digest, SHA256},
    rand::{SecureRandom, SystemRandom},
};
use rotation_core::Password;
use zeroize::Zeroizing;

use crate::{
    verifier::{Verifier, VerifierError},
    violation::Violation,
};

/// `AuthenticationRequest` of this type.
const DIGEST: u32 = 13;
/// The only algorithm that exists.
const SHA_256: u32 = 0;
/// Bytes of the client's nonce, written as twice as many hexadecimal digits; other drivers send digits of a
/// clock.
const NONCE: usize = 16;

/// Parses the challenge in a message, if it is one.
pub(crate) fn challenge(kind: u8, body: &[u8]) -> Option<&[u8]> {
    let (code, challenge) = body.split_first_chunk::<4>()?;
    (kind == b'R' && u32::from_be_bytes(*code) == DIGEST).then_some(challenge)
}

/// The message that answers a challenge.
pub(crate) fn answer(challenge: &[u8], password: &Password) -> Result<Vec<u8>, Violation> {
    let mut nonce = [0_u8; NONCE];
    SystemRandom::new().fill(&mut nonce).map_err(|_| Violation::Method(DIGEST))?;
    answer_with(challenge, password, hexadecimal(&nonce).as_bytes())
}

fn answer_with(challenge: &[u8], password: &Password, nonce: &[u8]) -> Result<Vec<u8>, Violation> {
    let (algorithm, rest) = challenge.split_first_chunk::<4>().ok_or(Violation::Malformed)?;
    if u32::from_be_bytes(*algorithm) != SHA_256 {
        return Err(Violation::Method(DIGEST));
    }
    let (salt, rest) = field(rest)?;
    let (server_nonce, rest) = field(rest)?;
    // Without a nonce of the server an answer could be replayed.
    if !rest.is_empty() || server_nonce.is_empty() {
        return Err(Violation::Malformed);
    }
    let stored = hash(&[password.expose().as_bytes(), salt]);
    let proof = hash(&[stored.as_ref(), server_nonce, nonce]);
    let body = [proof.as_ref(), nonce].map(|field| [&length(field.len()), field].concat()).concat();
    Ok([&b"d"[..], &length(body.len() + 4), &body].concat())
}

/// Bytes with their length before them, and what follows.
fn field(bytes: &[u8]) -> Result<(&[u8], &[u8]), Violation> {
    let (length, rest) = bytes.split_first_chunk::<4>().ok_or(Violation::Malformed)?;
    let length = usize::try_from(u32::from_be_bytes(*length)).map_err(|_| Violation::Malformed)?;
    rest.split_at_checked(length).ok_or(Violation::Malformed)
}

fn length(length: usize) -> [u8; 4] {
    u32::try_from(length).expect("our fields are 32 bytes long").to_be_bytes()
}

/// `sha256|<digest>|<salt>` with a random salt of 256 bits: what Redshift stores for a password and accepts
/// in place of one ("CREATE USER" in its manual). The digest is SHA-256 of the password and the salt; both
/// are hexadecimal.
///
/// # Errors
/// [`VerifierError::NoRandomness`].
pub fn sha256_verifier(password: &Password) -> Result<Verifier, VerifierError> {
    let mut salt = [0_u8; 32];
    SystemRandom::new().fill(&mut salt).map_err(|_| VerifierError::NoRandomness)?;
    Ok(salted_verifier(password, &salt))
}

fn salted_verifier(password: &Password, salt: &[u8]) -> Verifier {
    let digest = hash(&[password.expose().as_bytes(), salt]);
    Verifier::new(Zeroizing::new(format!("sha256|{}|{}", hexadecimal(digest.as_ref()), hexadecimal(salt))))
}

fn hash(parts: &[&[u8]]) -> Digest {
    let mut context = Context::new(&SHA256);
    for part in parts {
        context.update(part);
    }
    context.finish()
}

fn hexadecimal(bytes: &[u8]) -> String {
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut text, byte| {
        write!(text, "{byte:02x}").expect("a String takes everything");
        text
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn password() -> Password {
        Password::parse("Secret123").unwrap()
    }

    fn challenge_of(algorithm: u32, salt: &[u8], nonce: &[u8]) -> Vec<u8> {
        let field = |bytes: &[u8]| [&length(bytes.len()), bytes].concat();
        [&algorithm.to_be_bytes()[..], &field(salt), &field(nonce)].concat()
    }

    /// The values are what Amazon's Python driver computes for the same input.
    #[test]
    fn matches_amazons_driver() {
        let answer = answer_with(&challenge_of(0, b"salt", b"server"), &password(), b"client").unwrap();
        assert_eq!(answer[..5], *b"d\0\0\0\x32");
        assert_eq!(answer[5..9], [0, 0, 0, 32]);
        assert_eq!(
            hexadecimal(&answer[9..41]),
            "9f2a009850a9655afe1befddbd0be02aff9fb4480a1da4fbb02a0834e6aebecd"
        );
        assert_eq!(answer[41..], *b"\0\0\0\x06client");
    }

    /// The stored form is the first hash of the exchange.
    #[test]
    fn stored_form_is_the_first_hash() {
        let expected = "sha256|d5179ba41a51042d78f3f23d3687c98f19f0a581e54d9658f685729a7d69f46b|73616c74";
        assert_eq!(salted_verifier(&password(), b"salt").expose(), expected);
        let [one, two] = [(); 2].map(|()| sha256_verifier(&password()).unwrap());
        assert_ne!(one.expose(), two.expose());
        assert_eq!(one.expose().len(), "sha256||".len() + 64 + 64);
    }

    #[track_caller]
    fn check(challenge: &[u8], expected: Violation) {
        assert_eq!(answer_with(challenge, &password(), b"client"), Err(expected));
    }

    /// Challenges of another shape are refused.
    #[test]
    fn other_challenges_are_refused() {
        let good = challenge_of(0, b"salt", b"server");
        check(&challenge_of(1, b"salt", b"server"), Violation::Method(13));
        check(&challenge_of(0, b"salt", b""), Violation::Malformed);
        check(&[&good[..], b"x"].concat(), Violation::Malformed);
        for length in 0..good.len() {
            check(&good[..length], Violation::Malformed);
        }
        check(&[&[0; 4][..], &u32::MAX.to_be_bytes(), b"salt"].concat(), Violation::Malformed);
    }
}
