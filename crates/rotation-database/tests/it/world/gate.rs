//! The gate: every external call passes here, one at a time, and may be made to fail.

use std::{collections::BTreeMap, future::poll_fn, task::Poll, time::Duration};

use super::{Act, World};

/// The fault of one call.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Fault {
    /// It fails and has no effect.
    Before,
    /// It takes effect and its reply is lost.
    After,
    /// It takes effect, its reply is lost, and the client below the port repeats it.
    Repeat,
    /// It has no effect and is never answered: the deadline ends it.
    Hang,
    /// It takes effect and is never answered.
    Late,
    /// The function is killed right before it.
    Kill,
    /// The function is killed right after it took effect.
    KillAfter,
}

/// All faults.
pub(crate) const FAULTS: [Fault; 7] =
    [Fault::Before, Fault::After, Fault::Repeat, Fault::Hang, Fault::Late, Fault::Kill, Fault::KillAfter];

/// Counts calls, knows which fail, and in interleavings lets one through at a time.
#[derive(Debug, Default)]
pub(crate) struct Gate {
    /// How many calls have come so far.
    pub(crate) calls: usize,
    /// Which calls fail, by their place in the order.
    pub(crate) faults: Vec<(usize, Fault)>,
    /// The change that another actor makes right before a call, by its place in the order.
    pub(crate) meanwhile: Option<(usize, Act)>,
    /// The names of the calls, in order, with the invocation that made them.
    pub(crate) log: Vec<(usize, &'static str)>,
    /// Set where the running invocation has been killed.
    pub(crate) killed: bool,
    /// How long a call of the store takes.
    pub(crate) store_delay: Duration,
    /// Which invocation is running now; a call belongs to the one that was running when it began.
    pub(crate) actor: usize,
    /// How many invocations each actor has begun.
    pub(crate) begun: BTreeMap<usize, usize>,
    /// Whether calls wait until they are let through.
    pub(crate) scheduled: bool,
    /// Calls that wait, per invocation: their tickets, oldest first.
    pub(crate) waiting: BTreeMap<usize, Vec<u64>>,
    /// The ticket that may pass now.
    pub(crate) admitted: Option<u64>,
    tickets: u64,
}

impl World {
    /// One external call: takes effect, fails, or both, as the faults say. Invariants are checked on both
    /// sides of every effect.
    pub(crate) async fn call<T>(
        &self,
        name: &'static str,
        mut effect: impl FnMut() -> T,
        lost: impl FnOnce() -> T,
    ) -> T {
        let actor = self.pass(name).await;
        let meanwhile = self.gate.borrow().meanwhile.filter(|(at, _)| *at == self.gate.borrow().calls);
        if let Some((_, act)) = meanwhile {
            act.by_hand(self);
        }
        let fault = {
            let mut gate = self.gate.borrow_mut();
            let place = gate.calls;
            gate.calls += 1;
            gate.log.push((actor, name));
            let fault = gate.faults.iter().find(|(at, _)| *at == place).map(|(_, fault)| *fault);
            // Faults are only for the two ports; what the service or an operator does always succeeds.
            fault.filter(|_| ["store: ", "server: "].iter().any(|port| name.starts_with(port)))
        };
        let mut perform = || self.observed(actor, name, &mut effect);
        let Some(fault) = fault else { return perform() };
        match fault {
            Fault::Before => return lost(),
            Fault::After => {
                perform();
                return lost();
            }
            Fault::Repeat => {
                perform();
                return perform();
            }
            Fault::Hang => {}
            Fault::Late => drop(perform()),
            Fault::Kill => self.gate.borrow_mut().killed = true,
            Fault::KillAfter => {
                perform();
                self.gate.borrow_mut().killed = true;
            }
        }
        std::future::pending().await
    }

    /// Waits for this call's turn, where turns are given, and returns whose call it is.
    async fn pass(&self, name: &'static str) -> usize {
        let (actor, scheduled, delay) = {
            let gate = self.gate.borrow();
            (gate.actor, gate.scheduled, gate.store_delay)
        };
        if !delay.is_zero() && name.starts_with("store: ") {
            tokio::time::sleep(delay).await;
        }
        if !scheduled {
            return actor;
        }
        let ticket = {
            let mut gate = self.gate.borrow_mut();
            gate.tickets += 1;
            let ticket = gate.tickets;
            gate.waiting.entry(actor).or_default().push(ticket);
            ticket
        };
        let _leave = Leave { world: self, actor, ticket };
        poll_fn(|_| {
            let admitted = &mut self.gate.borrow_mut().admitted;
            if *admitted == Some(ticket) { Poll::Ready(admitted.take()) } else { Poll::Pending }
        })
        .await;
        actor
    }
}

/// Removes a call from the queue, even where its future is dropped.
struct Leave<'a> {
    world: &'a World,
    actor: usize,
    ticket: u64,
}

impl Drop for Leave<'_> {
    fn drop(&mut self) {
        let mut gate = self.world.gate.borrow_mut();
        if let Some(tickets) = gate.waiting.get_mut(&self.actor) {
            tickets.retain(|ticket| *ticket != self.ticket);
        }
    }
}
