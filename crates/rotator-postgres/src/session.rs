//! A session: a change is made in one transaction, which stays open until the commit.

use std::net::IpAddr;

use postgres_session::{Connection, SaltedPasswords, Statement, quote_identifier};
use rotation_core::{ChangeReport, Deadline};
use rotation_database::{
    Change, LONGEST_PROOF, LoginMethod, PairOwner, Plan, ServerFacts, Session, StatementError,
    StatementFault, TestQuery, Turn, UserPair, Username,
};

use crate::{
    CloneObjects,
    correction::{Correction, Otherwise},
    excess::{ExcessKind, Surplus, Takeover},
    excess_query::read_excess,
    facts, original_session,
    pair::{Aim, Pair, unexpected},
    password_storage::PasswordStorage,
    prepared::{Attempts, Corrections, Other, Own, Prepared},
    session_user, statements,
};

/// A connection to PostgreSQL as one user.
#[derive(Debug)]
pub struct PostgresSession {
    connection: Connection,
    username: Username,
    clone_objects: CloneObjects,
    salted: SaltedPasswords,
    /// The secret on whose behalf the user changes its own password.
    owner: Option<PairOwner>,
    outcome: ChangeReport,
    /// Why the clone has kept its objects, where they should have been handed over.
    kept: Option<&'static str>,
}

impl Session for PostgresSession {
    async fn probe(&mut self, pair: Option<&UserPair>) -> Result<(), StatementError> {
        match pair.filter(|pair| pair.clone == self.username) {
            None => self.connection.row(statements::probe()).await.map(drop),
            Some(pair) => {
                let major = self.major();
                let answers = self.connection.run(&original_session::probe(pair, major)).await?;
                original_session::check(pair, self.clone_objects, major, &answers)
            }
        }
    }

    fn peer(&self) -> Option<IpAddr> {
        self.connection.peer()
    }

    fn method(&self) -> Option<LoginMethod> {
        Some(self.connection.asked_for().map_or(LoginMethod::NONE, LoginMethod))
    }

    fn act_for(&mut self, owner: &PairOwner) {
        self.owner = Some(owner.clone());
    }

    async fn prove(&mut self, statement: &TestQuery, deadline: Deadline) -> Result<(), StatementError> {
        self.connection.run(&statements::begin_proof(deadline.remaining(), self.major())).await?;
        let statement = Statement::new("test query", statement.expose());
        self.connection.run_through(&statement, LONGEST_PROOF).await
    }

    async fn plan(&mut self, change: &Change<'_>, deadline: Deadline) -> Result<Plan, StatementError> {
        let mut begin = statements::begin(deadline.remaining(), self.major()).to_vec();
        begin.push(statements::read_only());
        Ok(self.prepare(begin, change).await?.plan())
    }

    async fn stage(
        &mut self,
        change: &Change<'_>,
        turn: &Turn,
        deadline: Deadline,
    ) -> Result<(), StatementError> {
        let mut before = statements::begin(deadline.remaining(), self.major()).to_vec();
        if let Change::OtherUser { pair, .. } = change {
            self.take_turn(before, &pair.original).await?;
            turn.taken();
            // Waiting took some of the time.
            before = vec![statements::limit(deadline.remaining())];
        }
        match self.prepare(before, change).await? {
            Prepared::Own(own) => self.stage_own(own).await,
            Prepared::Other(other) => self.stage_other(*other, deadline).await,
        }
    }

    async fn commit(mut self) -> Result<ChangeReport, StatementError> {
        self.connection.run(&[statements::commit()]).await?;
        Ok(self.outcome)
    }

    async fn facts(&mut self, pair: Option<&UserPair>) -> Result<ServerFacts, StatementError> {
        let mut batch = vec![statements::read_facts(), statements::read_own()];
        batch.extend(pair.map(|_| session_user::read()));
        let answers = self.connection.run(&batch).await?;
        let (owner, method) = (self.owner.as_ref(), self.method());
        let user = facts::User { name: &self.username, by_master: pair.is_some(), owner, method };
        let mut facts = facts::parse(&answers, &user, self.major())?;
        if self.clone_objects == CloneObjects::Original {
            facts.notes.extend(session_user::note(answers.get(2)));
        }
        Ok(facts)
    }
}

