//! SCRAM as a client (RFC 5802, RFC 7677) with MongoDB's rules for names and passwords ("Authentication" of
//! MongoDB's driver specifications). Pure: messages in, messages out.

use std::num::NonZeroU32;

use base64::{Engine as _, engine::general_purpose::STANDARD as BASE64};
use md5::{Digest, Md5};
use ring::{digest, hmac, pbkdf2, rand::SecureRandom};
use rotation_database::Credentials;
use thiserror::Error;
use zeroize::Zeroizing;

/// A server that asks for fewer makes the proof easy to crack; the driver specification sets the limit.
const FEWEST_ITERATIONS: u32 = 4096;
/// More would exhaust the processor: the work is done without yielding, so no deadline could stop it.
const MOST_ITERATIONS: u32 = 100_000;
/// The longest message of a server, in bytes; usual ones have about a hundred.
const LONGEST_MESSAGE: usize = 2048;

/// The hash that SCRAM is built on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Mechanism {
    /// DocumentDB, and MongoDB up to 3.6.
    Sha1,
    /// MongoDB 4.0 and later.
    Sha256,
}

/// Why a server's part of the exchange is not accepted.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
pub(crate) enum Violation {
    #[error("a SCRAM message of the server is malformed")]
    Malformed,
    #[error("the server's SCRAM nonce does not continue ours")]
    Nonce,
    #[error("the server asks for fewer than {FEWEST_ITERATIONS} SCRAM iterations")]
    TooFewIterations,
    #[error("the server asks for more than {MOST_ITERATIONS} SCRAM iterations")]
    TooManyIterations,
    #[error("the server did not prove that it knows the password")]
    Signature,
}

/// The password has characters that cannot be in a SCRAM-SHA-256 credential (RFC 4013).
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
#[error("the password has characters that SASLprep prohibits")]
pub(crate) struct Prohibited;

impl Mechanism {
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Sha1 => "SCRAM-SHA-1",
            Self::Sha256 => "SCRAM-SHA-256",
        }
    }

    fn hmac(self) -> hmac::Algorithm {
        match self {
            Self::Sha1 => hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY,
            Self::Sha256 => hmac::HMAC_SHA256,
        }
    }

    fn digest(self) -> &'static digest::Algorithm {
        self.hmac().digest_algorithm()
    }

    fn pbkdf2(self) -> pbkdf2::Algorithm {
        match self {
            Self::Sha1 => pbkdf2::PBKDF2_HMAC_SHA1,
            Self::Sha256 => pbkdf2::PBKDF2_HMAC_SHA256,
        }
    }

    /// What is hashed in place of the password.
    fn prepare(self, credentials: &Credentials) -> Result<Zeroizing<String>, Prohibited> {
        let password = credentials.password.expose();
        match self {
            Self::Sha256 => match stringprep::saslprep(password) {
                Ok(prepared) => Ok(Zeroizing::new(prepared.into_owned())),
                Err(_) => Err(Prohibited),
            },
            // What MongoDB stored before it had SCRAM.
            Self::Sha1 => {
                let text = Zeroizing::new(format!("{}:mongo:{password}", credentials.username));
                let mut hex = Zeroizing::new(String::with_capacity(32));
                for byte in Md5::digest(text.as_bytes()) {
                    for digit in [byte >> 4, byte & 15] {
                        hex.push(char::from_digit(digit.into(), 16).expect("half a byte is one digit"));
                    }
                }
                Ok(hex)
            }
        }
    }
}

/// The client, before the server's first message.
pub(crate) struct Opening {
    mechanism: Mechanism,
    password: Zeroizing<String>,
    /// Client-first-message without its header.
    bare: String,
    nonce: String,
}

/// The client, which waits for the server's proof.
pub(crate) struct Closing {
    /// Client-final-message.
    pub(crate) message: Zeroizing<String>,
    server_key: hmac::Key,
    /// The text that both proofs cover.
    transcript: String,
}

