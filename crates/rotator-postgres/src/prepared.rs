//! A change for which nothing is left to read: a plan shows the same statements that `stage` runs.

use postgres_session::{Row, Statement};
use rotation_core::Password;
use rotation_database::{
    Credentials, Necessity, PairOwner, Plan, PlannedStatement, Purpose, StatementError, StatementFault,
    Username,
};

use crate::{
    correction::{Correction, Otherwise},
    excess::Takeover,
    mark,
    pair::Pair,
    password_storage::{Foreseen, PasswordStorage},
    permission::{expired, without_replication},
    statements,
};

/// A change for which nothing is left to read.
#[derive(Debug)]
pub(crate) enum Prepared {
    Own(Own),
    Other(Box<Other>),
}

/// The session's own user gets another password.
#[derive(Debug)]
pub(crate) struct Own {
    pub(crate) set: Statement,
    pub(crate) note: Option<String>,
}

/// The other user of a pair is reconciled and gets a password.
#[derive(Debug)]
pub(crate) struct Other {
    pub(crate) pair: Pair,
    pub(crate) next: Username,
    pub(crate) corrections: Corrections,
    pub(crate) set: Statement,
    /// The role of the clone after the change, by the state before it.
    pub(crate) takeover: Takeover,
    pub(crate) notes: Vec<String>,
}

/// Corrections in the order in which they are run.
#[derive(Debug)]
pub(crate) struct Corrections {
    /// Without these the change fails.
    pub(crate) required: Vec<Correction>,
    pub(crate) attempts: Attempts,
}

/// Corrections that the server may not allow the master to make.
#[derive(Debug)]
pub(crate) struct Attempts {
    /// Tried all at once, and where that fails, one by one.
    pub(crate) singly: Vec<Correction>,
    /// Corrections that wait for applications: tried once, on their own.
    pub(crate) waiting: Vec<Correction>,
}

impl Prepared {
    /// What `stage` would run, and what it would report to operators.
    pub(crate) fn plan(self) -> Plan {
        let mut plan = Plan::default();
        let (set, notes) = match self {
            Self::Own(Own { set, note }) => (set, note.into_iter().collect()),
            Self::Other(other) => {
                plan.statements = other.corrections.planned();
                plan.lacking = other.pair.lacking(&other.next);
                plan.notes = other.corrections.removals();
                plan.notes.extend(other.pair.drift());
                (other.set, other.notes)
            }
        };
        plan.statements.push(set.planned(Purpose::Password, Necessity::Always));
        plan.notes.extend(notes);
        plan
    }
}

impl Own {
    pub(crate) fn prepare(
        username: &Username,
        new: &Password,
        storage: &PasswordStorage,
        foreseen: Foreseen,
        own: &Row,
        owner: Option<&PairOwner>,
        major: u32,
    ) -> Result<Self, StatementError> {
        if let Some(hindrance) = own_hindrance(username, storage, own, major) {
            return Err(StatementError::new(hindrance));
        }
        // A password that the user sets itself locks out the secret that its pair belongs to.
        if let Some(other) = mark::other(comments_of(own), owner) {
            return Err(StatementError::new(other));
        }
        let verifier = storage.verifier(username, new, foreseen)?;
        Ok(Self { set: statements::set_password(username, &verifier), note: storage.note() })
    }
}

impl Other {
    pub(crate) fn prepare(
        pair: Pair,
        next: &Credentials,
        storage: &PasswordStorage,
        foreseen: Foreseen,
    ) -> Result<Self, StatementError> {
        let verifier = storage.verifier(&next.username, &next.password, foreseen)?;
        Ok(Self {
            corrections: Corrections::of(pair.corrections()),
            next: next.username.clone(),
            set: statements::set_password(&next.username, &verifier),
            takeover: pair.takeover(),
            notes: storage.note().into_iter().collect(),
            pair,
        })
    }
}

/// What prevents the session's own user from changing its password, by the row that `read_own` returns.
pub(crate) fn own_hindrance(
    username: &Username,
    storage: &PasswordStorage,
    own: &Row,
    major: u32,
) -> Option<StatementFault> {
    if storage.expired {
        return Some(expired(username));
    }
    let replicates = own.get(5).and_then(Option::as_deref) == Some("t");
    (major < 16 && replicates)
        .then(|| StatementFault::PrivilegeMissing { needed: without_replication(username.as_str()) })
}

/// The comments on the session's own user and on its clone in that row.
pub(crate) fn comments_of(own: &Row) -> &[Option<String>] {
    own.get(3..5).unwrap_or_default()
}

impl Corrections {
    fn of(all: Vec<Correction>) -> Self {
        let (required, attempts): (Vec<_>, Vec<_>) =
            all.into_iter().partition(|correction| correction.otherwise == Otherwise::Fail);
        let waits = |attempt: &Correction| attempt.statements.iter().any(|one| one.kind == Pair::HAND_OVER);
        let (waiting, singly) = attempts.into_iter().partition(waits);
        Self { required, attempts: Attempts { singly, waiting } }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.required.is_empty() && self.attempts.is_empty()
    }

    pub(crate) fn count(&self) -> usize {
        self.required.len() + self.attempts.singly.len() + self.attempts.waiting.len()
    }

    /// A message for operators: what these take from the clone.
    pub(crate) fn removals(&self) -> Vec<String> {
        self.all().filter_map(|correction| correction.removal.clone()).collect()
    }

    /// The same, each with a flag for whether it was refused.
    pub(crate) fn removed_by(&self) -> Vec<(Otherwise, String)> {
        let removed =
            |correction: &Correction| Some((correction.otherwise.clone(), correction.removal.clone()?));
        self.all().filter_map(removed).collect()
    }

    fn all(&self) -> impl Iterator<Item = &Correction> {
        let Self { required, attempts: Attempts { singly, waiting } } = self;
        required.iter().chain(singly).chain(waiting)
    }

    fn planned(&self) -> Vec<PlannedStatement> {
        let planned = self.all().flat_map(|correction| {
            let necessity = if correction.is_optional() { Necessity::Attempt } else { Necessity::Always };
            correction.statements.iter().map(move |one| one.planned(Purpose::Equality, necessity))
        });
        planned.collect()
    }
}

impl Attempts {
    pub(crate) fn is_empty(&self) -> bool {
        self.singly.is_empty() && self.waiting.is_empty()
    }
}
