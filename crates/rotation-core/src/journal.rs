//! The journal of one invocation: what was tried, what the answers were, and how long it took.
//!
//! ```text
//! shell ── Journal ──┬─ Rotator    phases: calls of Secrets Manager
//!                    └─ Target     login attempts, phases of a session, the change
//!          after the answer, an error or the deadline: logins(), phases(), state()
//! ```
//!
//! It contains no password, no token and no statement text, and the number of its entries is bounded.

mod credential;
mod phase;
mod state;

// Circle: the journal is one record behind one lock, and each file below has a part of it with its methods.
use std::{
    fmt,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use tokio::time::Instant;

pub use credential::CredentialSource;
use phase::Clocks;
pub use phase::{Phase, Timing};
use state::Change;
pub use state::{Knowledge, State};

use crate::code::Code;

/// The most login attempts that are kept; a step makes at most six.
const MOST_LOGINS: usize = 32;

/// A handle to the record of one invocation. Clones share the record, so that its creator can read it after
/// the work has ended, failed, or was dropped at the deadline.
#[derive(Clone, Default)]
pub struct Journal(Arc<Mutex<Record>>);

#[derive(Default)]
struct Record {
    logins: Vec<LoginAttempt>,
    left_out: usize,
    clocks: Clocks,
    change: Option<Change>,
}

/// One login attempt over one transport.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LoginAttempt {
    /// Which credential was tried.
    pub credential: CredentialSource,
    /// How the connection was to be protected: `tls` or `plaintext`.
    pub transport: &'static str,
    /// The host, or a list of hosts with their ports.
    pub host: String,
    /// The TCP port.
    pub port: u16,
    /// The answer.
    pub answer: Answer,
    /// From the first packet to the answer.
    pub time: Duration,
}

impl LoginAttempt {
    fn is_at_the_endpoint_of(&self, other: &Self) -> bool {
        self.host == other.host && self.port == other.port
    }
}

/// The result of a login attempt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Answer {
    /// The credential logged in.
    LoggedIn,
    /// The server checked the credential and rejected it, so it is known not to log in.
    Refused(Code),
    /// It did not log in, for a reason that does not depend on the credential.
    Failed(Code),
    /// The deadline of the invocation passed first.
    Unfinished,
}

impl Answer {
    /// The identifier in the outcome line: `logged_in`, `refused`, `failed` or `unfinished`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::LoggedIn => "logged_in",
            Self::Refused(_) => "refused",
            Self::Failed(_) => "failed",
            Self::Unfinished => "unfinished",
        }
    }

    /// Why it did not log in; `None` for the others.
    pub const fn code(self) -> Option<Code> {
        match self {
            Self::Refused(code) | Self::Failed(code) => Some(code),
            Self::LoggedIn | Self::Unfinished => None,
        }
    }
}

impl Journal {
    /// The login attempts so far, in order.
    pub fn logins(&self) -> Vec<LoginAttempt> {
        self.record().logins.clone()
    }

    /// The number of login attempts that were made but not kept.
    pub fn logins_left_out(&self) -> usize {
        self.record().left_out
    }

    /// The time spent in each phase that was entered. Concurrent calls of one phase count once. Different
    /// phases that run concurrently, such as a master's change and its confirmation, each count in full.
    pub fn phases(&self) -> Vec<(Phase, Duration)> {
        self.record().clocks.spent()
    }

    /// Which credentials are known to log in, from what this invocation itself observed. `None` where it
    /// observed nothing.
    pub fn state(&self) -> Option<State> {
        let record = self.record();
        State::of(&record.logins, record.change.as_ref())
    }

    /// Records the start of a login attempt. It is kept as unfinished until [`LoginTimer::ended`].
    pub fn login_begins(
        &self,
        credential: CredentialSource,
        transport: &'static str,
        host: String,
        port: u16,
    ) -> LoginTimer {
        let timing = self.phase(Phase::Connect);
        let mut record = self.record();
        let index = (record.logins.len() < MOST_LOGINS).then_some(record.logins.len());
        match index {
            None => record.left_out += 1,
            Some(_) => record.logins.push(LoginAttempt {
                credential,
                transport,
                host,
                port,
                answer: Answer::Unfinished,
                time: Duration::ZERO,
            }),
        }
        drop(record);
        LoginTimer { journal: self.clone(), index, began: Instant::now(), _timing: timing }
    }

    /// Counts the time of a phase until the guard is dropped.
    pub fn phase(&self, phase: Phase) -> Timing {
        Timing::begin(self.clone(), phase)
    }

    /// Counts the time of a future, including one that is dropped before it completes.
    pub async fn timed<T>(&self, phase: Phase, future: impl Future<Output = T>) -> T {
        let _timing = self.phase(phase);
        future.await
    }

    /// Records that a change of these credentials is being committed. What was known of them is no longer
    /// valid.
    pub fn change_begins(&self, of: &'static [CredentialSource]) {
        let mut record = self.record();
        let logins_before = record.logins.len();
        record.change = Some(Change::begun(of, logins_before));
    }

    /// Records how the change ended: made, or rolled back as a whole.
    pub fn change_ended(&self, made: bool) {
        if let Some(change) = &mut self.record().change {
            change.end(made);
        }
    }

    /// A panic while the lock was held is a defect elsewhere; the record is consistent at every moment.
    fn record(&self) -> MutexGuard<'_, Record> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for Journal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Journal").field("logins", &self.logins()).field("phases", &self.phases()).finish()
    }
}

/// A login attempt in progress. Dropping it records the time.
#[derive(Debug)]
pub struct LoginTimer {
    journal: Journal,
    /// Its index, where it is kept.
    index: Option<usize>,
    began: Instant,
    _timing: Timing,
}

impl LoginTimer {
    /// Records the answer.
    pub fn ended(self, answer: Answer) {
        self.note(|attempt| attempt.answer = answer);
    }

    fn note(&self, change: impl FnOnce(&mut LoginAttempt)) {
        let mut record = self.journal.record();
        if let Some(attempt) = self.index.and_then(|index| record.logins.get_mut(index)) {
            change(attempt);
        }
    }
}

impl Drop for LoginTimer {
    fn drop(&mut self) {
        let time = self.began.elapsed();
        self.note(|attempt| attempt.time = time);
    }
}
