//! A session: `stage` reads and computes, `commit` writes, privileges first and the password last.
//!
//! Users are changed without transactions here, so a process that dies in `commit` leaves a clone whose
//! privileges may already be the original's while its password is still the old one: harmless, and the next
//! attempt resumes from there.

mod requests;

use std::net::IpAddr;

use rotation_core::{ChangeReport, Deadline, Password};
use rotation_database::{
    Change, Credentials, Endpoint, LoginMethod, PairOwner, Plan, Purpose, ServerFacts, Session,
    StatementError, StatementFault, TestQuery, Turn, UserPair, Username,
};

use crate::{
    command::{self, Command, Needed},
    connection::Connection,
    document::Value,
    moves::{Move, changed, created, own_password},
    pair::Pair,
    profile::PROFILE,
    replication::Seen,
    test_command,
    user::User,
};

/// The pair and the secret, and how the live user logs in.
#[derive(Clone, Copy)]
struct For<'a> {
    names: &'a UserPair,
    owner: &'a PairOwner,
    method: Option<LoginMethod>,
}

/// A connection to DocumentDB or MongoDB as one user.
#[derive(Debug)]
pub struct DocumentDbSession {
    connection: Connection,
    username: Username,
    /// The database where this user is defined.
    home: String,
    /// The database where the users of a pair are defined, which a master is to change.
    pair_home: String,
    staged: Vec<Move>,
    outcome: ChangeReport,
    /// What a failover could roll back, where the server is a member of a replica set.
    seen: Option<Seen>,
}

impl Session for DocumentDbSession {
    /// The login has proved the user. Where the server lists the users that are logged in, the list must
    /// contain the user as well.
    async fn probe(&mut self, _pair: Option<&UserPair>) -> Result<(), StatementError> {
        let probe = command::status(&self.home, false);
        let needed = Needed { who: &self.username, home: &self.home, actions: "connectionStatus" };
        let reply = self.connection.run(&probe, needed).await?;
        if let Some(seen) = &mut self.seen {
            seen.note(reply.reader());
        }
        let users = reply.reader().get("authInfo").and_then(Value::as_document);
        let users = users.and_then(|info| info.get("authenticatedUsers")).and_then(Value::as_array);
        let is_us = |user: &Value<'_>| {
            user.as_document().is_some_and(|user| user.text("user") == Some(self.username.as_str()))
        };
        let names_others = users.is_some_and(|users| !users.is_empty() && !users.iter().any(is_us));
        if names_others { Err(unexpected(&probe)) } else { Ok(()) }
    }

    async fn prove(&mut self, statement: &TestQuery, deadline: Deadline) -> Result<(), StatementError> {
        let limit = deadline.remaining();
        let command =
            test_command::parse(statement.expose(), &self.pair_home, limit.saturating_sub(limit / 10));
        let command = command.ok_or_else(|| {
            StatementError::new(StatementFault::Other { code: "not a command that reads".to_owned() })
        })?;
        let actions = "what the test query asks";
        let needed = Needed { who: &self.username, home: &self.pair_home, actions };
        let reply = self.connection.run(&command, needed).await?;
        // A server keeps a cursor for minutes. Whether it closes this one does not affect the proof.
        if let Some(close) = test_command::close(reply.reader()) {
            let _ = self.connection.attempt(&close).await;
        }
        Ok(())
    }

    async fn plan(&mut self, change: &Change<'_>, deadline: Deadline) -> Result<Plan, StatementError> {
        let moves = self.prepare(change, deadline).await?;
        let statements = moves.iter().flat_map(Move::planned).collect();
        let needs = moves.iter().flat_map(Move::needs).cloned().collect();
        // At the end, as the list of a user with many roles may be longer than a session reads.
        let (lacking, is_lacking_certain) = self.lacking(&needs).await;
        let notes = std::mem::take(&mut self.outcome.notes);
        Ok(Plan { statements, lacking, is_lacking_certain, notes })
    }

    async fn stage(
        &mut self,
        change: &Change<'_>,
        _: &Turn,
        deadline: Deadline,
    ) -> Result<(), StatementError> {
        self.staged = self.prepare(change, deadline).await?;
        Ok(())
    }

    async fn commit(mut self) -> Result<ChangeReport, StatementError> {
        let staged = std::mem::take(&mut self.staged);
        let last = staged.len().saturating_sub(1);
        for (at, step) in staged.iter().enumerate() {
            let made = self.take(step).await;
            let left_out = |error| {
                if at < last || step.leaves_more_out(&error) { error.before_password() } else { error }
            };
            made.map_err(left_out)?;
        }
        Ok(self.outcome)
    }

    /// The greeting refuses a server that is no primary, so one with a session takes writes.
    async fn facts(&mut self, pair: Option<&UserPair>) -> Result<ServerFacts, StatementError> {
        let hindrance = match pair {
            Some(_) => None,
            None => self.read_own().await?.and_then(|own| self.other_secret(&own)),
        };
        Ok(ServerFacts { writable: Some(true), hindrance, ..ServerFacts::default() })
    }

    fn is_settled(&self) -> bool {
        self.seen.is_none_or(Seen::is_settled)
    }

    async fn settle(&mut self, deadline: Deadline) -> Result<(), StatementError> {
        match &mut self.seen {
            Some(seen) => seen.settle(&mut self.connection, deadline).await,
            None => Ok(()),
        }
    }

    fn member(&self) -> Option<Endpoint> {
        Some(self.connection.member().clone())
    }

    fn peer(&self) -> Option<IpAddr> {
        self.connection.peer()
    }

    fn method(&self) -> Option<LoginMethod> {
        Some(self.connection.method())
    }
}