impl Opening {
    /// # Errors
    /// [`Prohibited`], before anything is sent to the server.
    pub(crate) fn new(mechanism: Mechanism, credentials: &Credentials) -> Result<Self, Prohibited> {
        let mut random = [0_u8; 24];
        ring::rand::SystemRandom::new().fill(&mut random).expect("the operating system gives randomness");
        Self::with_nonce(mechanism, credentials, BASE64.encode(random))
    }

    fn with_nonce(
        mechanism: Mechanism,
        credentials: &Credentials,
        nonce: String,
    ) -> Result<Self, Prohibited> {
        // The name is not prepared, only escaped: the server compares it as it was created.
        let name = credentials.username.as_str().replace('=', "=3D").replace(',', "=2C");
        let password = mechanism.prepare(credentials)?;
        Ok(Self { mechanism, password, bare: format!("n={name},r={nonce}"), nonce })
    }

    /// Client-first-message, which requests no channel binding: servers of this protocol offer none.
    pub(crate) fn message(&self) -> String {
        format!("n,,{}", self.bare)
    }

    /// Answers server-first-message: `r=<nonce>,s=<salt>,i=<iterations>`.
    pub(crate) fn answer(self, server_first: &[u8]) -> Result<Closing, Violation> {
        let text = message(server_first)?;
        let (nonce, salt, iterations) = challenge(text)?;
        if !nonce.starts_with(&self.nonce) || nonce.len() == self.nonce.len() {
            return Err(Violation::Nonce);
        }
        let mechanism = self.mechanism;
        let mut salted = Zeroizing::new(vec![0; mechanism.digest().output_len()]);
        pbkdf2::derive(mechanism.pbkdf2(), iterations, &salt, self.password.as_bytes(), &mut salted);
        let salted = hmac::Key::new(mechanism.hmac(), &salted);
        let client_key = hmac::sign(&salted, b"Client Key");
        let stored_key = digest::digest(mechanism.digest(), client_key.as_ref());
        // `biws` is the header of the first message, `n,,`.
        let without_proof = format!("c=biws,r={nonce}");
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
    /// Checks server-final-message, `v=<signature>`: its sender has what the password was stored as. In
    /// constant time.
    pub(crate) fn check(&self, server_final: &[u8]) -> Result<(), Violation> {
        let text = message(server_final)?;
        let signature =
            text.split(',').next().and_then(|part| part.strip_prefix("v=")).ok_or(Violation::Malformed)?;
        let signature = BASE64.decode(signature).map_err(|_| Violation::Malformed)?;
        hmac::verify(&self.server_key, self.transcript.as_bytes(), &signature)
            .map_err(|_| Violation::Signature)
    }
}

fn message(bytes: &[u8]) -> Result<&str, Violation> {
    if bytes.len() > LONGEST_MESSAGE {
        return Err(Violation::Malformed);
    }
    str::from_utf8(bytes).map_err(|_| Violation::Malformed)
}

/// The three parts in their order, and nothing after them.
fn challenge(text: &str) -> Result<(&str, Vec<u8>, NonZeroU32), Violation> {
    let mut parts = text.split(',');
    let mut part =
        |prefix| parts.next().and_then(|part| part.strip_prefix(prefix)).ok_or(Violation::Malformed);
    let (nonce, salt, iterations) = (part("r=")?, part("s=")?, part("i=")?);
    let salt = BASE64.decode(salt).map_err(|_| Violation::Malformed)?;
    let digits = iterations.trim_start_matches('0');
    if parts.next().is_some() || salt.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(Violation::Malformed);
    }
    match digits.parse::<u32>() {
        Ok(count) if count > MOST_ITERATIONS => Err(Violation::TooManyIterations),
        Err(_) if digits.len() > 6 => Err(Violation::TooManyIterations),
        Ok(count) if count >= FEWEST_ITERATIONS => {
            Ok((nonce, salt, NonZeroU32::new(count).ok_or(Violation::TooFewIterations)?))
        }
        _ => Err(Violation::TooFewIterations),
    }
}

#[cfg(test)]
mod tests {
    use rotation_core::Password;
    use rotation_database::{Engine, Username};

    use super::*;
    use crate::DocumentDb;

