//! A session: `stage` reads and computes, `commit` writes, rights first and the password last.
//!
//! Users are changed without transactions here, so a process that dies in `commit` leaves a clone whose rights may be
//! the original's already while its password is still the old one: harmless, and the next attempt goes on from there.

use std::collections::BTreeSet;

use rotation_core::{
    Deadline,
    database::{
        Change, Committed, Credentials, Necessity, Password, Plan, PlannedStatement, Purpose, ServerFacts,
        Session, StatementError, StatementFault, TestStatement, Turn, UserPair, Username,
    },
};

use crate::{
    code::Code,
    command::{self, Command, Likeness, Needed},
    connection::{Connection, statement_error},
    document::Value,
    master,
    pair::Pair,
    test_command,
    user::{self, Role, User},
};

const CHANGE_OWN_PASSWORD: &str = "changeOwnPassword (or use the master-user function)";

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
    /// How many roles are to be granted and revoked.
    drift: usize,
}

/// One thing that `commit` does, and that a plan says.
#[derive(Debug)]
enum Move {
    /// Runs a command.
    Run {
        command: Command,
        /// The same without what this server may not know, where the server refuses its form.
        otherwise: Option<Command>,
        /// What permits it.
        actions: &'static str,
        purpose: Purpose,
    },
    /// Looks whether a user's roles are these, as somebody may have changed them meanwhile.
    Compare { user: Username, roles: BTreeSet<Role> },
}

impl Move {
    fn planned(&self) -> Vec<PlannedStatement> {
        let Self::Run { command, otherwise, purpose, .. } = self else { return Vec::new() };
        let otherwise = otherwise.iter().map(|plain| plain.planned(*purpose, Necessity::Otherwise));
        std::iter::once(command.planned(*purpose, Necessity::Always)).chain(otherwise).collect()
    }
}

impl Session for DocumentDbSession {
    async fn probe(&mut self, _pair: Option<&UserPair>) -> Result<(), StatementError> {
        let probe = command::probe(&self.home);
        let needed = Needed { who: &self.username, home: &self.home, actions: "connectionStatus" };
        let reply = self.connection.run(&probe, needed).await?;
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
        Ok(Plan { statements, lacking, ..Plan::default() })
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
                    self.make(&command, otherwise.as_ref(), actions).await?;
                }
                Move::Compare { user, roles } => {
                    let found = self.read(&user, false).await?;
                    if found.is_none_or(|found| found.roles != roles) {
                        return Err(StatementError::new(StatementFault::Busy));
                    }
                }
            }
        }
        Ok(Committed { drift: self.drift, notes: Vec::new() })
    }

    /// The greeting refuses a server that is no primary, so one with a session takes writes.
    async fn facts(&mut self, _pair: Option<&UserPair>) -> Result<ServerFacts, StatementError> {
        Ok(ServerFacts { writable: Some(true), ..ServerFacts::default() })
    }
}

impl DocumentDbSession {
    pub(crate) fn new(connection: Connection, username: Username, home: String, pair_home: String) -> Self {
        Self { connection, username, home, pair_home, staged: Vec::new(), drift: 0 }
    }

    /// Reads what the change depends on. Only commands that read are sent.
    async fn prepare(
        &mut self,
        change: &Change<'_>,
        deadline: Deadline,
    ) -> Result<Vec<Move>, StatementError> {
        match *change {
            Change::OwnPassword { new } => self.prepare_own(new, deadline).await,
            Change::OtherUser { pair, next, .. } => self.prepare_other(pair, next, deadline).await,
        }
    }

    /// Reads which mechanisms the user has: a new password without them would add those that an administrator left
    /// out. A server that does not show or not know them keeps what there is.
    async fn prepare_own(&mut self, new: &Password, deadline: Deadline) -> Result<Vec<Move>, StatementError> {
        let read = command::read_user(&self.username, &self.home, false);
        let user = match self.connection.attempt(&read).await? {
            Ok(reply) => {
                User::of(reply.reader(), &self.username, &self.home).map_err(|_| unexpected(&read))?
            }
            Err(code) => match code.statement_fault(false, String::new) {
                StatementFault::PrivilegeMissing { .. } | StatementFault::Other { .. } => None,
                _ => return Err(statement_error(&read, code, self.needed("viewUser", &self.home))),
            },
        };
        let mechanisms = user.as_ref().and_then(scram_mechanisms);
        let like = Likeness { mechanisms: mechanisms.as_deref(), ..Likeness::default() };
        let command = command::set_password(&self.username, new, &self.home, &like, deadline.remaining());
        let actions = CHANGE_OWN_PASSWORD;
        Ok(vec![Move::Run { command, otherwise: None, actions, purpose: Purpose::Password }])
    }

