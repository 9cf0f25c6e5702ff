//! The scheduler: several invocations run concurrently, and one call at a time is admitted.

use std::{future::poll_fn, pin::Pin, task::Poll, time::Duration};

use super::{
    World,
    digest::{Sides, hashed},
};

/// A future that runs concurrently with others.
pub(crate) type Invocation<'a> = Pin<Box<dyn Future<Output = ()> + 'a>>;

/// Everything that determines how an invocation continues: what its calls saw since it began. It does not
/// know what earlier invocations saw.
#[derive(Clone, Copy, Default, Hash)]
pub(crate) struct History {
    /// How many invocations this actor has begun.
    begun: usize,
    seen: u64,
}

/// Sleeps longer than any pause of the function and than a database login may take. Sleepers wake together
/// with all others, so that the schedule alone decides their order.
pub(crate) async fn nobody_is_ready() {
    tokio::time::sleep(Duration::from_secs(6)).await;
}

pub(crate) async fn poll_once(future: &mut Option<Invocation<'_>>) {
    poll_fn(|cx| {
        if future.as_mut().is_some_and(|future| future.as_mut().poll(cx).is_ready()) {
            *future = None;
        }
        Poll::Ready(())
    })
    .await;
}

impl World {
    pub(crate) fn waits(&self, actor: usize) -> bool {
        self.gate.borrow().waiting.get(&actor).is_some_and(|tickets| !tickets.is_empty())
    }

    /// The oldest waiting call of each invocation.
    pub(crate) fn ready(&self) -> Vec<(usize, u64)> {
        let gate = self.gate.borrow();
        gate.waiting.iter().filter_map(|(actor, tickets)| Some((*actor, *tickets.first()?))).collect()
    }

    /// Admits one call; its invocation then has seen the sides of the world on which the answer
    /// depends.
    pub(crate) async fn admit(
        &self,
        actor: usize,
        ticket: u64,
        future: &mut Option<Invocation<'_>>,
        history: Option<(&mut History, Sides)>,
    ) {
        let made = self.gate.borrow().log.len();
        {
            let mut gate = self.gate.borrow_mut();
            (gate.actor, gate.admitted) = (actor, Some(ticket));
        }
        poll_once(future).await;
        let gate = self.gate.borrow();
        assert!(gate.admitted.is_none(), "the call was admitted");
        if let Some((history, before)) = history {
            let begun = gate.begun.get(&actor).copied().unwrap_or_default();
            let over = future.is_none() || begun != history.begun;
            let seen = if over { 0 } else { hashed(&(history.seen, before.seen_by(gate.log[made].1))) };
            *history = History { begun, seen };
        }
    }
}
