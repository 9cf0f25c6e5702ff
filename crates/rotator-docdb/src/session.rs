//! A session: `stage` reads and computes, `commit` writes, rights first and the password last.
//!
//! Users are changed without transactions here, so a process that dies in `commit` leaves a clone whose rights may be
//! the original's already while its password is still the old one: harmless, and the next attempt goes on from there.

use std::{collections::BTreeSet, net::IpAddr};

use rotation_core::{
    Deadline,
    database::{
        Change, Committed, Credentials, Endpoint, Engine, LoginMethod, PairOwner, Password, Plan, Purpose,
        ServerFacts, Session, StatementError, StatementFault, TestStatement, Turn, UserPair, Username,
    },
};

use crate::{
    DocumentDb,
    code::Code,
    command::{self, Command, Likeness, Needed},
    connection::{Connection, statement_error},
    document::Value,
    master,
    moves::{Move, Otherwise, changed, created, scram_mechanisms},
    pair::{Pair, RECOGNIZED},
    replication::Seen,
    test_command,
    user::{self, User},
};

const CHANGE_OWN_PASSWORD: &str = "changeOwnPassword (or use the master-user function)";

const UNMARKABLE: &str =
    "the server keeps no mark on the clone: two secrets of one user cannot be told apart";

/// For which pair and secret, and how the live user logs in.
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
    /// Where this user is defined.
    home: String,
    /// Where the users of a pair are defined, which a master is to change.
    pair_home: String,
    staged: Vec<Move>,
    outcome: Committed,
    /// What of it a failover could take back, where the server is a member of a replica set.
    seen: Option<Seen>,
}

impl Session for DocumentDbSession {
    async fn probe(&mut self, _pair: Option<&UserPair>) -> Result<(), StatementError> {
        let probe = command::probe(&self.home);
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
        if users.is_some_and(|users| users.iter().any(is_us)) { Ok(()) } else { Err(unexpected(&probe)) }
    }

    async fn prove(&mut self, statement: &TestStatement, deadline: Deadline) -> Result<(), StatementError> {
        let limit = deadline.remaining();
        let command =
            test_command::parse(statement.expose(), &self.pair_home, limit.saturating_sub(limit / 10));
        let command = command.ok_or_else(|| {
            StatementError::new(StatementFault::Other { code: "not a command that reads".to_owned() })
        })?;
        let actions = "what the test statement asks";
        let needed = Needed { who: &self.username, home: &self.pair_home, actions };
        let reply = self.connection.run(&command, needed).await?;
        // A server keeps a cursor for minutes. Whether it lets this one go changes nothing of the proof.
        if let Some(close) = test_command::close(reply.reader()) {
            let _ = self.connection.attempt(&close).await;
        }
        Ok(())
    }

