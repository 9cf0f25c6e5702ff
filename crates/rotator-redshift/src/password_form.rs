//! What the server gets in place of a password.

use postgres_session::{Statement, md5_verifier, sha256_verifier};
use rotation_core::Password;
use rotation_database::{StatementError, StatementFault, Username};

use crate::{quote::quote_literal, statements};

/// The form in which the server gets a new password (`REDSHIFT_PASSWORD_FORM`).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum PasswordForm {
    /// As an md5 hash, whose salt is the user's name. The default, because its form is certain: with a form
    /// that the server stores but reads differently, the user's password would not log in.
    #[default]
    Md5,
    /// As a SHA-256 hash with a salt. How a real server reads the salt was never tested: try it first with a
    /// user that nobody needs.
    Sha256,
    /// In cleartext, for servers whose rules check passwords. It is then in the server's logs.
    Plain,
}

impl PasswordForm {
    /// The statement that sets this password for a user.
    pub(crate) fn statement(
        self,
        username: &Username,
        password: &Password,
    ) -> Result<Statement, StatementError> {
        let text = match self {
            Self::Sha256 => {
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
