//! The second passwords of a pair of users, which must be discarded when a rotation has finished.
//!
//! The next user's is discarded before its password is set: nobody was given it. The live user's is discarded
//! too, once it is certain that applications log in with the primary one, which the stored forms show. Where
//! `AWSCURRENT` is the second password, as after an interrupted rotation by a single user, it becomes the
//! primary one first. So `AWSCURRENT` logs in after each statement.

use rotation_core::Password;
use rotation_database::{Necessity, PlannedStatement, Purpose, StatementError, StatementFault, UserPair};

use crate::{
    entry::Entry,
    grants::Account,
    hosts::Place,
    pair::{Next, Pair},
    quote::literal,
    statement::{Draft, Statement},
};

/// The statements that discard the second passwords of both users, in this order.
#[derive(Debug, Default)]
pub(crate) struct Endings {
    endings: Vec<Ending>,
    /// A message for operators: what was found and what is left.
    pub(crate) notes: Vec<String>,
}

/// The statements for one account.
#[derive(Debug)]
struct Ending {
    account: Account,
    /// Makes `AWSCURRENT` the primary password, where it is the second one.
    promote: Option<Statement>,
    discard: Statement,
}

/// The statement that discards an account's second password.
fn discard(account: &Account) -> Statement {
    Statement::new("discard old password", format!("ALTER USER {} DISCARD OLD PASSWORD", account.sql()))
}

fn still_logs_in(account: &Account) -> String {
    format!("a second password of {} still logs in, as ALLOW_OLD_PASSWORD accepts", account.sql())
}

impl Endings {
    /// What the accounts of a pair need. `live` is the password with which the live user has just logged in.
    ///
    /// # Errors
    /// [`StatementFault::OldPasswordActive`] where it is not known which password applications log in with,
    /// unless the setting accepts that.
    pub(crate) fn of(
        entries: &[Entry],
        pair: &Pair,
        next: Next,
        live: Option<&Password>,
        allowed: bool,
    ) -> Result<Self, StatementError> {
        let UserPair { original, clone } = &pair.names;
        let (next_user, live_user) = match next {
            Next::Original => (original, clone),
            Next::Clone => (clone, original),
        };
        let mut endings = Self::default();
        let of_live = |entry: &&Entry| entry.account.user == live_user.as_str();
        let alone = entries.iter().filter(of_live).count() == 1;
        for entry in entries.iter().filter(|entry| entry.has_second()) {
            // The password does not matter for an account that admits no client of the original.
            let place = pair.place(&entry.account.host);
            let is_set = entry.account.user == next_user.as_str() && matches!(place, Place::Within(_));
            if is_set {
                endings.push(entry, None);
            } else if of_live(&entry) {
                endings.end_of_live(entry, live, alone, allowed)?;
            }
        }
        Ok(endings)
    }

    fn push(&mut self, entry: &Entry, promote: Option<Statement>) {
        let account = entry.account.clone();
        self.notes.push(format!("the second password of {} was discarded", account.sql()));
        let discard = discard(&account);
        self.endings.push(Ending { account, promote, discard });
    }

    fn end_of_live(
        &mut self,
        entry: &Entry,
        live: Option<&Password>,
        alone: bool,
        allowed: bool,
    ) -> Result<(), StatementError> {
        let known = live.map(|live| (live, entry.is_primary(live), entry.is_second(live)));
        match known {
            Some((_, Some(true), _)) => self.push(entry, None),
            // For the user's only account it is one of the two.
            Some((live, primary, second)) if second == Some(true) || (alone && primary.is_none()) => {
                let mut draft = Draft::new(&format!("ALTER USER {} IDENTIFIED WITH ", entry.account.sql()));
                draft.push(&literal(&entry.plugin));
                draft.push(" BY ");
                draft.push_secret(live.expose());
                self.push(entry, Some(draft.finish("set password")));
            }
            // Neither: no version of the secret logs in by this account, and its next turn discards both.
            Some((_, Some(false), Some(false))) => self.notes.push(format!(
                "{} has passwords that belong to no label; the next rotation discards them",
                entry.account.sql()
            )),
            Some(_) | None if allowed => self.notes.push(still_logs_in(&entry.account)),
            Some(_) | None => return Err(active(discard(&entry.account).sql.to_string())),
        }
        Ok(())
    }

    /// The statements, for a plan.
    pub(crate) fn planned(&self) -> impl Iterator<Item = PlannedStatement> {
        let statements =
            self.endings.iter().flat_map(|ending| ending.promote.iter().chain([&ending.discard]));
        statements.map(|statement| statement.planned(Purpose::Password, Necessity::Always))
    }

    /// Runs them.
    ///
    /// # Errors
    /// As the server refuses one; [`StatementFault::OldPasswordActive`] where a password history prevents
    /// `AWSCURRENT` from becoming the primary one, unless the setting accepts that.
    pub(crate) async fn apply(
        &mut self,
        connection: &mut crate::connection::Connection,
        allowed: bool,
    ) -> Result<(), StatementError> {
        for ending in &self.endings {
            if let Some(promote) = &ending.promote
                && let Err(failure) = connection.run(promote).await
            {
                let error = StatementError::from(failure);
                match error.fault {
                    StatementFault::PasswordPolicy { .. } if allowed => {
                        self.notes.push(still_logs_in(&ending.account));
                        continue;
                    }
                    StatementFault::PasswordPolicy { .. } => {
                        let account = ending.account.sql();
                        return Err(active(format!(
                            "ALTER USER {account} PASSWORD HISTORY 0 PASSWORD REUSE INTERVAL 0 DAY"
                        )));
                    }
                    _ => return Err(error),
                }
            }
            connection.run(&ending.discard).await?;
        }
        Ok(())
    }
}

fn active(needed: String) -> StatementError {
    StatementError::new(StatementFault::OldPasswordActive { needed: Some(needed) })
}
