//! MongoDB's rules for names and passwords in SCRAM ("Authentication" of its driver specifications).

use md5::{Digest, Md5};
use rotation_database::{Cause, ConnectError, Credentials};
use scram_client::{Binding, Mechanism, Opening, PreparedPassword};
use thiserror::Error;
use zeroize::Zeroizing;

/// A server that asks for fewer makes the proof easy to crack; the driver specification sets the limit.
pub(crate) const FEWEST_ITERATIONS: u32 = 4096;

/// The password has characters that cannot be in a SCRAM-SHA-256 credential (RFC 4013).
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
#[error("the password has characters that SASLprep prohibits")]
struct Prohibited;

/// The first message of a login, without channel binding: servers of this protocol offer none. The name is
/// not prepared: the server compares it as it was created.
///
/// # Errors
/// [`ConnectError::Refused`] where the server cannot have such a password, before anything is sent to it;
/// [`ConnectError::Protocol`] without randomness.
pub(crate) fn open(mechanism: Mechanism, credentials: &Credentials) -> Result<Opening, ConnectError> {
    let password = prepare(mechanism, credentials)
        .map_err(|error| ConnectError::Refused(Cause::new(error.to_string())))?;
    let username = credentials.username.as_str();
    Opening::new(mechanism, username, PreparedPassword::new(password), Binding::Unsupported)
        .map_err(|error| ConnectError::Protocol(Cause::new(error.to_string())))
}

/// What is hashed in place of the password.
fn prepare(mechanism: Mechanism, credentials: &Credentials) -> Result<Zeroizing<String>, Prohibited> {
    let password = credentials.password.expose();
    match mechanism {
        Mechanism::Sha256 => match stringprep::saslprep(password) {
            Ok(prepared) => Ok(Zeroizing::new(prepared.into_owned())),
            Err(_) => Err(Prohibited),
        },
        // What MongoDB stored before it had SCRAM.
        Mechanism::Sha1 => {
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

    /// Passwords are prepared as the server prepared them, and names are not.
    #[test]
    fn passwords_prepared_names_not() {
        let user = credentials("a\u{2168}", "\u{2168}");
        assert_eq!(*prepare(Mechanism::Sha256, &user).unwrap(), "IX");
        assert!(open(Mechanism::Sha256, &user).unwrap().message().starts_with("n,,n=a\u{2168},r="));
        // Printed in MongoDB's driver specification: MD5 of `user:mongo:pencil`.
        assert_eq!(
            *prepare(Mechanism::Sha1, &credentials("user", "pencil")).unwrap(),
            "1c33006ec1ffd90f9cadcbcc0e118200"
        );
        assert!(prepare(Mechanism::Sha256, &credentials("u", "bell\u{7}")).is_err());
        assert!(prepare(Mechanism::Sha1, &credentials("u", "bell\u{7}")).is_ok());
    }
}
