//! The form in which a password is stored, so that the method of the present login accepts it.

use postgres_session::{Row, SaltedPasswords, Verifier, VerifierError, md5_verifier, scram_verifier};
use rotation_core::Password;
use rotation_database::{LoginMethod, StatementError, StatementFault, Username};

use crate::pair::unexpected;

/// The form in which a password is stored.
pub(crate) struct PasswordStorage {
    md5: bool,
    iterations: u32,
    /// Whether the session's own user is past its validity.
    pub(crate) expired: bool,
}

/// A verifier that was computed in advance.
pub(crate) struct Foreseen {
    verifier: Result<Verifier, VerifierError>,
    salted: SaltedPasswords,
}

impl PasswordStorage {
    /// PostgreSQL's own default, and the only value before version 16. A verifier with fewer is never stored.
    const ITERATIONS: u32 = 4096;
    /// The login method that does not accept a password stored as md5.
    const SCRAM: LoginMethod = LoginMethod("scram-sha-256");

    /// Derived from the server's setting and from how the user has logged in. Any user may choose the
    /// setting, so it decides only where the login leaves a choice. A user that was asked for SCRAM gets a
    /// SCRAM verifier, since the access rules may require it.
    pub(crate) fn parse(
        answer: Option<&Vec<Row>>,
        method: Option<LoginMethod>,
    ) -> Result<Self, StatementError> {
        let row = answer.and_then(|rows| rows.first()).ok_or_else(unexpected)?;
        let [encryption, iterations, Some(expired), ..] = &row[..] else { return Err(unexpected()) };
        let iterations: Option<u32> = iterations.as_ref().and_then(|count| count.parse().ok());
        // `on` is the value of servers before version 10.
        let set_to_md5 = matches!(encryption.as_deref(), Some("md5" | "on"));
        Ok(Self {
            md5: set_to_md5 && method != Some(Self::SCRAM),
            iterations: iterations.unwrap_or_default().max(Self::ITERATIONS),
            expired: expired == "t",
        })
    }

    /// A message for operators: the consequence of the server's form of storage.
    pub(crate) fn note(&self) -> Option<String> {
        self.md5.then(|| {
            "the server stores passwords as md5, and anyone who reads that in its log or its catalog can log \
             in with it: set password_encryption to scram-sha-256"
                .to_owned()
        })
    }

    /// The verifier that most servers need, computed before it is known what this one needs. Computing takes
    /// a millisecond or two, in which the server can answer.
    pub(crate) fn foresee(password: &Password, salted: &SaltedPasswords) -> Foreseen {
        Foreseen { verifier: scram_verifier(password, Self::ITERATIONS, salted), salted: salted.clone() }
    }

    /// The password in the form to store: the precomputed verifier, where it is of the same password.
    pub(crate) fn verifier(
        &self,
        username: &Username,
        password: &Password,
        foreseen: Foreseen,
    ) -> Result<Verifier, StatementError> {
        if self.md5 {
            return Ok(md5_verifier(username, password));
        }
        let verifier = match self.iterations {
            Self::ITERATIONS => foreseen.verifier,
            other => scram_verifier(password, other, &foreseen.salted),
        };
        verifier.map_err(|_| StatementError::new(StatementFault::Other { code: "no randomness".to_owned() }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(set: (&str, Option<&str>), method: Option<&'static str>, md5: bool, iterations: u32) {
        let (encryption, count) = (Some(set.0.to_owned()), set.1.map(str::to_owned));
        let row = vec![encryption, count, Some("f".to_owned())];
        let storage = PasswordStorage::parse(Some(&vec![row]), method.map(LoginMethod)).unwrap();
        assert_eq!((storage.md5, storage.iterations), (md5, iterations), "{set:?} {method:?}");
    }

    /// The login decides, and settings fill in the rest.
    /// Users, databases and servers choose settings; the access rules choose the method of the login.
    #[test]
    fn login_decides_then_settings() {
        let (scram, md5) = (Some("scram-sha-256"), Some("md5"));
        check(("md5", None), scram, false, 4096);
        check(("md5", None), md5, true, 4096);
        check(("md5", None), Some("none"), true, 4096);
        check(("md5", None), None, true, 4096);
        check(("scram-sha-256", Some("1")), md5, false, 4096);
        check(("scram-sha-256", Some("1")), scram, false, 4096);
        check(("scram-sha-256", Some("20000")), scram, false, 20_000);
        check(("scram-sha-256", Some("nonsense")), scram, false, 4096);
    }
}
