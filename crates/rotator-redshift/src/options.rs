//! The engine's settings.

use crate::password_form::PasswordForm;

/// How users are changed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Options {
    /// What the server gets in place of a password (`REDSHIFT_PASSWORD_FORM`).
    pub password_form: PasswordForm,
}
