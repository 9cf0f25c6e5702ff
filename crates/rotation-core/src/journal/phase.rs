//! The phases of a step, and the time spent in each.

use std::time::Duration;

use tokio::time::Instant;

use super::Journal;

/// What a step spends its time in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Phase {
    /// `DescribeSecret` at the start.
    Describe,
    /// `GetSecretValue`.
    Read,
    /// Making a password; calls `GetRandomPassword` where that is configured.
    Password,
    /// `PutSecretValue`.
    Put,
    /// Name resolution, connection, TLS and login at the database.
    Connect,
    /// Finding the master's server by the database lookup. This happens only where the master secret does not
    /// name the secret's host.
    Locate,
    /// Preparing the change in the database.
    Change,
    /// A second `DescribeSecret`, before the change is committed.
    Confirm,
    /// Committing the change.
    Commit,
    /// Waiting until a replica, or a majority of the replica set, has received the change.
    Replicate,
    /// The query which shows that the pending user can do work.
    Probe,
    /// `UpdateSecretVersionStage`.
    Promote,
}

impl Phase {
    /// All phases, in the order in which the steps reach them.
    pub const ALL: [Self; 12] = [
        Self::Describe,
        Self::Read,
        Self::Password,
        Self::Put,
        Self::Connect,
        Self::Locate,
        Self::Change,
        Self::Confirm,
        Self::Commit,
        Self::Replicate,
        Self::Probe,
        Self::Promote,
    ];

    /// The word in the outcome line.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Describe => "describe",
            Self::Read => "read",
            Self::Password => "password",
            Self::Put => "put",
            Self::Connect => "connect",
            Self::Locate => "locate",
            Self::Change => "change",
            Self::Confirm => "confirm",
            Self::Commit => "commit",
            Self::Replicate => "replicate",
            Self::Probe => "probe",
            Self::Promote => "promote",
        }
    }
}

/// One clock for each phase.
#[derive(Default)]
pub(super) struct Clocks([Clock; Phase::ALL.len()]);

#[derive(Default)]
struct Clock {
    /// The number of calls in progress.
    running: u32,
    /// When the first of them began.
    began: Option<Instant>,
    spent: Option<Duration>,
}

impl Clocks {
    pub(super) fn spent(&self) -> Vec<(Phase, Duration)> {
        Phase::ALL.iter().zip(&self.0).filter_map(|(phase, clock)| Some((*phase, clock.spent?))).collect()
    }

    fn start(&mut self, phase: Phase) {
        let clock = &mut self.0[phase as usize];
        clock.running += 1;
        clock.began.get_or_insert_with(Instant::now);
    }

    fn stop(&mut self, phase: Phase) {
        let clock = &mut self.0[phase as usize];
        clock.running = clock.running.saturating_sub(1);
        if clock.running == 0
            && let Some(began) = clock.began.take()
        {
            clock.spent = Some(clock.spent.unwrap_or_default() + began.elapsed());
        }
    }
}

/// Counts the time of a phase until it is dropped.
#[derive(Debug)]
pub struct Timing {
    journal: Journal,
    phase: Phase,
}

impl Timing {
    pub(super) fn begin(journal: Journal, phase: Phase) -> Self {
        journal.record().clocks.start(phase);
        Self { journal, phase }
    }
}

impl Drop for Timing {
    fn drop(&mut self) {
        self.journal.record().clocks.stop(self.phase);
    }
}
