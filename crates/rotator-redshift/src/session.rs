//! A session: a change is made in one transaction, which stays open until the commit.

use std::{net::IpAddr, time::Duration};

use postgres_session::{Connection, Row, Statement, quote_identifier};
use rotation_core::{ChangeReport, Deadline, Password};
use rotation_database::{
    Cause, Change, Credentials, LONGEST_PROOF, LoginMethod, Necessity, Plan, Purpose, ServerFacts, Session,
    StatementError, StatementFault, TestQuery, Turn, UserPair, Username,
};

use crate::{
    answer::{text, truth, unexpected},
    batch::{Batch, PORTION, check_time, expected, grant, has_time, portions},
    clone::Correction,
    mark::is_mark,
    options::Options,
    pair::{Asked, Pair},
    profile::PROFILE,
    statements::{self, Access},
};

/// A connection to Redshift as one user.
#[derive(Debug)]
pub struct RedshiftSession {
    connection: Connection,
    options: Options,
    outcome: ChangeReport,
}

impl Session for RedshiftSession {
    async fn probe(&mut self, _pair: Option<&UserPair>) -> Result<(), StatementError> {
        self.connection.row(statements::probe()).await.map(drop)
    }

    fn peer(&self) -> Option<IpAddr> {
        self.connection.peer()
    }

    fn method(&self) -> Option<LoginMethod> {
        Some(self.connection.asked_for().map_or(LoginMethod::NONE, LoginMethod))
    }

    async fn prove(&mut self, statement: &TestQuery, deadline: Deadline) -> Result<(), StatementError> {
        self.connection.run(&statements::begin_proof(deadline.remaining())).await?;
        let statement = Statement::new("test query", statement.expose());
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
        match (self.prepare(change, Access::ReadWrite, deadline).await?, change) {
            (Prepared::Own { username, set }, _) => self.stage_own(&username, set).await,
            (Prepared::Other(other), Change::OtherUser { pair: names, next, owner, .. }) => {
                let asked = Asked { names, owner, next: &next.username };
                if other.portions.is_empty() {
                    return self.stage_other(*other, &asked).await;
                }
                let made_anew = other.pair.clone.is_none();
                self.grant_in_portions(*other, deadline).await?;
                let Prepared::Other(rest) = self.prepare(change, Access::ReadWrite, deadline).await? else {
                    return Err(unexpected());
                };
                let outcome = self.stage_other(*rest, &asked).await;
                self.outcome.drift = if made_anew { 0 } else { self.outcome.drift };
                outcome
            }
            (Prepared::Other(_), Change::OwnPassword { .. }) => Err(unexpected()),
        }
    }

    async fn facts(&mut self, pair: Option<&UserPair>) -> Result<ServerFacts, StatementError> {
        if pair.is_some() {
            return Ok(ServerFacts::default());
        }
        let mut batch = statements::begin(Access::ReadOnly, FACTS);
        let begun = batch.len();
        batch.extend([statements::read_own(), statements::read_own_groups(), statements::commit()]);
        let answers = self.connection.run(&batch).await?;
        let hindrance = own(answers.get(begun..begun + 2).unwrap_or_default())?.1;
        Ok(ServerFacts { hindrance, ..ServerFacts::default() })
    }

    async fn commit(mut self) -> Result<ChangeReport, StatementError> {
        self.connection.run(&[statements::commit()]).await?;
        Ok(self.outcome)
    }
}

impl RedshiftSession {
    pub(crate) fn new(connection: Connection, options: Options) -> Self {
        Self { connection, options, outcome: ChangeReport::default() }
    }

