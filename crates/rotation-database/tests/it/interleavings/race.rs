//! Which two invocations run at once.

use rotation_core::{StagingLabel, Step};

use crate::world::{Act, Kind, Plan, Service, Variant, version};

/// The invocation that came first.
pub(super) const OLD: usize = 0;
/// The other one.
pub(super) const NEW: usize = 1;

/// Two invocations to walk.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Pair {
    pub(crate) race: Race,
    /// The step of the older one.
    pub(crate) step: Step,
    pub(crate) plan: Plan,
    pub(crate) kind: Kind,
    pub(crate) variant: Variant,
    /// The manual changes, one of which an operator makes before any call of the two.
    pub(crate) acts: &'static [Act],
}

/// What both do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Race {
    /// The service makes two concurrent calls of one step, and continues the rotation after one of them.
    Duplicate,
    /// The service gives up an invocation that still runs, and retries the whole rotation with the same
    /// token.
    Retry,
    /// While an invocation sleeps, an operator cancels the rotation, removes AWSPENDING and starts a new
    /// rotation, which runs all four steps.
    Stale,
}

/// The invocation that runs concurrently with the old one.
pub(super) fn newcomer(old: &Service, race: Race) -> Service {
    let token = match race {
        Race::Duplicate | Race::Retry => old.token.clone(),
        Race::Stale => version(9),
    };
    let mut watch = old.world.watch.borrow_mut();
    watch.tokens.insert(NEW, token.clone());
    watch.pair_is_free = true;
    drop(watch);
    old.world.accept();
    Service { token, actor: NEW, ..old.clone() }
}

pub(super) async fn go_on(new: &Service, pair: Pair) {
    let world = &new.world;
    let first = match pair.race {
        Race::Duplicate => pair.step,
        Race::Retry => Step::Create,
        Race::Stale => {
            // An operator who removes the label first makes sure that AWSCURRENT logs in, as the
            // documentation requires.
            let anew = || {
                let safe = world.logs_in(&StagingLabel::Current);
                if safe {
                    world.store.borrow_mut().secret_mut().unlabel(&StagingLabel::Pending);
                    new.begin();
                }
                safe
            };
            if !world.call("service: rotate anew", anew, || false).await {
                return;
            }
            Step::Create
        }
    };
    for step in Step::ALL.into_iter().filter(|next| *next >= first) {
        if !matches!(new.invoke(step).await, Some(Ok(_))) {
            return;
        }
    }
    world.call("service: end", || new.end(), || ()).await;
}
