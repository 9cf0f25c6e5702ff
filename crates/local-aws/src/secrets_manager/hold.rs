//! Calls that are held: one until a test releases it, or several until all of a group have arrived.
//!
//! Neither depends on a clock. A held call ends when the test or the client ends it, however busy the machine
//! is.

use std::{
    collections::VecDeque,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use tokio::sync::{oneshot, watch};

use super::Operation;

/// The part of a held call that is held back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Held {
    /// The call has taken no effect, and sees the state at the time of its release.
    Request,
    /// The call has taken effect and its answer is fixed. The client gets it late.
    Answer,
}

/// One call that is held, or will be. Dropping it releases the call.
#[derive(Debug)]
pub struct Hold {
    reached: Option<oneshot::Receiver<()>>,
    go: oneshot::Sender<()>,
}

impl Hold {
    /// Waits until the call is held. `false` where that will never happen, as the service has ended. Cancel
    /// safe.
    pub async fn reached(&mut self) -> bool {
        let Some(reached) = &mut self.reached else { return true };
        let is_held = reached.await.is_ok();
        self.reached = None;
        is_held
    }

    /// Releases the call. `false` where its client no longer waits, so that the answer is lost.
    #[expect(clippy::must_use_candidate, reason = "most tests only want to release it")]
    pub fn release(self) -> bool {
        self.go.send(()).is_ok()
    }
}

/// The service's side of a [`Hold`].
struct Order {
    operation: Operation,
    let_through: u32,
    held: Held,
    reached: oneshot::Sender<()>,
    go: oneshot::Receiver<()>,
}

/// The calls that have yet to be held.
#[derive(Default)]
pub(crate) struct Holds(Vec<Order>);

/// A call that is to be held.
pub(crate) struct Kept {
    held: Held,
    reached: oneshot::Sender<()>,
    go: oneshot::Receiver<()>,
}

impl Holds {
    pub(crate) fn add(&mut self, operation: Operation, after: u32, held: Held) -> Hold {
        let (reached, was_reached) = oneshot::channel();
        let (let_go, go) = oneshot::channel();
        self.0.push(Order { operation, let_through: after, held, reached, go });
        Hold { reached: Some(was_reached), go: let_go }
    }

    /// Whether a call of `operation` is held now. Every order of the operation counts the call.
    pub(crate) fn meet(&mut self, operation: Operation) -> Option<Kept> {
        let mut met = None;
        for (index, order) in self.0.iter_mut().enumerate().filter(|(_, order)| order.operation == operation)
        {
            if order.let_through > 0 {
                order.let_through -= 1;
            } else if met.is_none() {
                met = Some(index);
            }
        }
        let Order { held, reached, go, .. } = self.0.remove(met?);
        Some(Kept { held, reached, go })
    }
}

impl Kept {
    /// Waits for the test, where this is the part of the call that is held back. Returns the rest of the
    /// order.
    pub(crate) async fn wait(kept: Option<Self>, at: Held) -> Option<Self> {
        let Some(Self { held, reached, go }) = kept else { return None };
        if held != at {
            return Some(Self { held, reached, go });
        }
        // A test that has dropped its handle does not want the call to wait.
        let _ = reached.send(());
        let _ = go.await;
        None
    }
}

/// Groups of calls of which a client is expected to make each without waiting for another of its group.
///
/// Every call of a group is answered once all of the group have arrived. So the log shows which calls wait
/// for which, and not how fast the machine is: a client that makes the calls of a group at once always
/// passes, and one that waits for an answer in between never gets it. When such a client gives up and closes
/// its connection, the groups end, and all calls are answered as they arrive.
#[derive(Clone, Default)]
pub(crate) struct Groups(Arc<Mutex<State>>);

#[derive(Default)]
struct State {
    rest: VecDeque<usize>,
    /// The calls that the open group still lacks, and the release of those that have arrived.
    open: Option<(usize, watch::Sender<bool>)>,
}

impl Groups {
    /// These groups come next. Calls that are held for earlier ones are released.
    pub(crate) fn expect(&self, groups: &[usize]) {
        *self.state() = State { rest: groups.iter().copied().filter(|size| *size > 0).collect(), open: None };
    }

    /// Waits until the call's group is complete; not at all where no group is expected.
    pub(crate) async fn arrive(&self) {
        let Some(mut complete) = self.join() else { return };
        let waiting = Waiting { groups: self, let_go: false };
        // An error means that the groups have ended.
        let _ = complete.wait_for(|complete| *complete).await;
        waiting.end();
    }

    fn join(&self) -> Option<watch::Receiver<bool>> {
        let mut state = self.state();
        let (lacking, complete) = match state.open.take() {
            Some(open) => open,
            None => (state.rest.pop_front()?, watch::Sender::new(false)),
        };
        let receiver = complete.subscribe();
        if lacking == 1 {
            complete.send_replace(true);
        } else {
            state.open = Some((lacking - 1, complete));
        }
        Some(receiver)
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A call that waits for its group. Dropped before its release, its client has given up.
struct Waiting<'a> {
    groups: &'a Groups,
    let_go: bool,
}

impl Waiting<'_> {
    fn end(mut self) {
        self.let_go = true;
    }
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        if !self.let_go {
            self.groups.expect(&[]);
        }
    }
}