    /// Begins the transaction and reads what the change depends on, in one round trip: for a user's own
    /// password, the user's name in the catalog, which the hash may need.
    async fn prepare(
        &mut self,
        change: &Change<'_>,
        access: Access,
        deadline: Deadline,
    ) -> Result<Prepared, StatementError> {
        let mut batch = statements::begin(access, deadline.remaining());
        let begun = batch.len();
        let reads = match change {
            Change::OwnPassword { .. } => vec![statements::read_own(), statements::read_own_groups()],
            Change::OtherUser { pair, .. } => {
                statements::read_pair(pair.original.as_str(), pair.clone.as_str())?
            }
        };
        batch.extend(reads);
        let answers = self.connection.run(&batch).await?;
        let answers = answers.get(begun..).unwrap_or_default();
        match *change {
            Change::OwnPassword { new } => self.prepare_own(new, answers),
            Change::OtherUser { pair: names, next, owner, .. } => {
                let asked = Asked { names, owner, next: &next.username };
                self.prepare_other(&asked, next, answers, deadline)
            }
        }
    }

    fn prepare_own(&self, new: &Password, answers: &[Vec<Row>]) -> Result<Prepared, StatementError> {
        let (username, hindrance) = own(answers)?;
        if let Some(fault) = hindrance {
            return Err(StatementError::new(fault));
        }
        let set = self.options.password_form.statement(&username, new)?;
        Ok(Prepared::Own { username, set })
    }

    fn prepare_other(
        &self,
        asked: &Asked<'_>,
        next: &Credentials,
        answers: &[Vec<Row>],
        deadline: Deadline,
    ) -> Result<Prepared, StatementError> {
        let pair = Pair::parse(asked, answers)?;
        pair.check(asked.owner)?;
        if pair.clone.is_none() && pair.clone_is_live {
            return Err(StatementError::new(StatementFault::NoSuchUser));
        }
        let portions = if pair.clone_is_live { Vec::new() } else { portions(pair.missing_grants()) };
        let objects = portions.iter().flatten().map(|batch| batch.objects.len()).sum();
        check_time(objects, deadline.remaining()).map_err(StatementError::new)?;
        let notes = pair.recognition(asked.owner).into_iter().collect();
        let corrections = pair.corrections()?;
        let set = self.options.password_form.statement(&next.username, &next.password)?;
        let portions = if objects > PORTION { portions } else { Vec::new() };
        Ok(Prepared::Other(Box::new(Other { pair, corrections, set, notes, portions, objects })))
    }

    async fn stage_own(&mut self, username: &Username, set: Statement) -> Result<(), StatementError> {
        self.connection.run(&[set]).await.map(drop).map_err(|error| {
            let user = quote_identifier(username.as_str());
            name_privilege(error, || format!("{user} must be allowed to change its own password"))
        })
    }

    /// Grants many objects to an idle clone and commits after each portion, so that the next attempt resumes
    /// from there. Until its password is set, nobody logs in as the clone, and the live user is not touched.
    async fn grant_in_portions(&mut self, other: Other, deadline: Deadline) -> Result<(), StatementError> {
        let clone = other.pair.names.clone.as_str();
        let mut batch: Vec<_> =
            other.pair.beginnings()?.into_iter().map(|correction| correction.statement).collect();
        let mut granted = 0;
        for portion in &other.portions {
            batch.extend(portion.iter().map(|objects| grant(objects, clone)));
            batch.push(statements::commit());
            let began = deadline.remaining();
            self.connection.run(&batch).await.map_err(needs_superuser)?;
            granted += portion.iter().map(|batch| batch.objects.len()).sum::<usize>();
            let (left, took) = (deadline.remaining(), began.saturating_sub(deadline.remaining()));
            if granted < other.objects && !has_time(took, left) {
                let progress = format!("{granted} of {} objects are granted, and stay so", other.objects);
                return Err(StatementError {
                    fault: StatementFault::TimedOut,
                    statement: Some("grant"),
                    source: Some(Cause::new(progress)),
                    is_before_password: false,
                });
            }
            batch = statements::begin(Access::ReadWrite, left);
        }
        Ok(())
    }

