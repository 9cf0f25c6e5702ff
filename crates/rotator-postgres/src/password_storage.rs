//! How the server wants passwords stored.

use postgres_session::{Row, Verifier, VerifierError, md5_verifier, scram_verifier};
use rotation_core::database::{Password, StatementError, StatementFault, Username};

use crate::pair::unexpected;

/// How the server wants passwords stored.
pub(crate) struct PasswordStorage {
    md5: bool,
    iterations: u32,
    /// Whether the session's own user is past its validity.
    pub(crate) expired: bool,
}

impl PasswordStorage {
    /// PostgreSQL's own default, and the only value before version 16.
    const ITERATIONS: u32 = 4096;

    pub(crate) fn parse(answer: Option<&Vec<Row>>) -> Result<Self, StatementError> {
        let row = answer.and_then(|rows| rows.first()).ok_or_else(unexpected)?;
        let [Some(encryption), iterations, Some(expired)] = &row[..] else { return Err(unexpected()) };
        let iterations = iterations.as_ref().and_then(|count| count.parse().ok());
        Ok(Self {
            // `on` is how servers before version 10 say it.
            md5: matches!(encryption.as_str(), "md5" | "on"),
            iterations: iterations.unwrap_or(Self::ITERATIONS),
            expired: expired == "t",
        })
    }

    /// For people: what the server's way of storing means.
    pub(crate) fn note(&self) -> Option<String> {
        self.md5.then(|| {
            "the server stores passwords as md5, and whoever reads that in its log or its catalogue can log in by it: \
             set password_encryption to scram-sha-256"
                .to_owned()
        })
    }

    /// The verifier that most servers want, which can be made before it is known what this one wants: it takes a
    /// millisecond or two, in which the server can answer.
    pub(crate) fn foresee(password: &Password) -> Result<Verifier, VerifierError> {
        scram_verifier(password, Self::ITERATIONS)
    }

    /// The password as the server wants it stored: what was foreseen of the same password, where that is it.
    pub(crate) fn verifier(
        &self,
        username: &Username,
        password: &Password,
        foreseen: Result<Verifier, VerifierError>,
    ) -> Result<Verifier, StatementError> {
        if self.md5 {
            return Ok(md5_verifier(username, password));
        }
        let verifier = match self.iterations {
            Self::ITERATIONS => foreseen,
            other => scram_verifier(password, other),
        };
        verifier.map_err(|_| StatementError::new(StatementFault::Other { code: "no randomness".to_owned() }))
    }
}
