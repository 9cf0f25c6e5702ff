//! Which engine a secret is rotated as: its own. The command line may name it as well, and then the two must
//! agree.

use clap::ValueEnum;
use thiserror::Error;

use crate::engine::EngineKind;

/// No engine can be chosen. Nothing was changed, and no connection to a database was opened.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum EngineError {
    /// The command line names another engine than the secret.
    #[error("--engine names {}, and `engine` of AWSCURRENT names {}", asked.title(), stored.title())]
    Contradiction {
        /// Of the command line.
        asked: EngineKind,
        /// Of the secret.
        stored: EngineKind,
    },
    /// The secret names something that is not rotated here. The value itself is not shown.
    #[error("the field `engine` of AWSCURRENT names no database that can be rotated")]
    Unknown,
}

impl EngineError {
    /// The stable code, as in docs/errors.md.
    pub fn code(self) -> &'static str {
        "SECRET_ENGINE_MISMATCH"
    }

    /// What to do, as a sentence for the person at the command line.
    pub fn remediation(self) -> String {
        match self {
            Self::Contradiction { .. } => {
                "Leave --engine out: the secret's own engine is taken. Correct `engine` of \
                                           AWSCURRENT only where it is misspelt."
                    .to_owned()
            }
            Self::Unknown => {
                let known: Vec<_> = EngineKind::value_variants().iter().map(|kind| kind.word()).collect();
                format!(
                    "Correct `engine` of AWSCURRENT where it is misspelt. Known are: {}.",
                    known.join(", ")
                )
            }
        }
    }
}

impl EngineKind {
    /// The engine of a rotation. `stored` is the field `engine` of AWSCURRENT. Where it could not be read or
    /// is absent, what was asked for is taken, else PostgreSQL: the rotation then reports what is wrong with
    /// the secret.
    ///
    /// # Errors
    /// [`EngineError`] where the secret names an unknown engine, or another one than the command line.
    pub fn choose(asked: Option<Self>, stored: Option<&str>) -> Result<Self, EngineError> {
        let Some(stored) = stored else { return Ok(asked.unwrap_or_default()) };
        let stored = Self::of_secret(stored).ok_or(EngineError::Unknown)?;
        match asked {
            Some(asked) if asked != stored => Err(EngineError::Contradiction { asked, stored }),
            _ => Ok(stored),
        }
    }
}