impl PostgresSession {
    pub(crate) fn new(
        connection: Connection,
        username: Username,
        clone_objects: CloneObjects,
        salted: SaltedPasswords,
    ) -> Self {
        let outcome = ChangeReport::default();
        Self { connection, username, clone_objects, salted, owner: None, outcome, kept: None }
    }

    /// Begins the transaction and waits until no other session is changing the same pair.
    async fn take_turn(
        &mut self,
        mut begin: Vec<Statement>,
        original: &Username,
    ) -> Result<(), StatementError> {
        begin.push(statements::take_turn(original));
        self.connection.run(&begin).await.map(drop).map_err(|error| {
            if error.statement != Some(statements::TAKE_TURN) {
                return error;
            }
            let user = quote_identifier(self.username.as_str());
            name_privilege(error, || {
                format!("GRANT EXECUTE ON FUNCTION pg_catalog.pg_advisory_xact_lock(bigint) TO {user}")
            })
        })
    }

    /// Runs the preparatory statements and reads what the change depends on, in one round trip.
    async fn prepare(
        &mut self,
        mut batch: Vec<Statement>,
        change: &Change<'_>,
    ) -> Result<Prepared, StatementError> {
        let before = batch.len();
        let major = self.major();
        let (password, method) = match change {
            Change::OwnPassword { new } => {
                batch.push(statements::read_own());
                (*new, self.method())
            }
            Change::OtherUser { pair, next, method, .. } => {
                batch.push(statements::read_storage(pair));
                batch.extend(read_pair(pair, major));
                (&next.password, *method)
            }
        };
        // The statements are sent before the verifier is computed.
        let (answers, foreseen) = tokio::join!(
            biased;
            self.connection.run(&batch),
            async { PasswordStorage::foresee(password, &self.salted) }
        );
        let answers = answers?;
        let answers = answers.get(before..).unwrap_or_default();
        let storage = PasswordStorage::parse(answers.first(), method)?;
        match *change {
            Change::OwnPassword { new } => {
                let row = answers.first().and_then(|rows| rows.first()).ok_or_else(unexpected)?;
                Own::prepare(&self.username, new, &storage, foreseen, row, self.owner.as_ref(), major)
                    .map(Prepared::Own)
            }
            Change::OtherUser { pair: names, next, owner, .. } => {
                let objects = self.clone_objects;
                let clone_is_live = next.username == names.original;
                let aim = Aim { objects, owner: owner.clone(), clone_is_live };
                let pair = Pair::parse(names, aim, major, answers.get(1..).unwrap_or_default())?;
                if pair.clone.is_none() && clone_is_live {
                    return Err(StatementError::new(StatementFault::NoSuchUser));
                }
                pair.check().map_err(StatementError::new)?;
                let mut other = Other::prepare(pair, next, &storage, foreseen)?;
                other.notes.extend(self.look_closer(&other.pair, other.takeover).await?);
                Ok(Prepared::Other(Box::new(other)))
            }
        }
    }

    /// Reads what only some changes depend on: what the clone holds by itself, and, before it first acts as
    /// the original, what distinguishes the two. Objects that the change will hand over are checked after
    /// that.
    async fn look_closer(
        &mut self,
        pair: &Pair,
        takeover: Takeover,
    ) -> Result<Option<String>, StatementError> {
        let original = self.clone_objects == CloneObjects::Original;
        let begins = original && (pair.clone.is_none() || takeover == Takeover::Begins);
        let holds = takeover != Takeover::Settled && pair.holds_something();
        let mut batch = Vec::new();
        batch.extend(begins.then(session_user::read));
        batch.extend(holds.then(|| read_excess(&pair.names, pair.major)));
        let answers = if batch.is_empty() { Vec::new() } else { self.connection.run(&batch).await? };
        let mut surplus = Surplus::default();
        if holds {
            surplus = Surplus::parse(answers.last().map(Vec::as_slice).unwrap_or_default())?;
            surplus.list.retain(|excess| !original || excess.kind != ExcessKind::Owned);
            if original && pair.owned_here() > 0 {
                // What is not on the list may be among what is handed over.
                surplus.cut = 0;
            }
        }
        pair.check_excess(takeover, &surplus, None).map_err(StatementError::new)?;
        Ok(session_user::note(answers.first().filter(|_| begins)))
    }

