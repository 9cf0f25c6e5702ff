//! The server's side of SCRAM-SHA-256 (RFC 5802, RFC 7677).

use std::num::NonZeroU32;

use base64::{Engine as _, engine::general_purpose::STANDARD as BASE64};
use ring::{
    digest::{SHA256, SHA256_OUTPUT_LEN, digest},
    hmac::{HMAC_SHA256, Key, sign},
    pbkdf2,
};

/// The most rounds that a client accepts.
const MOST_ROUNDS: u32 = 100_000;

/// The keys that a server stores for a password.
pub(crate) struct ServerKeys {
    stored: Vec<u8>,
    server: Key,
}

impl ServerKeys {
    /// The keys of a verifier.
    pub(crate) fn new(stored: Vec<u8>, server: &[u8]) -> Self {
        Self { stored, server: Key::new(HMAC_SHA256, server) }
    }

    /// The keys of a password for a challenge, `r=<nonce>,s=<salt>,i=<iterations>`; `None` where no client
    /// would answer the challenge.
    pub(crate) fn of(password: &str, challenge: &str) -> Option<Self> {
        let mut parts = challenge.split(',');
        parts.next()?;
        let salt = BASE64.decode(parts.next()?.strip_prefix("s=")?).ok()?;
        let rounds: NonZeroU32 = parts.next()?.strip_prefix("i=")?.parse().ok()?;
        if rounds.get() > MOST_ROUNDS {
            return None;
        }
        let mut salted = [0; SHA256_OUTPUT_LEN];
        pbkdf2::derive(pbkdf2::PBKDF2_HMAC_SHA256, rounds, &salt, password.as_bytes(), &mut salted);
        let salted = Key::new(HMAC_SHA256, &salted);
        let stored = digest(&SHA256, sign(&salted, b"Client Key").as_ref());
        Some(Self::new(stored.as_ref().to_vec(), sign(&salted, b"Server Key").as_ref()))
    }

    /// The server's proof.
    pub(crate) fn sign(&self, transcript: &str) -> Vec<u8> {
        sign(&self.server, transcript.as_bytes()).as_ref().to_vec()
    }

    /// Whether this is the proof of a client that knows the password.
    pub(crate) fn proves(&self, transcript: &str, proof: &[u8]) -> bool {
        let signature = sign(&Key::new(HMAC_SHA256, &self.stored), transcript.as_bytes());
        let key: Vec<u8> = signature.as_ref().iter().zip(proof).map(|(one, other)| one ^ other).collect();
        proof.len() == SHA256_OUTPUT_LEN && digest(&SHA256, &key).as_ref() == self.stored
    }
}

/// The text over which both proofs are computed.
pub(crate) fn transcript(first_bare: &str, challenge: &str, final_without_proof: &str) -> String {
    format!("{first_bare},{challenge},{final_without_proof}")
}
