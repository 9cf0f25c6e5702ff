//! The document with which a login was tried.

use std::fmt;

/// The document with which a login was tried.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CredentialSource {
    /// The one under `AWSCURRENT`.
    Current,
    /// The one under `AWSPENDING`.
    Pending,
    /// The one under `AWSPREVIOUS`.
    Previous,
    /// The document of another secret, as the target names it: `the master secret`.
    Related(&'static str),
}

impl fmt::Display for CredentialSource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Current => "AWSCURRENT",
            Self::Pending => "AWSPENDING",
            Self::Previous => "AWSPREVIOUS",
            Self::Related(name) => name,
        })
    }
}
