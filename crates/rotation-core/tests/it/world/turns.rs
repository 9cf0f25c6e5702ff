//! Whose turn it is, where several invocations run at once and one call is let through at a time.

use std::{
    future::poll_fn,
    hash::{DefaultHasher, Hash},
    pin::Pin,
    task::Poll,
};

use super::World;

/// Something that runs beside others.
pub(crate) type Invocation<'a> = Pin<Box<dyn Future<Output = ()> + 'a>>;

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

    /// Lets one call through; its invocation then has seen the world as it was.
    pub(crate) async fn admit(
        &self,
        actor: usize,
        ticket: u64,
        future: &mut Option<Invocation<'_>>,
        history: Option<&mut DefaultHasher>,
    ) {
        let before = history.is_some().then(|| self.digest());
        let made = self.gate.borrow().log.len();
        {
            let mut gate = self.gate.borrow_mut();
            (gate.actor, gate.admitted) = (actor, Some(ticket));
        }
        poll_once(future).await;
        let gate = self.gate.borrow();
        assert!(gate.admitted.is_none(), "the call went through");
        if let Some(history) = history {
            (gate.log[made].1, before).hash(history);
        }
    }
}
