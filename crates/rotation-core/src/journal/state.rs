//! Which credentials are known to log in, from what one invocation observed.

use std::fmt;

use super::{Answer, CredentialSource, LoginAttempt};
use crate::code::Code;

/// A change of passwords that was committed, or was about to be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Change {
    /// The credentials whose logins it changes.
    of: &'static [CredentialSource],
    /// The number of login attempts before it.
    logins_before: usize,
    end: Option<bool>,
}

impl Change {
    pub(super) fn begun(of: &'static [CredentialSource], logins_before: usize) -> Self {
        Self { of, logins_before, end: None }
    }

    pub(super) fn end(&mut self, made: bool) {
        self.end = Some(made);
    }
}

/// What is known of the credentials under the labels: one clause for each, in the order current, pending,
/// previous.
///
/// It prints as `AWSCURRENT logs in; AWSPENDING does not`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct State(Vec<(CredentialSource, Knowledge)>);

/// What is known of one credential.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Knowledge {
    /// It logged in.
    LogsIn,
    /// The server checked it and rejected it.
    DoesNot,
    /// The server was not reached, or did not check it.
    NotTried(Code),
    /// The deadline passed before an answer.
    Unanswered,
    /// The database has confirmed that its password is set. No login with it has been tried since.
    Set,
    /// The statement that sets its password was sent, and no answer has arrived.
    MaySet,
}

impl State {
    pub(super) fn of(logins: &[LoginAttempt], change: Option<&Change>) -> Option<Self> {
        // A change that was rolled back leaves everything as it was.
        let change = change.filter(|change| change.end != Some(false));
        let labels = [CredentialSource::Current, CredentialSource::Pending, CredentialSource::Previous];
        let known = labels.into_iter().filter_map(|credential| {
            let changed = change.filter(|change| change.of.contains(&credential));
            let since = changed.map_or(0, |change| change.logins_before);
            let mut tried = logins.iter().skip(since).filter(|attempt| attempt.credential == credential);
            // Current is tried at the master's endpoint after its own, and that may be another server.
            let own = tried.clone().next().filter(|_| credential == CredentialSource::Current);
            let last = tried.rfind(|attempt| own.is_none_or(|own| attempt.is_at_the_endpoint_of(own)));
            let knowledge = match (last.map(|attempt| attempt.answer), changed) {
                (Some(Answer::LoggedIn), _) => Knowledge::LogsIn,
                (Some(Answer::Refused(_)), _) => Knowledge::DoesNot,
                (_, Some(change)) if credential == CredentialSource::Pending => match change.end {
                    Some(_) => Knowledge::Set,
                    None => Knowledge::MaySet,
                },
                (Some(Answer::Failed(code)), _) => Knowledge::NotTried(code),
                (Some(Answer::Unfinished), _) => Knowledge::Unanswered,
                (None, _) => return None,
            };
            Some((credential, knowledge))
        });
        let known: Vec<_> = known.collect();
        (!known.is_empty()).then_some(Self(known))
    }

    /// What is known of one credential; `None` where nothing is.
    pub fn knowledge(&self, of: CredentialSource) -> Option<Knowledge> {
        self.0.iter().find(|(credential, _)| *credential == of).map(|(_, knowledge)| *knowledge)
    }
}

impl fmt::Display for State {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut some_logs_in = false;
        for (index, (credential, knowledge)) in self.0.iter().enumerate() {
            let before = if index == 0 { "" } else { "; " };
            write!(f, "{before}{credential} ")?;
            match knowledge {
                Knowledge::LogsIn => f.write_str("logs in"),
                Knowledge::DoesNot if some_logs_in => f.write_str("does not"),
                Knowledge::DoesNot => f.write_str("does not log in"),
                Knowledge::NotTried(code) => write!(f, "could not be tried ({code})"),
                Knowledge::Unanswered => f.write_str("got no answer"),
                Knowledge::Set => f.write_str("was set"),
                Knowledge::MaySet => f.write_str("may have been set"),
            }?;
            some_logs_in |= *knowledge == Knowledge::LogsIn;
        }
        Ok(())
    }
}
