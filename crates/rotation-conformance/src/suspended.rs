//! Invocations that sleep while the world goes on, and then resume.

use std::cell::RefCell;

use rotation_core::Step;

use crate::{
    bench::{Make, Subject},
    finding::{Defect, Findings},
    hook::Fault,
    store::{DESCRIBE, PROMOTE, is_operation, version},
    world::World,
};

/// What goes on meanwhile.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Meanwhile {
    /// A retry of the same token ends the rotation.
    Ends,
    /// So does a newer rotation after it.
    NewerEnds,
    /// The rotation is cancelled, and a newer one has its value.
    CancelledNewerCreated,
    /// The rotation is cancelled, and a newer one ends.
    CancelledNewerEnds,
    /// `AWSCURRENT` is moved back to `AWSPREVIOUS` manually, before createSecret of an issuer has confirmed.
    RolledBack,
}

impl Meanwhile {
    const ALL: [Self; 5] = [
        Self::Ends,
        Self::NewerEnds,
        Self::CancelledNewerCreated,
        Self::CancelledNewerEnds,
        Self::RolledBack,
    ];

    fn text(self) -> &'static str {
        match self {
            Self::Ends => "a stale invocation after a retry ended the rotation",
            Self::NewerEnds => "a stale invocation after a newer rotation ended",
            Self::CancelledNewerCreated => "a stale invocation after createSecret of a newer rotation",
            Self::CancelledNewerEnds => {
                "a stale invocation after its rotation was cancelled and a newer one ended"
            }
            Self::RolledBack => "an invocation that resumes after AWSCURRENT was moved back manually",
        }
    }

    fn cancels(self) -> bool {
        matches!(self, Self::CancelledNewerCreated | Self::CancelledNewerEnds)
    }
}

pub(crate) async fn all(make: &impl Make, findings: &RefCell<Findings>) {
    for step in Step::ALL {
        for meanwhile in Meanwhile::ALL {
            let mut call = 0;
            while one(make, findings, step, meanwhile, call).await {
                call += 1;
            }
        }
    }
}

/// Suspends a step at one of its calls. `false` where it has no such call.
async fn one<M: Make>(
    make: &M,
    findings: &RefCell<Findings>,
    step: Step,
    meanwhile: Meanwhile,
    call: usize,
) -> bool {
    if meanwhile == Meanwhile::RolledBack && !(M::Subject::ISSUES && step == Step::Create) {
        return false;
    }
    let world = World::new(make, findings, meanwhile.text());
    world.rotate(1).await;
    let (old, newer) = (version(2), version(3));
    world.store.begin(&old);
    for earlier in Step::ALL.into_iter().take_while(|earlier| *earlier != step) {
        if world.run(earlier, &old).await.is_err() {
            return false;
        }
    }
    let first = world.accepted();
    let untouched = step <= Step::Set;
    world.hook.arm(vec![(call, Fault::Suspend)]);
    let mut suspended = Box::pin(world.run(step, &old));
    tokio::select! {
        biased;
        _ = &mut suspended => return false,
        () = world.hook.suspended() => {}
    }
    // A service with one credential that was given a cancelled one needs an operator.
    if meanwhile.cancels() && !M::Subject::ISSUES && !(untouched && world.accepted() == first) {
        drop(suspended);
        return true;
    }
    world.hook.disarm();
    // Between the question and the change there is always a moment.
    let inevitable = matches!(world.hook.place(), Some((Some(DESCRIBE), call)) if !is_operation(call));
    // Secrets Manager swaps AWSCURRENT alone: a version that lost AWSPENDING in this moment becomes live all the same.
    if meanwhile.cancels() && matches!(world.hook.place(), Some((Some(DESCRIBE), PROMOTE))) {
        drop(suspended);
        return true;
    }
    match meanwhile {
        Meanwhile::RolledBack if world.hook.has_called_twice(DESCRIBE) => {
            drop(suspended);
            return true;
        }
        Meanwhile::RolledBack => world.store.roll_back(),
        Meanwhile::CancelledNewerCreated | Meanwhile::CancelledNewerEnds => world.store.cancel(),
        Meanwhile::Ends | Meanwhile::NewerEnds => drop(world.finish(&old).await),
    }
    match meanwhile {
        Meanwhile::Ends | Meanwhile::RolledBack => {}
        Meanwhile::CancelledNewerCreated => {
            world.store.begin(&newer);
            drop(world.invoke(Step::Create, &newer).await);
        }
        Meanwhile::NewerEnds | Meanwhile::CancelledNewerEnds => {
            world.store.begin(&newer);
            drop(world.finish(&newer).await);
        }
    }
    let before = world.accepted();
    world.hook.resume();
    let ended = suspended.await;
    world.check_texts(Some(&ended));
    let changed = world.accepted() != before;
    if changed && inevitable && !M::Subject::ISSUES {
        return true;
    }
    // An issuer that resumes may issue once more. It revokes that again, unless its version had no value yet: then the
    // next rotation does.
    if M::Subject::ISSUES && !meanwhile.cancels() && world.accepted().len() > 2 {
        world.find(Defect::TooMany);
    }
    if changed && !(M::Subject::ISSUES && step == Step::Create) {
        world.find(Defect::ChangedByStale(step));
        return true;
    }
    world.check_current();
    world.rotate(4).await;
    true
}
