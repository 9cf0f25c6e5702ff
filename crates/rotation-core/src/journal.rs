//! The journal of one invocation: what was tried, what was answered, and how long it took.
//!
//! ```text
//! shell ── Journal ──┬─ Rotator    phases: calls of Secrets Manager
//!                    └─ Target     login attempts, phases of a session, the change
//!          after the answer, an error or the deadline: logins(), phases(), state()
//! ```
//!
//! It holds no password, no token and no text of a statement, and a bounded number of entries.

mod credential;
mod phase;
mod state;

// Circle: the journal is one record behind one lock, and each file below holds a part of it with its methods.
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

/// A handle to the record of one invocation. Clones share the record, so that it can be read by whoever made
/// it after the work has ended, failed, or was dropped at the deadline.
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
    /// Which host, or a list of hosts with their ports.
    pub host: String,
    /// Which TCP port.
    pub port: u16,
    /// What came of it.
    pub answer: Answer,
    /// From the first packet to the answer.
    pub time: Duration,
}

impl LoginAttempt {
    fn is_at_the_endpoint_of(&self, other: &Self) -> bool {
        self.host == other.host && self.port == other.port
    }
}

/// What came of a login attempt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Answer {
    /// The credential logged in.
    LoggedIn,
    /// The server looked at the credential and said no, so that it is known not to log in.
    Refused(Code),
    /// It did not log in, for a reason that tells nothing of the credential.
    Failed(Code),
    /// The invocation's time was over first.
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
    /// The login attempts so far, in their order.
    pub fn logins(&self) -> Vec<LoginAttempt> {
        self.record().logins.clone()
    }

    /// How many login attempts were made beyond those that are kept.
    pub fn logins_left_out(&self) -> usize {
        self.record().left_out
    }

    /// The time spent in each phase that was begun. Calls of one phase that run at the same time count once;
    /// phases that go on at the same time, as change and confirm of a master do, count each.
    pub fn phases(&self) -> Vec<(Phase, Duration)> {
        self.record().clocks.spent()
    }

    /// Which credentials are known to log in, by what this invocation itself saw and nothing else. `None`
    /// where it saw nothing of it.
    pub fn state(&self) -> Option<State> {
        let record = self.record();
        State::of(&record.logins, record.change.as_ref())
    }

    /// Notes that a login attempt begins. It is kept as unfinished until [`LoginTimer::ended`].
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

    /// Counts the time until the guard is dropped.
    pub fn phase(&self, phase: Phase) -> Timing {
        Timing::begin(self.clone(), phase)
    }

    /// Counts the time of a future, also where it is dropped before its end.
    pub async fn timed<T>(&self, phase: Phase, future: impl Future<Output = T>) -> T {
        let _timing = self.phase(phase);
        future.await
    }

    /// Notes that a change of these credentials is being made final. What was known of them holds no longer.
    pub fn change_begins(&self, of: &'static [CredentialSource]) {
        let mut record = self.record();
        let logins_before = record.logins.len();
        record.change = Some(Change::begun(of, logins_before));
    }

    /// Notes how the change ended: made, or taken back as a whole.
    pub fn change_ended(&self, made: bool) {
        if let Some(change) = &mut self.record().change {
            change.end(made);
        }
    }

    /// A panic while the lock was held would be a defect elsewhere; the record is whole at every moment.
    fn record(&self) -> MutexGuard<'_, Record> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for Journal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Journal").field("logins", &self.logins()).field("phases", &self.phases()).finish()
    }
}

/// A login attempt that is under way. Dropping it notes the time.
#[derive(Debug)]
pub struct LoginTimer {
    journal: Journal,
    /// Its place, where it is kept.
    index: Option<usize>,
    began: Instant,
    _timing: Timing,
}

impl LoginTimer {
    /// Notes the answer.
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