impl DocumentDbSession {
    pub(crate) fn new(connection: Connection, username: Username, home: String, pair_home: String) -> Self {
        let (seen, outcome) = (Seen::by(&connection), ChangeReport::default());
        Self { connection, username, home, pair_home, staged: Vec::new(), outcome, seen }
    }

    async fn take(&mut self, step: &Move) -> Result<(), StatementError> {
        match step {
            Move::Run { command, otherwise, .. } => self.make(command, otherwise).await,
            Move::Compare { user, roles } => {
                let found = self.read(user, false).await?;
                let is_as_made = found.is_some_and(|found| found.roles == *roles);
                if is_as_made { Ok(()) } else { Err(StatementError::new(StatementFault::Busy)) }
            }
        }
    }

    /// Reads what the change depends on. Only commands that read are sent.
    async fn prepare(
        &mut self,
        change: &Change<'_>,
        deadline: Deadline,
    ) -> Result<Vec<Move>, StatementError> {
        match *change {
            Change::OwnPassword { new } => self.prepare_own(new, deadline).await,
            Change::OtherUser { pair, next, owner, method, .. } => {
                let for_other = For { names: pair, owner, method };
                self.prepare_other(for_other, next, deadline).await
            }
        }
    }

    /// Reads which mechanisms the user has. A user that is the clone of another secret's pair belongs to that
    /// secret.
    async fn prepare_own(&mut self, new: &Password, deadline: Deadline) -> Result<Vec<Move>, StatementError> {
        let user = self.read_own().await?;
        if let Some(fault) = user.as_ref().and_then(|user| self.other_secret(user)) {
            return Err(StatementError::new(fault));
        }
        let mechanisms = user.as_ref().and_then(|user| self.usable_of_own(user));
        Ok(vec![own_password(&self.username, &self.home, new, mechanisms.as_deref(), deadline)])
    }

    /// The secret that owns the session's user according to its mark, where it is the clone of another user.
    fn other_secret(&self, own: &User) -> Option<StatementFault> {
        let original = self.username.as_str().strip_suffix(PROFILE.clone_suffix)?;
        let mark = own.mark_as_clone(original, &self.home)?;
        let secret = mark.secret()?.to_owned();
        Some(StatementFault::OtherSecret { secret })
    }

    async fn prepare_other(
        &mut self,
        For { names, owner, method }: For<'_>,
        next: &Credentials,
        deadline: Deadline,
    ) -> Result<Vec<Move>, StatementError> {
        let missing = || StatementError::new(StatementFault::NoSuchUser);
        let mut original = self.read(&names.original, true).await?.ok_or_else(missing)?;
        let clone = self.read(&names.clone, true).await?;
        original.mechanisms = self.usable_of(&names.original, &original).await?;
        let home = self.pair_home.clone();
        let pair = Pair { names, home: &home, owner, next: &next.username, original, clone };
        pair.check().map_err(StatementError::new)?;
        let Some(clone) = &pair.clone else {
            let original_is_next = next.username == names.original;
            return if original_is_next { Err(missing()) } else { Ok(vec![created(&pair, next, deadline)]) };
        };
        let reconciliation = pair.reconcile(clone).map_err(StatementError::new)?;
        let (drift, notes) = (reconciliation.count(), pair.notes(clone, &reconciliation));
        self.outcome = ChangeReport { drift, notes };
        changed(&pair, clone, next, method, deadline).map_err(StatementError::new)
    }
}

impl Move {
    /// Whether this error leaves more undone than the password: one command is one document, and this one
    /// holds more. `UnknownReplWriteConcern` and `UnsatisfiableWriteConcern` come from servers that have
    /// executed it.
    fn leaves_more_out(&self, error: &StatementError) -> bool {
        let is_executed =
            matches!(&error.fault, StatementFault::Other { code } if code == "79" || code == "100");
        matches!(self, Self::Run { purpose: Purpose::Equality, .. }) && !is_executed
    }
}

fn unexpected(command: &Command) -> StatementError {
    let fault = StatementFault::Other { code: "unexpected reply".to_owned() };
    StatementError { statement: Some(command.kind), ..StatementError::new(fault) }
}
