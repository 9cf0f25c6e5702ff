//! A session: a change is made in one transaction and waits there for the commit.

use std::net::IpAddr;

use postgres_session::{Connection, Statement, quote_identifier};
use rotation_core::{
    Deadline,
    database::{
        Change, Committed, LONGEST_PROOF, LoginMethod, Plan, ServerFacts, Session, StatementError,
        StatementFault, TestStatement, Turn, UserPair, Username,
    },
};

use crate::{
    CloneObjects,
    correction::{Correction, Otherwise},
    facts,
    pair::Pair,
    password_storage::PasswordStorage,
    prepared::{Attempts, Corrections, Other, Own, Prepared},
    statements,
};

/// A connection to PostgreSQL as one user.
#[derive(Debug)]
pub struct PostgresSession {
    connection: Connection,
    username: Username,
    clone_objects: CloneObjects,
    outcome: Committed,
}

impl Session for PostgresSession {
    async fn probe(&mut self, _pair: Option<&UserPair>) -> Result<(), StatementError> {
        self.connection.row(statements::probe()).await.map(drop)
    }

    fn peer(&self) -> Option<IpAddr> {
        self.connection.peer()
    }

    fn method(&self) -> Option<LoginMethod> {
        Some(self.connection.asked_for().map_or(LoginMethod::NONE, LoginMethod))
    }

    async fn prove(&mut self, statement: &TestStatement, deadline: Deadline) -> Result<(), StatementError> {
        self.connection.run(&statements::begin_proof(deadline.remaining(), self.major())).await?;
        let statement = Statement::new("test statement", statement.expose());
        self.connection.run_through(&statement, LONGEST_PROOF).await
    }

    async fn plan(&mut self, change: &Change<'_>, deadline: Deadline) -> Result<Plan, StatementError> {
        let mut begin = statements::begin(deadline.remaining(), self.major()).to_vec();
        begin.push(statements::read_only());
        Ok(self.prepare(begin, change).await?.plan(self.clone_objects))
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

    async fn commit(mut self) -> Result<Committed, StatementError> {
        self.connection.run(&[statements::commit()]).await?;
        Ok(self.outcome)
    }

    async fn facts(&mut self, _pair: Option<&UserPair>) -> Result<ServerFacts, StatementError> {
        let answers = self.connection.run(&[statements::read_facts(), statements::read_own()]).await?;
        facts::parse(&answers, self.method())
    }
}

impl PostgresSession {
    pub(crate) fn new(connection: Connection, username: Username, clone_objects: CloneObjects) -> Self {
        Self { connection, username, clone_objects, outcome: Committed::default() }
    }

    /// Begins the transaction and waits until no other session changes the same pair.
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

