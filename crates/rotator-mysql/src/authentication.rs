//! The clause by which an account gets its password.

use rotation_core::Password;
use rotation_database::StatementError;

use crate::{account::Options, dialect::Dialect, quote::literal, statement::Draft, stored_form::StoredForm};

/// How an account is to be authenticated from now on.
#[derive(Clone, Copy)]
pub(crate) struct Authentication<'a> {
    pub(crate) dialect: Dialect,
    pub(crate) password: &'a Password,
    /// Whether the server accepts hashes in place of passwords.
    pub(crate) hashes: bool,
}

impl Authentication<'_> {
    /// The clause for an account that gets the plugin of these options.
    pub(crate) fn write(&self, options: &Options, draft: &mut Draft) -> Result<(), StatementError> {
        match (self.dialect, &options.plugin) {
            (Dialect::MariaDb(_), _) => return self.write_for_mariadb(StoredForm::of(options), draft),
            (Dialect::MySql(_), Some(plugin)) => {
                draft.push("IDENTIFIED WITH ");
                draft.push(&literal(plugin));
                draft.push(" BY ");
                draft.push_secret(self.password.expose());
            }
            (Dialect::MySql(_), None) => {
                draft.push("IDENTIFIED BY ");
                draft.push_secret(self.password.expose());
            }
        }
        Ok(())
    }

    fn write_for_mariadb(&self, form: StoredForm, draft: &mut Draft) -> Result<(), StatementError> {
        match (form, self.hashes) {
            (StoredForm::Native, true) => {
                draft.push("IDENTIFIED BY PASSWORD ");
                draft.push_secret(&form.make(self.password)?);
            }
            (StoredForm::Native, false) => {
                draft.push("IDENTIFIED BY ");
                draft.push_secret(self.password.expose());
            }
            (form, true) => {
                draft.push(&format!("IDENTIFIED VIA {} USING ", form.plugin()));
                draft.push_secret(&form.make(self.password)?);
            }
            (form, false) => {
                draft.push(&format!("IDENTIFIED VIA {} USING PASSWORD(", form.plugin()));
                draft.push_secret(self.password.expose());
                draft.push(")");
            }
        }
        Ok(())
    }
}
