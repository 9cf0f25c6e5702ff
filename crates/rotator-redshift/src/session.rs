//! A session: a change is made in one transaction and waits there for the commit.

use postgres_session::{Connection, Statement, quote_identifier};
use rotation_core::{
    Deadline,
    database::{
        Change, Committed, Credentials, Engine, Password, Session, StatementError, StatementFault, UserPair,
        Username,
    },
};

use crate::{
    Options, Redshift,
    clone::Correction,
    pair::{Pair, text, truth, unexpected},
    statements,
};

/// A connection to Redshift as one user.
#[derive(Debug)]
pub struct RedshiftSession {
    connection: Connection,
    options: Options,
    outcome: Committed,
}

impl Session for RedshiftSession {
    async fn probe(&mut self) -> Result<(), StatementError> {
        self.connection.row(statements::probe()).await.map(drop)
    }

    async fn stage(&mut self, change: &Change<'_>, deadline: Deadline) -> Result<(), StatementError> {
        match *change {
            Change::OwnPassword { new } => self.stage_own(new, deadline).await,
            Change::OtherUser { pair, next, .. } => self.stage_other(pair, next, deadline).await,
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

    /// Two round trips: what the catalogue calls us, which the hash may need, then the password.
    async fn stage_own(&mut self, new: &Password, deadline: Deadline) -> Result<(), StatementError> {
        let mut batch = statements::begin(deadline.remaining());
        batch.push(statements::read_own());
        let answers = self.connection.run(&batch).await?;
        let own = answers.last().and_then(|rows| rows.first()).ok_or_else(unexpected)?;
        if truth(own, 1)? {
            return Err(StatementError::new(StatementFault::Expired));
        }
        let username = Username::parse(&text(own, 0)?, &Redshift::PROFILE).map_err(|_| unexpected())?;
        let set = self.options.password_form.statement(&username, new)?;
        self.connection.run(&[set]).await.map(drop).map_err(|error| {
            let user = quote_identifier(username.as_str());
            name_privilege(error, || format!("{user} must be let to change its own password"))
        })
    }

    /// Brings the clone to equal, looks again, then sets the password, so that no one who logs in by it has fewer
    /// rights than it promises.
    async fn stage_other(
        &mut self,
        names: &UserPair,
        next: &Credentials,
        deadline: Deadline,
    ) -> Result<(), StatementError> {
        let reads = statements::read_pair(names.original.as_str(), names.clone.as_str())?;
        let mut batch = statements::begin(deadline.remaining());
        let begun = batch.len();
        batch.extend(reads.clone());
        let answers = self.connection.run(&batch).await?;
        let mut pair = Pair::parse(names, answers.get(begun..).unwrap_or_default())?;
        pair.check(self.options.adopt_clones).map_err(StatementError::new)?;
        if pair.clone.is_none() && next.username == names.original {
            return Err(StatementError::new(StatementFault::NoSuchUser));
        }
        let corrections = pair.corrections()?;
        if !corrections.is_empty() {
            let (found, made_anew) = (corrections.len(), pair.clone.is_none());
            pair = self.correct(names, corrections, reads).await?;
            if !made_anew {
                self.outcome.drift = found.saturating_sub(pair.corrections()?.len());
            }
        }
        self.outcome.notes.extend(pair.notes());
        let set = self.options.password_form.statement(&next.username, &next.password)?;
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
