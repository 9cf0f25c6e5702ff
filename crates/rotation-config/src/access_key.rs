//! The credentials of a function.

use std::fmt;

use zeroize::Zeroizing;

use crate::environment::Environment;

/// The credentials that Lambda gives a function for the lifetime of its process. They are never printed.
#[derive(Clone)]
pub struct AccessKey {
    /// `AWS_ACCESS_KEY_ID`.
    pub id: String,
    /// `AWS_SECRET_ACCESS_KEY`.
    pub secret: Zeroizing<String>,
    /// `AWS_SESSION_TOKEN`.
    pub session_token: Option<Zeroizing<String>>,
}

impl AccessKey {
    /// The credentials that Lambda gives a function; `None` where there are none.
    pub fn from_environment(environment: &Environment) -> Option<Self> {
        let owned = |name| environment.text(name).map(str::to_owned);
        Some(Self {
            id: owned("AWS_ACCESS_KEY_ID")?,
            secret: owned("AWS_SECRET_ACCESS_KEY")?.into(),
            session_token: owned("AWS_SESSION_TOKEN").map(Into::into),
        })
    }
}

impl fmt::Debug for AccessKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("AccessKey(..)")
    }
}
