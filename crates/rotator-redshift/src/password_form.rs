//! What the server gets instead of a password.

use postgres_session::{Statement, md5_verifier, sha256_verifier};
use rotation_core::database::{Password, StatementError, StatementFault, Username};

use crate::{quote::quote_literal, statements};

/// The form in which a new password is handed to the server (`REDSHIFT_PASSWORD_FORM`).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum PasswordForm {
    /// As a SHA-256 hash with a salt, and as an md5 hash where the server does not take that.
    #[default]
    Preferred,
    /// As a SHA-256 hash with a salt.
    Sha256,
    /// As an md5 hash; the user's name is its salt.
    Md5,
    /// In the clear, for servers whose rules inspect passwords. It then stands in the server's logs.
    Plain,
}

impl PasswordForm {
    /// The form to try when the server has refused this one.
    pub(crate) fn fallback(self) -> Option<Self> {
        (self == Self::Preferred).then_some(Self::Md5)
    }

    /// The statement that gives a user this password.
    pub(crate) fn statement(
        self,
        username: &Username,
        password: &Password,
    ) -> Result<Statement, StatementError> {
        let text = match self {
            Self::Preferred | Self::Sha256 => {
                let made = sha256_verifier(password);
                let code = || StatementFault::Other { code: "no randomness".to_owned() };
                quote_literal(made.map_err(|_| StatementError::new(code()))?.expose())?
            }
            Self::Md5 => quote_literal(md5_verifier(username, password).expose())?,
            Self::Plain => quote_literal(password.expose())?,
        };
        Ok(statements::set_password(username.as_str(), &text))
    }
}