    /// Runs what comes before and reads what the change depends on, in one round trip.
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
            async { PasswordStorage::foresee(password) }
        );
        let answers = answers?;
        let answers = answers.get(before..).unwrap_or_default();
        let storage = PasswordStorage::parse(answers.first(), method)?;
        match *change {
            Change::OwnPassword { new } => {
                Own::prepare(&self.username, new, &storage, foreseen).map(Prepared::Own)
            }
            Change::OtherUser { pair: names, next, .. } => {
                let pair = Pair::parse(names, major, answers.get(1..).unwrap_or_default())?;
                let other = Other::prepare(pair, next, &storage, foreseen, self.clone_objects)?;
                Ok(Prepared::Other(Box::new(other)))
            }
        }
    }

    async fn stage_own(&mut self, own: Own) -> Result<(), StatementError> {
        self.outcome.notes.extend(own.note);
        self.connection.run(&[own.set]).await.map(drop).map_err(|error| {
            let user = quote_identifier(self.username.as_str());
            name_privilege(error, || format!("{user} must be let to change its own password"))
        })
    }

    /// Brings the clone to equal, looks again, then sets the password, so that no one who logs in by it has fewer
    /// rights than it promises.
    async fn stage_other(&mut self, other: Other, deadline: Deadline) -> Result<(), StatementError> {
        let objects = self.clone_objects;
        let Other { mut pair, next, corrections, set, note } = other;
        if !corrections.is_empty() {
            let (found, made_anew) = (corrections.count(), pair.clone.is_none());
            pair = self.correct(&pair, corrections, &next, deadline).await?;
            if !made_anew {
                self.outcome.drift = found.saturating_sub(pair.corrections(objects).len());
            }
        }
        self.outcome.notes.extend(pair.drift(objects));
        self.outcome.notes.extend(note);
        let outcome = self.connection.run(&[set]).await.map(drop);
        outcome.map_err(|error| name_privilege(error, || pair.needed(&next, objects)))
    }

    /// Runs the corrections and reads the pair again. What is still not as it must be was changed by somebody else
    /// meanwhile; what only should be is noted.
    async fn correct(
        &mut self,
        pair: &Pair,
        corrections: Corrections,
        next: &Username,
        deadline: Deadline,
    ) -> Result<Pair, StatementError> {
        let objects = self.clone_objects;
        let Corrections { required, attempts } = corrections;
        let mut batch: Vec<Statement> =
            required.into_iter().flat_map(|required| required.statements).collect();
        let mut refused = Vec::new();
        if !attempts.is_empty() {
            let needed = |error| name_privilege(error, || pair.needed(next, objects));
            self.connection.run(&batch).await.map_err(needed)?;
            batch.clear();
            refused = self.attempt_all(attempts, deadline).await?;
        }
        let written = batch.len();
        batch.extend(read_pair(&pair.names, pair.major));
        let answers = self.connection.run(&batch).await;
        let answers = answers.map_err(|error| name_privilege(error, || pair.needed(next, objects)))?;
        let after = Pair::parse(&pair.names, pair.major, answers.get(written..).unwrap_or_default())?;
        // What the master gave itself for the time being must be given back; making a clone gives it rights over it.
        let rights = |state: &Pair| {
            let held = state.memberships.iter().filter(|held| held.member == pair.master.name);
            let held = held.filter(|held| pair.clone.is_some() || held.role != pair.names.clone.as_str());
            held.cloned().collect::<Vec<_>>()
        };
        if rights(pair) != rights(&after) {
            return Err(StatementError::new(StatementFault::Busy));
        }
        let left = after.corrections(objects).into_iter().map(|left| left.otherwise);
        for left in left.filter(|left| !refused.contains(left)) {
            let Otherwise::Note { state, .. } = left else {
                return Err(StatementError::new(StatementFault::Busy));
            };
            self.outcome.notes.push(format!("{state}: what was written did not last"));
        }
        Ok(after)
    }

    /// Tries corrections that the master may not be allowed to make: all at once, and where that fails, one by one.
    /// What waits for applications is tried once and alone. Gives what was refused.
    async fn attempt_all(
        &mut self,
        attempts: Attempts,
        deadline: Deadline,
    ) -> Result<Vec<Otherwise>, StatementError> {
        let Attempts { mut singly, waiting } = attempts;
        let together: Vec<&Correction> = singly.iter().collect();
        if self.attempt(&together, deadline).await?.is_none() {
            singly.clear();
        }
        singly.extend(waiting);
        let mut refused = Vec::new();
        for correction in singly {
            let Some(error) = self.attempt(&[&correction], deadline).await? else { continue };
            match &correction.otherwise {
                Otherwise::Note { state, .. } if is_wait(&error.fault) => self.outcome.notes.push(format!(
                    "{state}: somebody else was using what it is about, and the next rotation tries again"
                )),
                Otherwise::Note { state, why } => self.outcome.notes.push(format!("{state}: {why}")),
                Otherwise::Lacking(needed) => return Err(name_privilege(error, || needed.clone())),
                Otherwise::Fail => return Err(error),
            }
            refused.push(correction.otherwise);
        }
        Ok(refused)
    }

    /// Runs corrections inside a savepoint, in haste where one of them is optional. Gives the error by which the server
    /// refused one of them, or by which it had to wait too long in haste, with all of them taken back.
    async fn attempt(
        &mut self,
        corrections: &[&Correction],
        deadline: Deadline,
    ) -> Result<Option<StatementError>, StatementError> {
        if corrections.is_empty() {
            return Ok(None);
        }
        let hasty = corrections.iter().any(|correction| correction.is_optional());
        let mut batch = vec![statements::savepoint()];
        batch.extend(hasty.then(|| statements::make_haste(deadline.remaining())));
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

    /// The server's major version, by what it reported at login. An unknown one is taken for the newest.
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

/// Whether the server understood the statement and said no to it alone.
fn is_refusal(fault: &StatementFault) -> bool {
    matches!(fault, StatementFault::PrivilegeMissing { .. } | StatementFault::Other { .. })
}

/// Whether somebody else stood in the statement's way for longer than it may take.
fn is_wait(fault: &StatementFault) -> bool {
    matches!(fault, StatementFault::Busy | StatementFault::TimedOut)
}

/// Says which privilege would help, where one is missing.
fn name_privilege(error: StatementError, needed: impl FnOnce() -> String) -> StatementError {
    match error.fault {
        StatementFault::PrivilegeMissing { .. } => {
            StatementError { fault: StatementFault::PrivilegeMissing { needed: needed() }, ..error }
        }
        _ => error,
    }
}
