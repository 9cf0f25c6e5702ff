//! What the server gets instead of a password.

use postgres_session::{Statement, md5_verifier, sha256_verifier};
use rotation_core::Password;
use rotation_database::{StatementError, StatementFault, Username};

use crate::{quote::quote_literal, statements};

/// The form in which a new password is handed to the server (`REDSHIFT_PASSWORD_FORM`).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum PasswordForm {
    /// As an md5 hash, whose salt is the user's name. The default, because its form is beyond doubt: a form
    /// that the server stores but reads otherwise would leave a user whose password does not log in.
    #[default]
    Md5,
    /// As a SHA-256 hash with a salt. How the server reads the salt was never seen on a real one: try it
    /// first with a user that nobody needs.
    Sha256,
    /// In the clear, for servers whose rules inspect passwords. It then stands in the server's logs.
    Plain,
}

impl PasswordForm {
    /// The statement that gives a user this password.
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