    /// Refuses the change where the clone still holds what the original cannot use. Dropping the session
    /// rolls back what was done.
    async fn check_excess(&mut self, pair: &Pair, takeover: Takeover) -> Result<(), StatementError> {
        if takeover == Takeover::Settled || !pair.holds_something() {
            return Ok(());
        }
        let answers = self.connection.run(&[read_excess(&pair.names, pair.major)]).await?;
        let surplus = Surplus::parse(answers.first().map(Vec::as_slice).unwrap_or_default())?;
        pair.check_excess(takeover, &surplus, self.kept).map_err(StatementError::new)
    }

    async fn stage_own(&mut self, own: Own) -> Result<(), StatementError> {
        self.outcome.notes.extend(own.note);
        self.connection.run(&[own.set]).await.map(drop).map_err(|error| {
            let user = quote_identifier(self.username.as_str());
            name_privilege(error, || format!("{user} must be allowed to change its own password"))
        })
    }

    /// Reconciles the clone, reads the pair again, then sets the password, so that nobody can log in with it
    /// and have fewer privileges than the original.
    async fn stage_other(&mut self, other: Other, deadline: Deadline) -> Result<(), StatementError> {
        let Other { mut pair, next, corrections, set, takeover, notes } = other;
        if !corrections.is_empty() {
            let (found, made_anew) = (corrections.count(), pair.clone.is_none());
            pair = self.correct(&pair, corrections, &next, deadline).await?;
            if !made_anew {
                self.outcome.drift = found.saturating_sub(pair.corrections().len());
            }
            self.check_excess(&pair, takeover).await?;
        }
        self.outcome.notes.extend(pair.drift());
        self.outcome.notes.extend(notes);
        let outcome = self.connection.run(&[set]).await.map(drop);
        outcome.map_err(|error| name_privilege(error, || pair.needed(&next)))
    }

    /// Runs the corrections and reads the pair again. A required correction that is not in effect means that
    /// another session has changed the pair meanwhile; a desirable one is only noted.
    async fn correct(
        &mut self,
        pair: &Pair,
        corrections: Corrections,
        next: &Username,
        deadline: Deadline,
    ) -> Result<Pair, StatementError> {
        let removals = corrections.removed_by();
        let Corrections { required, attempts } = corrections;
        let mut batch: Vec<Statement> =
            required.into_iter().flat_map(|required| required.statements).collect();
        let mut refused = Vec::new();
        if !attempts.is_empty() {
            let needed = |error| name_privilege(error, || pair.needed(next));
            self.connection.run(&batch).await.map_err(needed)?;
            batch.clear();
            refused = self.attempt_all(attempts, pair.owned_here(), deadline).await?;
        }
        let written = batch.len();
        batch.extend(read_pair(&pair.names, pair.major));
        let answers = self.connection.run(&batch).await;
        let answers = answers.map_err(|error| name_privilege(error, || pair.needed(next)))?;
        let aim = pair.aim.clone();
        let after = Pair::parse(&pair.names, aim, pair.major, answers.get(written..).unwrap_or_default())?;
        // What the master has granted itself temporarily must be revoked. Creating a clone gives it
        // privileges over the clone.
        let rights = |state: &Pair| {
            let held = state.memberships.iter().filter(|held| held.member == pair.master.name);
            let held = held.filter(|held| pair.clone.is_some() || held.role != pair.names.clone.as_str());
            held.cloned().collect::<Vec<_>>()
        };
        if rights(pair) != rights(&after) {
            return Err(StatementError::new(StatementFault::Busy));
        }
        let lasting = removals.into_iter().filter(|(otherwise, _)| !refused.contains(otherwise));
        self.outcome.notes.extend(lasting.map(|(_, removal)| removal));
        let left = after.corrections().into_iter().map(|left| left.otherwise);
        for left in left.filter(|left| !refused.contains(left)) {
            self.outcome.notes.push(left.did_not_last()?);
        }
        Ok(after)
    }

