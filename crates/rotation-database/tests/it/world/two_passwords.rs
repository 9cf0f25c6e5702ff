//! A user that changes its own password where the server keeps two: the statements of `rotator-mysql`, one by
//! one.

use rotation_database::{StatementError, StatementFault};

use super::{Kind, ServerModel, Sighting, session::Connection, user::User};

/// What happens to the password that was primary.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Old {
    /// `RETAIN CURRENT PASSWORD`: it becomes the secondary one, and the former secondary one is discarded.
    Retained,
    /// Without `RETAIN`: it is discarded, and the secondary one stays.
    Replaced,
}

impl Connection {
    /// Afterwards the new password logs in, and so does the one that this session logged in with.
    pub(super) async fn change_beside(&self, kind: Kind, new: &str) -> Result<(), StatementError> {
        let own = (kind != Kind::TwoPasswordsUnnamed).then_some(self.password.as_str());
        if self.set("server: set password", own, new, Old::Retained).await? {
            return Ok(());
        }
        self.world().sight(Sighting::SecondaryLoggedIn);
        // An earlier invocation has already set a primary password. If it is the new one, there is nothing to
        // do.
        if self.set("server: confirm password", Some(new), new, Old::Replaced).await? {
            return Ok(());
        }
        self.set("server: overwrite password", None, new, Old::Replaced).await?;
        Ok(())
    }

    /// `ALTER USER USER() IDENTIFIED BY ... [REPLACE ...] [RETAIN CURRENT PASSWORD]`; false where the primary
    /// password is not the one to replace.
    async fn set(
        &self,
        name: &'static str,
        replaced: Option<&str>,
        new: &str,
        old: Old,
    ) -> Result<bool, StatementError> {
        self.call(name, |server: &mut ServerModel| {
            let remembers = server.kind == Kind::TwoPasswordsWithHistory;
            let Some(user) = server.users_at_mut(self.spot).get_mut(&self.user) else {
                return Err(StatementError::new(StatementFault::NoSuchUser));
            };
            // The history is checked before anything else.
            if remembers && user.has_had(new) {
                let rule = "the history of passwords".to_owned();
                return Err(StatementError::new(StatementFault::PasswordPolicy { rule }));
            }
            if replaced.is_some() && user.password.as_deref() != replaced {
                return Ok(false);
            }
            let before = user.clone();
            let primary = user.password.replace(new.to_owned());
            if remembers {
                user.history.extend(primary.clone());
            }
            if old == Old::Retained {
                user.secondary = primary;
            }
            server.changes += usize::from(*user != before);
            Ok(true)
        })
        .await
    }
}

impl User {
    fn has_had(&self, password: &str) -> bool {
        self.password.as_deref() == Some(password) || self.history.contains(password)
    }
}