    async fn plan(&mut self, change: &Change<'_>, deadline: Deadline) -> Result<Plan, StatementError> {
        let lacking = match change {
            Change::OwnPassword { .. } => Vec::new(),
            Change::OtherUser { pair, .. } => self.lacking(&pair.original).await?,
        };
        let moves = self.prepare(change, deadline).await?;
        let statements = moves.iter().flat_map(Move::planned).collect();
        Ok(Plan { statements, lacking, notes: std::mem::take(&mut self.outcome.notes) })
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

    async fn commit(mut self) -> Result<Committed, StatementError> {
        for step in std::mem::take(&mut self.staged) {
            match step {
                Move::Run { command, otherwise, actions, .. } => {
                    self.make(&command, &otherwise, actions).await?;
                }
                Move::Compare { user, roles } => {
                    let found = self.read(&user, false).await?;
                    if found.is_none_or(|found| found.roles != roles) {
                        return Err(StatementError::new(StatementFault::Busy));
                    }
                }
            }
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
        let (seen, outcome) = (Seen::by(&connection), Committed::default());
        Self { connection, username, home, pair_home, staged: Vec::new(), outcome, seen }
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

    /// Reads which mechanisms the user has: a new password without them would add those that an administrator left
    /// out. A user that is the clone of another secret's pair is that secret's.
    async fn prepare_own(&mut self, new: &Password, deadline: Deadline) -> Result<Vec<Move>, StatementError> {
        let user = self.read_own().await?;
        if let Some(fault) = user.as_ref().and_then(|user| self.other_secret(user)) {
            return Err(StatementError::new(fault));
        }
        let mechanisms = user.as_ref().and_then(scram_mechanisms);
        let like = Likeness { mechanisms: mechanisms.as_deref(), ..Likeness::default() };
        let command = command::set_password(&self.username, new, &self.home, &like, deadline.remaining());
        let (actions, otherwise) = (CHANGE_OWN_PASSWORD, Otherwise::Fail);
        Ok(vec![Move::Run { command, otherwise, actions, purpose: Purpose::Password }])
    }

    /// The session's own user, where the server shows it.
    async fn read_own(&mut self) -> Result<Option<User>, StatementError> {
        let read = command::read_user(&self.username, &self.home, false);
        match self.connection.attempt(&read).await? {
            Ok(reply) => User::of(reply.reader(), &self.username, &self.home).map_err(|_| unexpected(&read)),
            Err(code) => match code.statement_fault(false, String::new) {
                StatementFault::PrivilegeMissing { .. } | StatementFault::Other { .. } => Ok(None),
                _ => Err(statement_error(&read, code, self.needed("viewUser", &self.home))),
            },
        }
    }

    /// The secret to which a mark gives the session's own user, as the clone of another one.
    fn other_secret(&self, own: &User) -> Option<StatementFault> {
        let original = self.username.as_str().strip_suffix(DocumentDb::PROFILE.clone_suffix)?;
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
        let original = self.read(&names.original, true).await?.ok_or_else(missing)?;
        let clone = self.read(&names.clone, true).await?;
        let home = self.pair_home.clone();
        let pair = Pair { names, home: &home, owner, next: &next.username, original, clone };
        pair.check().map_err(StatementError::new)?;
        let limit = deadline.remaining();
        let Some(clone) = &pair.clone else {
            let original_is_next = next.username == names.original;
            return if original_is_next { Err(missing()) } else { Ok(vec![created(&pair, next, limit)]) };
        };
        let reconciliation = pair.reconcile(clone).map_err(StatementError::new)?;
        let (drift, notes) = (reconciliation.count(), pair.notes(clone, &reconciliation));
        self.outcome = Committed { drift, notes };
        changed(&pair, clone, next, method, limit).map_err(StatementError::new)
    }

    /// What this session's user, a master, is seen to lack for administering a user and its clone.
    async fn lacking(&mut self, original: &Username) -> Result<Vec<String>, StatementError> {
        let Ok(reply) = self.connection.attempt(&command::probe(&self.home)).await? else {
            return Ok(Vec::new());
        };
        let info = reply.reader().get("authInfo").and_then(Value::as_document);
        let held = info.and_then(|info| info.get("authenticatedUserRoles"));
        let Some(held) = held.and_then(user::roles) else { return Ok(Vec::new()) };
        let needed = match self.read(original, false).await {
            Ok(Some(original)) => original.roles,
            // Told by what prepares the change.
            Ok(None) | Err(_) => BTreeSet::new(),
        };
        Ok(master::lacking(&self.username, &held, &self.pair_home, &needed))
    }

    /// A user of the pair. Where the server does not know the question about restrictions, it has none.
    async fn read(&mut self, user: &Username, restrictions: bool) -> Result<Option<User>, StatementError> {
        let mut read = command::read_user(user, &self.pair_home, restrictions);
        let mut answer = self.connection.attempt(&read).await?;
        if restrictions && matches!(answer, Err(code) if code.is_about_the_form()) {
            read = command::read_user(user, &self.pair_home, false);
            answer = self.connection.attempt(&read).await?;
        }
        match answer {
            Ok(reply) => User::of(reply.reader(), user, &self.pair_home).map_err(|_| unexpected(&read)),
            Err(Code::USER_NOT_FOUND) => Ok(None),
            Err(code) => Err(statement_error(&read, code, self.needed("viewUser", &self.pair_home))),
        }
    }

    async fn make(
        &mut self,
        command: &Command,
        otherwise: &Otherwise,
        actions: &'static str,
    ) -> Result<(), StatementError> {
        let home = if actions == CHANGE_OWN_PASSWORD { &self.home } else { &self.pair_home };
        let needed = Needed { who: &self.username, home, actions };
        match (self.connection.attempt(command).await?, otherwise) {
            (Ok(_), _) => return Ok(()),
            (Err(code), Otherwise::Plain(plain)) if code.is_about_the_form() => {
                self.connection.run(plain, needed).await?;
            }
            (Err(code), Otherwise::Skip) if code.is_about_the_form() => {}
            (Err(code), _) => return Err(statement_error(command, code, needed)),
        }
        // One note about the same thing is enough.
        if !self.outcome.notes.iter().any(|note| note == RECOGNIZED) {
            self.outcome.notes.push(UNMARKABLE.to_owned());
        }
        Ok(())
    }

    fn needed<'a>(&'a self, actions: &'static str, home: &'a str) -> Needed<'a> {
        Needed { who: &self.username, home, actions }
    }
}

fn unexpected(command: &Command) -> StatementError {
    StatementError {
        fault: StatementFault::Other { code: "unexpected reply".to_owned() },
        statement: Some(command.kind),
        source: None,
    }
}
