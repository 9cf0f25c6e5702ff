//! The queries of a session, and how it handles a refusal.

use std::collections::BTreeSet;

use rotation_database::{StatementError, StatementFault, Username};

use super::{DocumentDbSession, unexpected};
use crate::{
    code::Code,
    command::{self, Command, GET_PARAMETER},
    connection::statement_error,
    greeting, master,
    moves::{Otherwise, Without, scram_mechanisms},
    pair::RECOGNIZED,
    privileges::{CHANGE_OWN_PASSWORD, Held, Needs},
    user::User,
};

const UNMARKABLE: &str =
    "the server keeps no mark on the clone: two secrets of one user cannot be distinguished";
const NOT_BY_THE_MAJORITY: &str =
    "the server took a change of a user only without a write concern: a failover may lose it";
const WITHOUT_MECHANISMS: &str = "the server took the password only without the user's list of mechanisms: \
    the user has those that the server gives to a new password";

impl DocumentDbSession {
    /// The session's own user, where the server shows it.
    pub(super) async fn read_own(&mut self) -> Result<Option<User>, StatementError> {
        let read = command::read_user(&self.username, &self.home, false);
        match self.connection.attempt(&read).await? {
            Ok(reply) => User::of(reply.reader(), &self.username, &self.home).map_err(|_| unexpected(&read)),
            Err(code) => match code.statement_fault(String::new) {
                StatementFault::PrivilegeMissing { .. } | StatementFault::Other { .. } => Ok(None),
                _ => Err(statement_error(&read, code, "")),
            },
        }
    }

    /// A user of the pair. Where the server does not understand the query for restrictions, it has none.
    pub(super) async fn read(
        &mut self,
        user: &Username,
        restrictions: bool,
    ) -> Result<Option<User>, StatementError> {
        let mut read = command::read_user(user, &self.pair_home, restrictions);
        let mut answer = self.connection.attempt(&read).await?;
        if restrictions && matches!(answer, Err(code) if code.is_about_the_form()) {
            read = command::read_user(user, &self.pair_home, false);
            answer = self.connection.attempt(&read).await?;
        }
        match answer {
            Ok(reply) => User::of(reply.reader(), user, &self.pair_home).map_err(|_| unexpected(&read)),
            Err(Code::USER_NOT_FOUND) => Ok(None),
            Err(code) => Err(self.refused(&read, code).await),
        }
    }

    /// Those of the user's own mechanisms that the server still enables: it refuses a list with any other.
    pub(super) fn usable_of_own(&self, own: &User) -> Option<Vec<String>> {
        still_usable(scram_mechanisms(own)?, self.connection.usable())
    }

    /// The same for another user. The server is asked only about a mechanism that the greeting of the
    /// session's own login did not name.
    pub(super) async fn usable_of(
        &mut self,
        user: &Username,
        found: &User,
    ) -> Result<Option<Vec<String>>, StatementError> {
        let Some(listed) = scram_mechanisms(found) else { return Ok(None) };
        let ours = self.connection.usable().unwrap_or_default();
        if listed.iter().all(|name| ours.contains(name)) {
            return Ok(Some(listed));
        }
        let question = command::usable_mechanisms(user, &self.pair_home);
        let usable = match self.connection.attempt(&question).await? {
            Ok(reply) => greeting::usable(reply.reader()),
            Err(_) => None,
        };
        Ok(still_usable(listed, usable.as_deref()))
    }

    /// Runs a command, in the first of its forms that the server understands.
    pub(super) async fn make(
        &mut self,
        command: &Command,
        otherwise: &[Otherwise],
    ) -> Result<(), StatementError> {
        let (mut last, mut forms) = (command, otherwise.iter());
        let mut without = Without::default();
        loop {
            let Err(code) = self.connection.attempt(last).await? else { break };
            match forms.next() {
                Some(Otherwise::Run(form, left_out)) if code.is_about_the_form() => {
                    (last, without) = (form, *left_out);
                }
                Some(Otherwise::Skip) if code.is_about_the_form() => {
                    without = Without { mark: true, ..Without::default() };
                    break;
                }
                _ => return Err(self.refused(last, code).await),
            }
        }
        self.note(without);
        Ok(())
    }

