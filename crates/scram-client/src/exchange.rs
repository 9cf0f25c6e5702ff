//! The four messages.

use base64::{Engine as _, engine::general_purpose::STANDARD as BASE64};
use ring::{digest, hmac, rand::SecureRandom};
use thiserror::Error;
use zeroize::Zeroizing;

use crate::{
    challenge::{Challenge, Violation, message},
    mechanism::Mechanism,
    salted::{PreparedPassword, SaltedPasswords, Salting},
};

/// The operating system gave no random bytes for a nonce.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
#[error("the operating system's random source failed")]
pub struct NoRandomness;

/// Whether the proof holds for this TLS connection alone (RFC 5929).
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Binding {
    /// The client cannot bind it: there is no TLS, or the protocol has no such thing.
    Unsupported,
    /// The client could, and the server offered no mechanism for it.
    NotOffered,
    /// `tls-server-end-point`: a hash of the server's certificate. The mechanism's name then ends in `-PLUS`.
    ServerEndPoint(Vec<u8>),
}

impl Binding {
    /// The header of the first message.
    fn header(&self) -> &'static str {
        match self {
            Self::Unsupported => "n,,",
            Self::NotOffered => "y,,",
            Self::ServerEndPoint(_) => "p=tls-server-end-point,,",
        }
    }

    /// The header, and what the proof is bound to.
    fn encoded(&self) -> String {
        let mut bytes = self.header().as_bytes().to_owned();
        if let Self::ServerEndPoint(hash) = self {
            bytes.extend_from_slice(hash);
        }
        BASE64.encode(bytes)
    }
}

/// The client, before the server's first message.
#[derive(Debug)]
pub struct Opening {
    mechanism: Mechanism,
    password: PreparedPassword,
    binding: Binding,
    /// client-first-message without its header.
    bare: String,
    nonce: String,
}

/// The client, which waits for the server's proof.
pub struct Closing {
    message: Zeroizing<String>,
    server_key: hmac::Key,
    /// The text that both proofs cover.
    transcript: String,
}

impl Opening {
    /// A login as this user, with a fresh nonce. The name is escaped and otherwise sent as it is.
    ///
    /// # Errors
    /// [`NoRandomness`].
    pub fn new(
        mechanism: Mechanism,
        username: &str,
        password: PreparedPassword,
        binding: Binding,
    ) -> Result<Self, NoRandomness> {
        let mut random = [0_u8; 24];
        ring::rand::SystemRandom::new().fill(&mut random).map_err(|_| NoRandomness)?;
        Ok(Self::with_nonce(mechanism, username, password, binding, BASE64.encode(random)))
    }

    fn with_nonce(
        mechanism: Mechanism,
        username: &str,
        password: PreparedPassword,
        binding: Binding,
        nonce: String,
    ) -> Self {
        let name = username.replace('=', "=3D").replace(',', "=2C");
        Self { mechanism, password, binding, bare: format!("n={name},r={nonce}"), nonce }
    }

    /// client-first-message.
    pub fn message(&self) -> String {
        format!("{}{}", self.binding.header(), self.bare)
    }

    /// Answers server-first-message, of which a number of iterations below `fewest_iterations` or above
    /// 100,000 is not accepted. Does not yield while the password is salted.
    ///
    /// # Errors
    /// [`Violation`].
    pub fn answer(
        self,
        server_first: &[u8],
        fewest_iterations: u32,
        salted: &SaltedPasswords,
    ) -> Result<Closing, Violation> {
        let text = message(server_first)?;
        let Challenge { nonce, salt, iterations } = Challenge::parse(text, fewest_iterations)?;
        if !nonce.starts_with(&self.nonce) || nonce.len() == self.nonce.len() {
            return Err(Violation::Nonce);
        }
        let mechanism = self.mechanism;
        let salted = salted.for_login(&self.password, Salting { mechanism, salt: &salt, iterations });
        let salted = hmac::Key::new(mechanism.hmac(), salted.expose());
        let client_key = hmac::sign(&salted, b"Client Key");
        let stored_key = digest::digest(mechanism.digest(), client_key.as_ref());
        let without_proof = format!("c={},r={nonce}", self.binding.encoded());
        let transcript = format!("{},{text},{without_proof}", self.bare);
        let signature =
            hmac::sign(&hmac::Key::new(mechanism.hmac(), stored_key.as_ref()), transcript.as_bytes());
        let proof: Zeroizing<Vec<u8>> =
            Zeroizing::new(client_key.as_ref().iter().zip(signature.as_ref()).map(|(a, b)| a ^ b).collect());
        let message = Zeroizing::new(format!("{without_proof},p={}", BASE64.encode(&*proof)));
        let server_key = hmac::sign(&salted, b"Server Key");
        Ok(Closing { message, server_key: hmac::Key::new(mechanism.hmac(), server_key.as_ref()), transcript })
    }
}

impl Closing {
    /// client-final-message, which proves the password and does not contain it.
    pub fn message(&self) -> &str {
        &self.message
    }

    /// Checks server-final-message, `v=<signature>`: its sender has what the password was stored as. In
    /// constant time.
    ///
    /// # Errors
    /// [`Violation::Malformed`], [`Violation::Signature`].
    pub fn check(&self, server_final: &[u8]) -> Result<(), Violation> {
        let text = message(server_final)?;
        let signature =
            text.split(',').next().and_then(|part| part.strip_prefix("v=")).ok_or(Violation::Malformed)?;
        let signature = BASE64.decode(signature).map_err(|_| Violation::Malformed)?;
        hmac::verify(&self.server_key, self.transcript.as_bytes(), &signature)
            .map_err(|_| Violation::Signature)
    }
}

#[cfg(test)]
mod tests;