    /// Tries corrections that the master may not be allowed to make: all at once, and where that fails, one
    /// by one. Corrections that wait for applications are tried once, on their own. Returns what was refused.
    async fn attempt_all(
        &mut self,
        attempts: Attempts,
        objects: usize,
        deadline: Deadline,
    ) -> Result<Vec<Otherwise>, StatementError> {
        let Attempts { mut singly, waiting } = attempts;
        let together: Vec<&Correction> = singly.iter().collect();
        if self.attempt(&together, 0, deadline).await?.is_none() {
            singly.clear();
        }
        let singly = singly.into_iter().map(|correction| (correction, 0));
        let waiting = waiting.into_iter().map(|correction| (correction, objects));
        let mut refused = Vec::new();
        for (correction, objects) in singly.chain(waiting) {
            let Some(error) = self.attempt(&[&correction], objects, deadline).await? else { continue };
            if objects > 0 {
                self.kept = Some(why_not(&error.fault).unwrap_or("the server refused to hand them over"));
            }
            match &correction.otherwise {
                Otherwise::Note { state, why } => {
                    let why = why_not(&error.fault).map_or_else(
                        || (*why).to_owned(),
                        |why| format!("{why}, and the next rotation tries again"),
                    );
                    self.outcome.notes.push(format!("{state}: {why}"));
                }
                Otherwise::Lacking(needed) => return Err(name_privilege(error, || needed.clone())),
                Otherwise::Exceeds { what, needed } => {
                    let fault = StatementFault::CloneExceeds { what: what.clone(), needed: needed.clone() };
                    return Err(StatementError { fault, ..error });
                }
                Otherwise::Fail => return Err(error),
            }
            refused.push(correction.otherwise);
        }
        Ok(refused)
    }

    /// Runs corrections inside a savepoint, with short timeouts where one of them is optional. Returns the
    /// error by which the server refused one of them, or by which a short timeout ended it, with all of them
    /// rolled back.
    async fn attempt(
        &mut self,
        corrections: &[&Correction],
        objects: usize,
        deadline: Deadline,
    ) -> Result<Option<StatementError>, StatementError> {
        if corrections.is_empty() {
            return Ok(None);
        }
        let hasty = corrections.iter().any(|correction| correction.is_optional());
        let mut batch = vec![statements::savepoint()];
        batch.extend(hasty.then(|| statements::make_haste(deadline.remaining(), objects)));
        batch.extend(corrections.iter().flat_map(|correction| correction.statements.clone()));
        batch.push(statements::release());
        batch.extend(hasty.then(|| statements::take_time(deadline.remaining())));
        match self.connection.run(&batch).await {
            Ok(_) => Ok(None),
            Err(error) if is_refusal(&error.fault) || hasty && is_wait(&error.fault) => {
                self.connection.run(&[statements::roll_back(), statements::release()]).await?;
                Ok(Some(error))
            }
            Err(error) => Err(error),
        }
    }

    /// The server's major version, as reported at login. An unknown one counts as the newest.
    fn major(&self) -> u32 {
        let version = self.connection.parameter("server_version").unwrap_or_default();
        let digits = version.split(|c: char| !c.is_ascii_digit()).next().unwrap_or_default();
        digits.parse().unwrap_or(u32::MAX)
    }
}

/// The four reads that [`Pair::parse`] takes.
fn read_pair(names: &UserPair, major: u32) -> [Statement; 4] {
    [
        statements::read_roles(names),
        statements::read_memberships(names, major),
        statements::read_settings(names),
        statements::read_holdings(names),
    ]
}

/// Whether the server understood the statement and refused it alone.
fn is_refusal(fault: &StatementFault) -> bool {
    matches!(fault, StatementFault::PrivilegeMissing { .. } | StatementFault::Other { .. })
}

/// Whether the statement ran out of time.
fn is_wait(fault: &StatementFault) -> bool {
    why_not(fault).is_some()
}

/// A message for operators: why the statement ran out of time.
fn why_not(fault: &StatementFault) -> Option<&'static str> {
    match fault {
        StatementFault::Busy => Some("another session is using these objects"),
        StatementFault::TimedOut => Some("it takes longer than the remaining time"),
        _ => None,
    }
}

/// Names the privilege that would help, where one is missing.
fn name_privilege(error: StatementError, needed: impl FnOnce() -> String) -> StatementError {
    match error.fault {
        StatementFault::PrivilegeMissing { .. } => {
            StatementError { fault: StatementFault::PrivilegeMissing { needed: needed() }, ..error }
        }
        _ => error,
    }
}