    /// Reconciles the two, reads them again, then sets the password, so that nobody can log in with it and
    /// have fewer privileges than the original.
    async fn stage_other(&mut self, other: Other, asked: &Asked<'_>) -> Result<(), StatementError> {
        let Other { mut pair, corrections, set, notes, .. } = other;
        self.outcome.notes.extend(notes);
        if !corrections.is_empty() {
            let made_anew = pair.clone.is_none();
            let found: usize = corrections.iter().map(|correction| correction.count).sum();
            pair = self.correct(asked, corrections).await?;
            if !made_anew {
                let left: usize = pair.corrections()?.iter().map(|correction| correction.count).sum();
                self.outcome.drift = found.saturating_sub(left);
            }
        }
        self.outcome.notes.extend(pair.notes());
        self.connection.run(&[set]).await.map(drop).map_err(needs_superuser)
    }

    /// Runs the corrections and reads the pair again. A privilege that one of the two then lacks means that
    /// another session has changed it meanwhile; one that the clone should not have was granted by a user
    /// whose grants the master cannot revoke.
    async fn correct(
        &mut self,
        asked: &Asked<'_>,
        corrections: Vec<Correction>,
    ) -> Result<Pair, StatementError> {
        let notes = corrections.iter().filter_map(|correction| correction.note.clone());
        self.outcome.notes.extend(notes.collect::<Vec<_>>());
        let mut batch: Vec<Statement> =
            corrections.into_iter().map(|correction| correction.statement).collect();
        let written = batch.len();
        batch.extend(statements::read_pair(asked.names.original.as_str(), asked.names.clone.as_str())?);
        let answers = self.connection.run(&batch).await.map_err(needs_superuser)?;
        let after = Pair::parse(asked, answers.get(written..).unwrap_or_default())?;
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

/// The session's own user, and why it must not change its own password.
fn own(answers: &[Vec<Row>]) -> Result<(Username, Option<StatementFault>), StatementError> {
    let [own, groups] = answers else { return Err(unexpected()) };
    let own = own.first().ok_or_else(unexpected)?;
    let username = Username::parse(&text(own, 0)?, &PROFILE).map_err(|_| unexpected())?;
    let groups = groups.iter().map(|row| text(row, 0)).collect::<Result<Vec<_>, _>>()?;
    let marked = groups.into_iter().find(|group| is_mark(group));
    let fault = match (truth(own, 1)?, marked) {
        (true, _) => Some(StatementFault::Expired),
        (false, Some(secret)) => Some(StatementFault::OtherSecret { secret }),
        (false, None) => None,
    };
    Ok((username, fault))
}

/// How long one of doctor's reads may take.
const FACTS: Duration = Duration::from_secs(10);

/// A change for which nothing is left to read: a plan shows the same statements that `stage` runs.
enum Prepared {
    Own { username: Username, set: Statement },
    Other(Box<Other>),
}

/// The other user of a pair is reconciled and gets a password.
struct Other {
    pair: Pair,
    corrections: Vec<Correction>,
    set: Statement,
    /// How the clone was recognized.
    notes: Vec<String>,
    /// Grants to commit before the rest, where there are many.
    portions: Vec<Vec<Batch>>,
    /// The number of objects on which the clone has to be granted something.
    objects: usize,
}

impl Prepared {
    fn plan(self) -> Plan {
        let mut plan = Plan::default();
        let set = match self {
            Self::Own { set, .. } => set,
            Self::Other(other) => {
                let all = other.corrections.iter().map(|correction| &correction.statement);
                plan.statements = all.map(|one| one.planned(Purpose::Equality, Necessity::Always)).collect();
                let lost = other.corrections.iter().filter_map(|correction| correction.note.clone());
                plan.notes = other.notes.into_iter().chain(lost).chain(other.pair.notes()).collect();
                if other.objects > PORTION {
                    let (count, time) = (other.objects, expected(other.objects).as_secs());
                    plan.notes.push(format!(
                        "the clone is to be granted {count} objects, for about {time} s: an attempt that has \
                         less leaves the rest to the next one"
                    ));
                }
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

/// Names the privilege that would help, where one is missing.
fn name_privilege(error: StatementError, needed: impl FnOnce() -> String) -> StatementError {
    match error.fault {
        StatementFault::PrivilegeMissing { .. } => {
            StatementError { fault: StatementFault::PrivilegeMissing { needed: needed() }, ..error }
        }
        _ => error,
    }
}