    async fn prepare_other(
        &mut self,
        names: &UserPair,
        next: &Credentials,
        deadline: Deadline,
    ) -> Result<Vec<Move>, StatementError> {
        let missing = || StatementError::new(StatementFault::NoSuchUser);
        let original = self.read(&names.original, true).await?.ok_or_else(missing)?;
        let clone = self.read(&names.clone, true).await?;
        let home = self.pair_home.clone();
        let pair = Pair { names, home: &home, original, clone };
        pair.check().map_err(StatementError::new)?;
        let limit = deadline.remaining();
        self.drift = pair.clone.as_ref().map_or(0, |clone| {
            let (lacking, beyond) = pair.drift(clone);
            lacking.len() + beyond.len()
        });
        match &pair.clone {
            None if next.username == names.original => Err(missing()),
            None => Ok(vec![created(&pair, next, limit)]),
            Some(clone) => Ok(changed(&pair, clone, next, limit)),
        }
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
        otherwise: Option<&Command>,
        actions: &'static str,
    ) -> Result<(), StatementError> {
        let home = if actions == CHANGE_OWN_PASSWORD { &self.home } else { &self.pair_home };
        let needed = Needed { who: &self.username, home, actions };
        match (self.connection.attempt(command).await?, otherwise) {
            (Ok(_), _) => Ok(()),
            (Err(code), Some(plain)) if code.is_about_the_form() => {
                self.connection.run(plain, needed).await.map(drop)
            }
            (Err(code), _) => Err(statement_error(command, code, needed)),
        }
    }

    fn needed<'a>(&'a self, actions: &'static str, home: &'a str) -> Needed<'a> {
        Needed { who: &self.username, home, actions }
    }
}

/// The clone with all that it must have, in one command.
fn created(pair: &Pair<'_>, next: &Credentials, limit: std::time::Duration) -> Move {
    let original = &pair.original;
    let mechanisms = scram_mechanisms(original);
    let data = original.custom_data_of_clone(pair.names, pair.home);
    let plain = Likeness {
        mechanisms: mechanisms.as_deref(),
        restrictions: original.restrictions().is_some().then_some(original),
        custom_data: None,
    };
    let marked = Likeness { custom_data: Some(&data), ..plain };
    let create = |like: &Likeness<'_>| command::create(next, &original.roles, pair.home, like, limit);
    Move::Run {
        command: create(&marked),
        // The marker alone may be left out; what the original has is not.
        otherwise: (!original.has_custom_data()).then(|| create(&plain)),
        actions: "createUser, and grantRole for each role of the original,",
        purpose: Purpose::Equality,
    }
}

/// Rights, then a look at them, then the rest with the password.
fn changed(pair: &Pair<'_>, clone: &User, next: &Credentials, limit: std::time::Duration) -> Vec<Move> {
    let (names, home, original) = (pair.names, pair.home, &pair.original);
    let mut moves = Vec::new();
    let mut run = |command, actions| {
        moves.push(Move::Run { command, otherwise: None, actions, purpose: Purpose::Equality });
    };
    let (lacking, beyond) = pair.drift(clone);
    if !lacking.is_empty() {
        run(
            command::grant(&names.clone, lacking.iter().copied(), home, limit),
            "grantRole for each role of the original",
        );
    }
    if !beyond.is_empty() {
        run(
            command::revoke(&names.clone, beyond.iter().copied(), home, limit),
            "revokeRole for each role of the clone",
        );
    }
    let data = original.custom_data_of_clone(names, home);
    let other_data = !clone.has_custom_data_of(original);
    let other_restrictions = !clone.has_restrictions_of(original);
    let mut like = Likeness {
        mechanisms: None,
        restrictions: other_restrictions.then_some(original),
        custom_data: other_data.then_some(&data),
    };
    let differs = other_data || other_restrictions;
    if next.username == names.original && differs {
        // It is the live user's turn to stay: what it lacks is given without its password.
        let actions = "changeCustomData and setAuthenticationRestriction";
        run(command::set_likeness(&names.clone, home, &like, limit), actions);
    }
    if !lacking.is_empty() || !beyond.is_empty() {
        moves.push(Move::Compare { user: names.clone.clone(), roles: original.roles.clone() });
    }
    let mechanisms = scram_mechanisms(original);
    let unmarked = !clone.is_marked_clone(names, home);
    let mut plain = None;
    if next.username == names.original {
        like = Likeness::default();
    }
    like.mechanisms = mechanisms.as_deref();
    if next.username == names.clone && unmarked {
        plain = (!other_data).then_some(like);
        like.custom_data = Some(&data);
    }
    let set = |like: &Likeness<'_>| command::set_password(&next.username, &next.password, home, like, limit);
    moves.push(Move::Run {
        command: set(&like),
        otherwise: plain.as_ref().map(set),
        actions: "changePassword and changeCustomData",
        purpose: if next.username == names.clone && differs { Purpose::Equality } else { Purpose::Password },
    });
    moves
}

/// The mechanisms that a password serves, where the server says which the user has.
fn scram_mechanisms(user: &User) -> Option<Vec<String>> {
    let all = user.mechanisms.as_ref()?.iter();
    let scram: Vec<String> = all.filter(|name| name.starts_with("SCRAM-")).cloned().collect();
    (!scram.is_empty()).then_some(scram)
}

fn unexpected(command: &Command) -> StatementError {
    StatementError {
        fault: StatementFault::Other { code: "unexpected reply".to_owned() },
        statement: Some(command.kind),
        source: None,
    }
}
