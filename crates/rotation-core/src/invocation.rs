//! One invocation: its deadline, its invoker and its journal.

use crate::{Deadline, Invoker, Journal};

/// What every part of one invocation works with. A target is made for one invocation and gets the same one as
/// the [`Rotator`](crate::Rotator): clones share one journal.
#[derive(Clone, Debug)]
pub struct Invocation {
    /// When its work must have ended.
    pub deadline: Deadline,
    /// Where logins, phases and changes are recorded. It can also be read after an error and after the
    /// deadline.
    pub journal: Journal,
    /// Who invokes it.
    pub invoker: Invoker,
}

impl Invocation {
    /// An invocation with an empty journal.
    pub fn new(invoker: Invoker, deadline: Deadline) -> Self {
        Self { deadline, journal: Journal::default(), invoker }
    }
}
