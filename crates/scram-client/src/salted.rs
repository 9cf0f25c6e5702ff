//! The part of SCRAM that takes time, and one result of it.

use std::{
    fmt,
    num::NonZeroU32,
    sync::{Arc, Mutex, PoisonError},
};

use ring::{digest, pbkdf2};
use zeroize::Zeroizing;

use crate::mechanism::Mechanism;

/// A password as the mechanism hashes it, prepared by the server's rules. It does not print, and its memory
/// is cleared when it is dropped.
pub struct PreparedPassword(Zeroizing<String>);

impl PreparedPassword {
    /// The password is used as it is.
    pub fn new(text: Zeroizing<String>) -> Self {
        Self(text)
    }
}

impl fmt::Debug for PreparedPassword {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PreparedPassword(..)")
    }
}

/// How a password is salted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Salting<'a> {
    /// The hash.
    pub mechanism: Mechanism,
    /// The bytes that the server stores with the user.
    pub salt: &'a [u8],
    /// How many times the hash is applied.
    pub iterations: NonZeroU32,
}

/// `SaltedPassword` of RFC 5802: who has it can log in. It does not print, and its memory is cleared when it
/// is dropped.
#[derive(PartialEq, Eq)]
pub struct SaltedPassword(Zeroizing<Vec<u8>>);

impl SaltedPassword {
    /// Its bytes, as many as the hash has.
    pub fn expose(&self) -> &[u8] {
        &self.0
    }
}

impl fmt::Debug for SaltedPassword {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SaltedPassword(..)")
    }
}

/// Salts passwords, and keeps the salted password of the verifier that was made last. Clones share it.
///
/// It is kept until the next login, which takes it: at most from setSecret to testSecret of one rotation.
/// Another password, salt or number of iterations gets a result of its own.
#[derive(Clone, Default)]
pub struct SaltedPasswords(Arc<Mutex<Option<Kept>>>);

struct Kept {
    mechanism: Mechanism,
    /// Of the prepared password, which is not kept itself.
    digest: digest::Digest,
    salt: Vec<u8>,
    iterations: NonZeroU32,
    salted: SaltedPassword,
}

impl SaltedPasswords {
    /// The salted password for a verifier. What is kept afterwards is for the login with it. Computing does
    /// not yield.
    pub fn for_verifier(&self, password: &PreparedPassword, salting: Salting<'_>) -> SaltedPassword {
        let salted = salt(password, salting);
        let kept = Kept {
            mechanism: salting.mechanism,
            digest: digest(password),
            salt: salting.salt.to_owned(),
            iterations: salting.iterations,
            salted: SaltedPassword(salted.0.clone()),
        };
        self.replace(Some(kept));
        salted
    }

    /// The salted password for a login: the one that is kept, if it is of this password and salting, else
    /// computed without yielding. Nothing is kept afterwards.
    pub fn for_login(&self, password: &PreparedPassword, salting: Salting<'_>) -> SaltedPassword {
        match self.replace(None) {
            Some(kept) if kept.is_of(password, salting) => kept.salted,
            _ => salt(password, salting),
        }
    }

    /// Whether a salted password is kept.
    pub fn keeps_one(&self) -> bool {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).is_some()
    }

    fn replace(&self, kept: Option<Kept>) -> Option<Kept> {
        std::mem::replace(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner), kept)
    }
}

impl Kept {
    fn is_of(&self, password: &PreparedPassword, salting: Salting<'_>) -> bool {
        let own = Salting { mechanism: self.mechanism, salt: &self.salt, iterations: self.iterations };
        own == salting && self.digest.as_ref() == digest(password).as_ref()
    }
}

impl fmt::Debug for SaltedPasswords {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SaltedPasswords(..)")
    }
}

fn digest(password: &PreparedPassword) -> digest::Digest {
    digest::digest(&digest::SHA256, password.0.as_bytes())
}

fn salt(PreparedPassword(password): &PreparedPassword, salting: Salting<'_>) -> SaltedPassword {
    let Salting { mechanism, salt, iterations } = salting;
    let mut salted = Zeroizing::new(vec![0; mechanism.digest().output_len()]);
    pbkdf2::derive(mechanism.pbkdf2(), iterations, salt, password.as_bytes(), &mut salted);
    SaltedPassword(salted)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn prepared(text: &str) -> PreparedPassword {
        PreparedPassword::new(Zeroizing::new(text.to_owned()))
    }

    fn salting(salt: &[u8], iterations: u32) -> Salting<'_> {
        Salting { mechanism: Mechanism::Sha256, salt, iterations: NonZeroU32::new(iterations).unwrap() }
    }

    /// Whether a login takes what was kept for a verifier, which a result that was replaced shows.
    #[track_caller]
    fn check(password: &str, login: Salting<'_>, is_taken: bool) {
        let salted = SaltedPasswords::default();
        salted.for_verifier(&prepared("pencil"), salting(b"salt", 2));
        salted.0.lock().unwrap().as_mut().unwrap().salted.0[0] ^= 1;
        let result = salted.for_login(&prepared(password), login);
        assert_eq!(result != salt(&prepared(password), login), is_taken, "{login:?}");
        assert!(!salted.keeps_one());
    }

    /// Only a login with the same password, salt, hash and iterations takes what is kept.
    #[test]
    fn kept_for_the_same_login_alone() {
        check("pencil", salting(b"salt", 2), true);
        check("pencil", salting(b"salt", 3), false);
        check("pencil", salting(b"other", 2), false);
        check("pencils", salting(b"salt", 2), false);
        check("pencil", Salting { mechanism: Mechanism::Sha1, ..salting(b"salt", 2) }, false);
    }

    /// One login takes what is kept, whatever its password; the one after it computes again.
    #[test]
    fn kept_until_the_next_login() {
        let salted = SaltedPasswords::default();
        salted.for_verifier(&prepared("pencil"), salting(b"salt", 2));
        assert!(salted.keeps_one());
        salted.for_login(&prepared("other"), salting(b"salt", 2));
        assert!(!salted.clone().keeps_one());
    }
}
