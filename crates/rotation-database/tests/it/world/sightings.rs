//! The states that an exploration reached: proof that it reaches those that it is for.

use std::hash::Hash;

use rotation_core::{Applied, Outcome, RotationError};

use super::{World, digest::hashed, invariants::OpenSession};

/// A state worth reaching.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Sighting {
    /// Two invocations had a session at the same time.
    BothLoggedIn,
    /// One waited for the lock that another held.
    WaitedForAnother,
    /// setSecret found after staging that its token is no longer pending, and rolled everything back.
    StaleSetTakenBack,
    /// A swap of AWSCURRENT was refused because the label had moved.
    StaleSwapRefused,
    /// A refused login was explained by the labels.
    OvertakenAndTold,
    /// createSecret found the value of an earlier invocation.
    FirstValueKept,
    /// setSecret found pending's password set.
    FoundSet,
    /// The reply of a commit was lost, and a login showed that it had taken effect.
    LostCommitFound,
    /// The reply of the swap was lost, and a description showed that it had taken effect.
    LostSwapFound,
    /// A clone that cannot log in yet was left by a killed invocation.
    CloneHalfMade,
    /// AWSPREVIOUS was what logged in.
    PreviousLoggedIn,
    /// The master had been rotated between the read of its secret and its login.
    MasterReadAgain,
    /// The secret was read again because its value belonged to another description.
    ReadAgain,
    /// The secondary of two passwords opened the session that changes them.
    SecondaryLoggedIn,
    /// The deadline ended an invocation.
    DeadlineOver,
    /// An invocation wrote although its token had lost AWSPENDING since it read the labels.
    WroteInTheGap,
}

impl World {
    pub(crate) fn sight(&self, sighting: Sighting) {
        self.watch.borrow_mut().sighted.insert(sighting);
    }

    pub(super) fn session_opens(&self, id: u64) {
        let actor = self.gate.borrow().actor;
        let mut watch = self.watch.borrow_mut();
        watch.sessions.insert(id, OpenSession { actor, staged: 0 });
        if watch.sessions.values().any(|other| other.actor != actor) {
            watch.sighted.insert(Sighting::BothLoggedIn);
        }
    }

    pub(super) fn session_stages(&self, id: u64, staged: &impl Hash) {
        if let Some(session) = self.watch.borrow_mut().sessions.get_mut(&id) {
            session.staged = hashed(staged);
        }
    }

    pub(super) fn session_ends(&self, id: u64) {
        self.watch.borrow_mut().sessions.remove(&id);
    }

    /// Records the states of an invocation, from its answer and its calls in order; there is no answer where
    /// it was killed.
    pub(super) fn sight_answer(
        &self,
        calls: &[&'static str],
        answer: Option<&Result<Outcome, RotationError>>,
    ) {
        let last = |name| calls.iter().rposition(|call| *call == name);
        let count = |name| calls.iter().filter(|call| **call == name).count();
        let (connects, descriptions) = (count("server: connect"), count("store: DescribeSecret"));
        let begun = last("server: take turn").or(last("server: stage"));
        let swapped = last("store: UpdateSecretVersionStage");
        let looked_last =
            |since: Option<usize>| since.is_some_and(|at| last("store: DescribeSecret") > Some(at));
        let sighting = match answer {
            None => {
                let server = self.server.borrow();
                let half_made = server.users.values().any(|user| user.password.is_none());
                half_made.then_some(Sighting::CloneHalfMade)
            }
            Some(Ok(Outcome::Created)) if descriptions > 1 => Some(Sighting::ReadAgain),
            Some(Ok(Outcome::AlreadyCreated)) => Some(Sighting::FirstValueKept),
            Some(Ok(Outcome::Set(Applied::AlreadySet))) => Some(Sighting::FoundSet),
            Some(Ok(Outcome::Set(Applied::Changed { .. }))) if last("server: connect") > begun => {
                Some(Sighting::LostCommitFound)
            }
            Some(Ok(Outcome::Set(Applied::Changed { .. }))) if connects == 3 => {
                let twice = count("store: GetSecretValue") == 4;
                Some(if twice { Sighting::MasterReadAgain } else { Sighting::PreviousLoggedIn })
            }
            Some(Ok(Outcome::Finished)) if looked_last(swapped) => Some(Sighting::LostSwapFound),
            Some(Err(RotationError::TimedOut(_))) => Some(Sighting::DeadlineOver),
            Some(Err(RotationError::Refused(_) | RotationError::LabelsMoved)) => match (begun, swapped) {
                (Some(_), _) if last("store: DescribeSecret") > begun => Some(Sighting::StaleSetTakenBack),
                (None, Some(_)) => Some(Sighting::StaleSwapRefused),
                (None, None) if connects > 0 => Some(Sighting::OvertakenAndTold),
                _ => None,
            },
            Some(_) => None,
        };
        if let Some(sighting) = sighting {
            self.sight(sighting);
        }
    }
}