    fn note(&mut self, without: Without) {
        let notes = &mut self.outcome.notes;
        // One note about the same thing is enough.
        let marked = without.mark && !notes.iter().any(|note| note == RECOGNIZED);
        let all = [
            (marked, UNMARKABLE),
            (without.mechanisms, WITHOUT_MECHANISMS),
            (without.majority, NOT_BY_THE_MAJORITY),
        ];
        for (applies, note) in all {
            if applies && !notes.iter().any(|one| one == note) {
                notes.push(note.to_owned());
            }
        }
    }

    /// The error of a command that the server refused, with the command that grants the missing privilege.
    async fn refused(&mut self, command: &Command, code: Code) -> StatementError {
        let needed = match code {
            Code::UNAUTHORIZED => self.remedy_for(&command.needs).await,
            _ => String::new(),
        };
        statement_error(command, code, needed)
    }

    async fn remedy_for(&mut self, needs: &Needs) -> String {
        if needs.iter().any(|(_, action)| *action == CHANGE_OWN_PASSWORD) {
            return master::own_password_remedy(&self.username, &self.home);
        }
        let missing = self.held().await.map(|held| held.missing(needs)).unwrap_or_default();
        let missing = if missing.is_empty() { needs } else { &missing };
        master::remedy(&self.username, &self.home, missing)
    }

    /// What the session's user evidently lacks for these commands, as commands that grant it, and whether
    /// that is certain, which it is where the server reports each privilege. Empty where the server reports
    /// nothing, or where it checks no privileges: a plan whose user lacks something sends `getParameter` once
    /// to find that out.
    pub(super) async fn lacking(&mut self, needs: &Needs) -> (Vec<String>, bool) {
        let nothing = (Vec::new(), false);
        let Some(held) = self.held().await else { return nothing };
        let own = needs.iter().any(|(_, action)| *action == CHANGE_OWN_PASSWORD);
        let missing = if own && !held.is_exact() { BTreeSet::new() } else { held.missing(needs) };
        if missing.is_empty() || !self.asks_for_privileges(&held).await {
            return nothing;
        }
        let remedy = if own {
            master::own_password_remedy(&self.username, &self.home)
        } else {
            master::remedy(&self.username, &self.home, &missing)
        };
        (vec![remedy], held.is_exact())
    }

    async fn held(&mut self) -> Option<Held> {
        for privileges in [true, false] {
            let status = command::status(&self.home, privileges);
            match self.connection.attempt(&status).await.ok()? {
                Ok(reply) => return Held::of(reply.reader()),
                Err(code) if code.is_about_the_form() => {}
                Err(_) => return None,
            }
        }
        None
    }

    /// A server without authorization checks passwords, shows privileges, and permits everything to every
    /// user: it answers a query that this user would not be allowed to make.
    async fn asks_for_privileges(&mut self, held: &Held) -> bool {
        held.may_at_server(GET_PARAMETER)
            || !matches!(self.connection.attempt(&command::setting()).await, Ok(Ok(_)))
    }
}

/// Those of the mechanisms that are usable; all of them where the server does not report which ones are.
/// `None` where none of them is usable: then no list is sent, and the server chooses.
fn still_usable(listed: Vec<String>, usable: Option<&[String]>) -> Option<Vec<String>> {
    let Some(usable) = usable else { return Some(listed) };
    let left: Vec<_> = listed.into_iter().filter(|name| usable.contains(name)).collect();
    (!left.is_empty()).then_some(left)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(usable: Option<&[&str]>, expected: Option<&str>) {
        let owned = |names: &[&str]| names.iter().map(ToString::to_string).collect::<Vec<_>>();
        let usable = usable.map(owned);
        let left = still_usable(owned(&["SCRAM-SHA-1", "SCRAM-SHA-256"]), usable.as_deref());
        assert_eq!(left.map(|names| names.join(" ")).as_deref(), expected);
    }

    /// A server that reports no usable mechanism gets no list; one that reports nothing gets all.
    #[test]
    fn only_usable_mechanisms_are_sent() {
        check(None, Some("SCRAM-SHA-1 SCRAM-SHA-256"));
        check(Some(&["SCRAM-SHA-256", "PLAIN"]), Some("SCRAM-SHA-256"));
        check(Some(&["PLAIN"]), None);
        check(Some(&[]), None);
    }
}
