//! SCRAM in PostgreSQL's messages ("SASL Authentication" in its manual). The driver would salt the password
//! with twice as many hashes, and again for each login with a verifier that was just made.

use rotation_core::Password;
use scram_client::{Binding, Closing, Mechanism, Opening, SaltedPasswords};

use crate::{verifier::prepared, violation::Violation};

const PLAIN: &str = Mechanism::Sha256.name();
/// With channel binding.
const PLUS: &str = "SCRAM-SHA-256-PLUS";

/// Any number is accepted: a server may be set to one.
const FEWEST_ITERATIONS: u32 = 1;

/// `AuthenticationSASL`, `AuthenticationSASLContinue` and `AuthenticationSASLFinal`.
const ASKED: u32 = 10;
const CHALLENGED: u32 = 11;
const FINAL: u32 = 12;

/// The client's side of one login.
pub(crate) struct Scram {
    end_point: Option<Vec<u8>>,
    salted: SaltedPasswords,
    state: State,
}

enum State {
    Unasked(Password),
    Opened(Opening),
    Answered(Closing),
    Proven,
    /// The server sent what was not due.
    Ended,
}

impl Scram {
    /// `end_point` is the hash that binds the proof to the TLS session, where there is one.
    pub(crate) fn new(password: Password, end_point: Option<Vec<u8>>, salted: SaltedPasswords) -> Self {
        Self { end_point, salted, state: State::Unasked(password) }
    }

    /// The answer to an authentication request, which is empty after the server's proof. `None` where the
    /// request is not of SASL.
    pub(crate) fn answer(&mut self, code: u32, rest: &[u8]) -> Result<Option<Vec<u8>>, Violation> {
        if !matches!(code, ASKED | CHALLENGED | FINAL) {
            return Ok(None);
        }
        let (state, answer) = match (std::mem::replace(&mut self.state, State::Ended), code) {
            (State::Unasked(password), ASKED) => {
                let (mechanism, binding) = self.choose(rest)?;
                let opening = Opening::new(Mechanism::Sha256, "", prepared(&password), binding)
                    .map_err(|_| Violation::NoRandomness)?;
                let first = opening.message();
                let length = u32::try_from(first.len()).map_err(|_| Violation::Malformed)?;
                let parts = [mechanism.as_bytes(), &[0], &length.to_be_bytes(), first.as_bytes()];
                (State::Opened(opening), response(&parts.concat())?)
            }
            (State::Opened(opening), CHALLENGED) => {
                let closing = opening.answer(rest, FEWEST_ITERATIONS, &self.salted)?;
                let answer = response(closing.message().as_bytes())?;
                (State::Answered(closing), answer)
            }
            (State::Answered(closing), FINAL) => {
                closing.check(rest)?;
                (State::Proven, Vec::new())
            }
            _ => return Err(Violation::Malformed),
        };
        self.state = state;
        Ok(Some(answer))
    }

    /// Whether anything but the next message of SASL may follow: it has not begun, or the server has proved
    /// that it knows the password.
    pub(crate) fn is_complete(&self) -> bool {
        matches!(self.state, State::Unasked(_) | State::Proven)
    }

    /// The mechanism among those that the server offers.
    fn choose(&mut self, offered: &[u8]) -> Result<(&'static str, Binding), Violation> {
        let offers = |name: &str| offered.split(|byte| *byte == 0).any(|offered| offered == name.as_bytes());
        match self.end_point.take() {
            Some(hash) if offers(PLUS) => Ok((PLUS, Binding::ServerEndPoint(hash))),
            Some(_) if offers(PLAIN) => Ok((PLAIN, Binding::NotOffered)),
            None if offers(PLAIN) => Ok((PLAIN, Binding::Unsupported)),
            _ => Err(Violation::Mechanism),
        }
    }
}

/// `SASLInitialResponse` and `SASLResponse` have the same frame.
fn response(body: &[u8]) -> Result<Vec<u8>, Violation> {
    let length = u32::try_from(body.len() + 4).map_err(|_| Violation::Malformed)?;
    Ok([&b"p"[..], &length.to_be_bytes(), body].concat())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn scram(end_point: Option<&[u8]>) -> Scram {
        let password = Password::parse("canary").unwrap();
        Scram::new(password, end_point.map(<[u8]>::to_vec), SaltedPasswords::default())
    }

    #[track_caller]
    fn check(end_point: Option<&[u8]>, offered: &[u8], expected: Result<&[u8], Violation>) {
        let answer = scram(end_point).answer(ASKED, offered).map(Option::unwrap);
        match expected {
            Ok(begin) => assert!(answer.unwrap()[5..].starts_with(begin)),
            Err(violation) => assert_eq!(answer, Err(violation)),
        }
    }

    /// The proof is bound to TLS where both sides can, and the server learns where it alone cannot.
    #[test]
    fn bound_where_both_sides_can() {
        let (plain, both) = (b"SCRAM-SHA-256\0\0", b"SCRAM-SHA-256-PLUS\0SCRAM-SHA-256\0\0");
        let plus = b"SCRAM-SHA-256-PLUS\0";
        check(Some(b"hash"), both, Ok(plus));
        check(Some(b"hash"), &plus[..], Ok(plus));
        // The byte after the length shows whether the client could have bound the proof.
        check(Some(b"hash"), plain, Ok(b"SCRAM-SHA-256\0\0\0\0\x28y"));
        check(None, both, Ok(b"SCRAM-SHA-256\0\0\0\0\x28n"));
        check(None, plus, Err(Violation::Mechanism));
        check(None, b"OAUTHBEARER\0\0", Err(Violation::Mechanism));
        check(None, b"", Err(Violation::Mechanism));
    }

    /// Messages that are not due end the login.
    #[test]
    fn messages_out_of_order() {
        for code in [CHALLENGED, FINAL] {
            assert_eq!(scram(None).answer(code, b"r=n,s=c2FsdA==,i=1"), Err(Violation::Malformed));
        }
        for code in [ASKED, FINAL] {
            let mut scram = scram(None);
            scram.answer(ASKED, b"SCRAM-SHA-256\0\0").unwrap();
            assert!(!scram.is_complete());
            assert_eq!(scram.answer(code, b"SCRAM-SHA-256\0\0"), Err(Violation::Malformed));
            assert!(!scram.is_complete());
        }
        assert_eq!(scram(None).answer(5, b"salt"), Ok(None));
    }

    /// A message shows neither the password nor its preparation.
    #[test]
    fn password_is_in_no_message() {
        let mut scram = scram(None);
        let first = scram.answer(ASKED, b"SCRAM-SHA-256\0\0").unwrap().unwrap();
        let nonce = String::from_utf8(first[5..].split(|byte| *byte == b'=').next_back().unwrap().to_vec());
        let challenge = format!("r={}+,s=c2FsdA==,i=1", nonce.unwrap());
        let second = scram.answer(CHALLENGED, challenge.as_bytes()).unwrap().unwrap();
        for message in [first, second] {
            assert!(!message.windows(6).any(|window| window == b"canary"));
        }
        let forged = scram.answer(FINAL, b"v=AAAA");
        assert_eq!(forged, Err(Violation::Scram(scram_client::Violation::Signature)));
    }
}
