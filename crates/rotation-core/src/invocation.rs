//! One invocation: what bounds it, who makes it, and where it is recorded.

use crate::{Deadline, Invoker, Journal};

/// What every part of one invocation works with. A target is made for one, and gets the same as the
/// [`Rotator`](crate::Rotator): its clones share one journal.
#[derive(Clone, Debug)]
pub struct Invocation {
    /// When its work must have ended.
    pub deadline: Deadline,
    /// Where logins, phases and changes are recorded. It can be read after an error and after the deadline as
    /// well.
    pub journal: Journal,
    /// Who asks for it.
    pub invoker: Invoker,
}

impl Invocation {
    /// An invocation with an empty journal.
    pub fn new(invoker: Invoker, deadline: Deadline) -> Self {
        Self { deadline, journal: Journal::default(), invoker }
    }
}