    fn credentials(name: &str, password: &str) -> Credentials {
        let username = Username::parse(name, &DocumentDb::PROFILE).unwrap();
        Credentials { username, password: Password::parse(password).unwrap() }
    }

    /// Published exchanges are reproduced.
    /// The exchanges printed in MongoDB's driver specification.
    #[test]
    fn published_exchanges() {
        let user = credentials("user", "pencil");
        let opening =
            Opening::with_nonce(Mechanism::Sha1, &user, "fyko+d2lbbFgONRv9qkxdawL".to_owned()).unwrap();
        assert_eq!(opening.message(), "n,,n=user,r=fyko+d2lbbFgONRv9qkxdawL");
        let nonce = "r=fyko+d2lbbFgONRv9qkxdawLHo+Vgk7qvUOKUwuWLIWg4l/9SraGMHEE";
        let closing =
            opening.answer(format!("{nonce},s=rQ9ZY3MntBeuP3E1TDVC4w==,i=10000").as_bytes()).unwrap();
        assert_eq!(*closing.message, format!("c=biws,{nonce},p=MC2T8BvbmWRckDw8oWl5IVghwCY="));
        assert_eq!(closing.check(b"v=UMWeI25JD1yNYZRMpZ4VHvhZ9e0="), Ok(()));
        assert_eq!(closing.check(b"v=VMWeI25JD1yNYZRMpZ4VHvhZ9e0="), Err(Violation::Signature));

        let opening =
            Opening::with_nonce(Mechanism::Sha256, &user, "rOprNGfwEbeRWgbNEkqO".to_owned()).unwrap();
        let nonce = "r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0";
        let closing =
            opening.answer(format!("{nonce},s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096").as_bytes()).unwrap();
        assert_eq!(
            *closing.message,
            format!("c=biws,{nonce},p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ=")
        );
        assert_eq!(closing.check(b"v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4="), Ok(()));
    }

    /// Names are escaped and passwords are prepared, and names are not prepared.
    #[test]
    fn names_escaped_passwords_prepared() {
        let user = credentials("a=b,c\u{2168}", "\u{2168}");
        let opening = Opening::with_nonce(Mechanism::Sha256, &user, "n".to_owned()).unwrap();
        assert_eq!(opening.message(), "n,,n=a=3Db=2Cc\u{2168},r=n");
        assert_eq!(*opening.password, "IX");
        assert!(Mechanism::Sha256.prepare(&credentials("u", "bell\u{7}")).is_err());
        assert!(Mechanism::Sha1.prepare(&credentials("u", "bell\u{7}")).is_ok());
    }

    #[track_caller]
    fn check(server_first: &str, expected: Violation) {
        let user = credentials("user", "pencil");
        let opening = Opening::with_nonce(Mechanism::Sha256, &user, "ours".to_owned()).unwrap();
        assert_eq!(opening.answer(server_first.as_bytes()).err(), Some(expected), "{server_first}");
    }

    /// What a server must not answer ends the exchange.
    #[test]
    fn forbidden_answers_end_the_exchange() {
        check("r=theirs,s=c2FsdA==,i=15000", Violation::Nonce);
        check("r=ours,s=c2FsdA==,i=15000", Violation::Nonce);
        check("r=ours+,s=c2FsdA==,i=4095", Violation::TooFewIterations);
        check("r=ours+,s=c2FsdA==,i=0", Violation::TooFewIterations);
        check("r=ours+,s=c2FsdA==,i=100001", Violation::TooManyIterations);
        check("r=ours+,s=c2FsdA==,i=99999999999999999999", Violation::TooManyIterations);
        check("r=ours+,s=c2FsdA==,i=-1", Violation::Malformed);
        check("r=ours+,s=c2FsdA==,i=15000,x=1", Violation::Malformed);
        check("r=ours+,s=,i=15000", Violation::Malformed);
        check("r=ours+,s=!,i=15000", Violation::Malformed);
        check("m=ext,r=ours+,s=c2FsdA==,i=15000", Violation::Malformed);
        check(&format!("r=ours+{},s=c2FsdA==,i=15000", "x".repeat(3000)), Violation::Malformed);
    }
}
