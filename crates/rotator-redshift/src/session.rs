//! A session: a change is made in one transaction and waits there for the commit.

use postgres_session::{Connection, Row, Statement, quote_identifier};
use rotation_core::{
    Deadline,
    database::{
        Change, Committed, Credentials, Engine, LONGEST_PROOF, Necessity, Password, Plan, Purpose, Session,
        StatementError, StatementFault, TestStatement, Turn, UserPair, Username,
    },
};

use crate::{
    Options, Redshift,
    clone::Correction,
    pair::{Pair, text, truth, unexpected},
    statements::{self, Access},
};

/// A connection to Redshift as one user.
#[derive(Debug)]
pub struct RedshiftSession {
    connection: Connection,
    options: Options,
    outcome: Committed,
}

impl Session for RedshiftSession {
    async fn probe(&mut self, _pair: Option<&UserPair>) -> Result<(), StatementError> {
        self.connection.row(statements::probe()).await.map(drop)
    }

    async fn prove(&mut self, statement: &TestStatement, deadline: Deadline) -> Result<(), StatementError> {
        self.connection.run(&statements::begin_proof(deadline.remaining())).await?;
        let statement = Statement::new("test statement", statement.expose());
        self.connection.run_through(&statement, LONGEST_PROOF).await
    }

    async fn plan(&mut self, change: &Change<'_>, deadline: Deadline) -> Result<Plan, StatementError> {
        Ok(self.prepare(change, Access::ReadOnly, deadline).await?.plan())
    }

    async fn stage(
        &mut self,
        change: &Change<'_>,
        _: &Turn,
        deadline: Deadline,
    ) -> Result<(), StatementError> {
        match self.prepare(change, Access::ReadWrite, deadline).await? {
            Prepared::Own { username, set } => self.stage_own(&username, set).await,
            Prepared::Other(other) => self.stage_other(*other).await,
        }
    }

    async fn commit(mut self) -> Result<Committed, StatementError> {
        self.connection.run(&[statements::commit()]).await?;
        Ok(self.outcome)
    }
}

impl RedshiftSession {
    pub(crate) fn new(connection: Connection, options: Options) -> Self {
        Self { connection, options, outcome: Committed::default() }
    }

    /// Begins the transaction and reads what the change depends on, in one round trip: of one's own password, what
    /// the catalogue calls us, which the hash may need.
    async fn prepare(
        &mut self,
        change: &Change<'_>,
        access: Access,
        deadline: Deadline,
    ) -> Result<Prepared, StatementError> {
        let mut batch = statements::begin(access, deadline.remaining());
        let begun = batch.len();
        let reads = match change {
            Change::OwnPassword { .. } => vec![statements::read_own()],
            Change::OtherUser { pair, .. } => {
                statements::read_pair(pair.original.as_str(), pair.clone.as_str())?
            }
        };
        batch.extend(reads.clone());
        let answers = self.connection.run(&batch).await?;
        let answers = answers.get(begun..).unwrap_or_default();
        match *change {
            Change::OwnPassword { new } => self.prepare_own(new, answers),
            Change::OtherUser { pair, next, .. } => self.prepare_other(pair, next, reads, answers),
        }
    }

    fn prepare_own(&self, new: &Password, answers: &[Vec<Row>]) -> Result<Prepared, StatementError> {
        let own = answers.first().and_then(|rows| rows.first()).ok_or_else(unexpected)?;
        if truth(own, 1)? {
            return Err(StatementError::new(StatementFault::Expired));
        }
        let username = Username::parse(&text(own, 0)?, &Redshift::PROFILE).map_err(|_| unexpected())?;
        let set = self.options.password_form.statement(&username, new)?;
        Ok(Prepared::Own { username, set })
    }

    fn prepare_other(
        &self,
        names: &UserPair,
        next: &Credentials,
        reads: Vec<Statement>,
        answers: &[Vec<Row>],
    ) -> Result<Prepared, StatementError> {
        let pair = Pair::parse(names, answers)?;
        pair.check(self.options.adopt_clones).map_err(StatementError::new)?;
        if pair.clone.is_none() && next.username == names.original {
            return Err(StatementError::new(StatementFault::NoSuchUser));
        }
        let corrections = pair.corrections()?;
        let set = self.options.password_form.statement(&next.username, &next.password)?;
        Ok(Prepared::Other(Box::new(Other { pair, corrections, reads, set })))
    }

    async fn stage_own(&mut self, username: &Username, set: Statement) -> Result<(), StatementError> {
        self.connection.run(&[set]).await.map(drop).map_err(|error| {
            let user = quote_identifier(username.as_str());
            name_privilege(error, || format!("{user} must be let to change its own password"))
        })
    }

    /// Brings the clone to equal, looks again, then sets the password, so that no one who logs in by it has fewer
    /// rights than it promises.
    async fn stage_other(&mut self, other: Other) -> Result<(), StatementError> {
        let Other { mut pair, corrections, reads, set } = other;
        if !corrections.is_empty() {
            let (found, made_anew) = (corrections.len(), pair.clone.is_none());
            let names = pair.names.clone();
            pair = self.correct(&names, corrections, reads).await?;
            if !made_anew {
                self.outcome.drift = found.saturating_sub(pair.corrections()?.len());
            }
        }
        self.outcome.notes.extend(pair.notes());
        self.connection.run(&[set]).await.map(drop).map_err(needs_superuser)
    }

    /// Runs the corrections and reads the pair again. What the clone lacks then was changed by somebody else
    /// meanwhile; what it has too much was given by somebody whose grants the master cannot take.
    async fn correct(
        &mut self,
        names: &UserPair,
        corrections: Vec<Correction>,
        reads: Vec<Statement>,
    ) -> Result<Pair, StatementError> {
        let mut batch: Vec<Statement> =
            corrections.into_iter().map(|correction| correction.statement).collect();
        let written = batch.len();
        batch.extend(reads);
        let answers = self.connection.run(&batch).await.map_err(needs_superuser)?;
        let after = Pair::parse(names, answers.get(written..).unwrap_or_default())?;
        let left = after.corrections()?;
        if left.iter().any(|left| !left.surplus) {
            return Err(StatementError::new(StatementFault::Busy));
        }
        self.outcome.notes.extend(left.iter().map(|left| {
            format!("the clone keeps more than the original has: {} had no effect", left.statement.kind)
        }));
        Ok(after)
    }
}

/// A change with nothing left to read: what a plan says and what `stage` runs are the same statements.
enum Prepared {
    Own { username: Username, set: Statement },
    Other(Box<Other>),
}

/// The other user of a pair is brought to equal and gets a password.
struct Other {
    pair: Pair,
    corrections: Vec<Correction>,
    /// What to look at again afterwards.
    reads: Vec<Statement>,
    set: Statement,
}

impl Prepared {
    fn plan(self) -> Plan {
        let mut plan = Plan::default();
        let set = match self {
            Self::Own { set, .. } => set,
            Self::Other(other) => {
                let all = other.corrections.iter().map(|correction| &correction.statement);
                plan.statements = all.map(|one| one.planned(Purpose::Equality, Necessity::Always)).collect();
                plan.notes = other.pair.notes();
                plan.lacking = other.pair.lacking();
                other.set
            }
        };
        plan.statements.push(set.planned(Purpose::Password, Necessity::Always));
        plan
    }
}

fn needs_superuser(error: StatementError) -> StatementError {
    let needed = "the master must be a superuser (ALTER USER ... CREATEUSER)";
    name_privilege(error, || needed.to_owned())
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
