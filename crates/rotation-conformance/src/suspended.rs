//! Invocations that are suspended while other things happen, and then resume.

use std::cell::RefCell;

use rotation_core::Step;

use crate::{
    bench::{Make, Subject},
    finding::{Defect, Findings},
    hook::Fault,
    store::{DESCRIBE, PROMOTE, is_operation, version},
    world::World,
};

/// What happens meanwhile.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Meanwhile {
    /// A retry of the same token ends the rotation.
    Ends,
    /// A retry ends the rotation, and so does a newer rotation after it.
    NewerEnds,
    /// The rotation is cancelled, and a newer one has run createSecret.
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

    /// Whether the version may still be without a value when its invocation resumes.
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
    let old = version(2);
    world.store.begin(&old);
    for earlier in Step::ALL.into_iter().take_while(|earlier| *earlier != step) {
        if world.run(earlier, &old).await.is_err() {
            return false;
        }
    }
    let first = world.accepted();
    world.hook.arm(vec![(call, Fault::Suspend)]);
    let mut suspended = Box::pin(world.run(step, &old));
    tokio::select! {
        biased;
        _ = &mut suspended => return false,
        () = world.hook.suspended() => {}
    }
    world.hook.disarm();
    let is_untouched = step <= Step::Set && world.accepted() == first;
    if !is_checked(&world, meanwhile, is_untouched) {
        return true;
    }
    let inevitable = is_right_after_the_question(&world);
    go_on(&world, meanwhile).await;
    let before = world.accepted();
    world.hook.resume();
    let ended = suspended.await;
    world.check_texts(Some(&ended));
    if check_change(&world, step, meanwhile, world.accepted() != before, inevitable) {
        world.check_current();
        world.rotate(4).await;
    }
    true
}

/// Whether a target can prevent a defect when its invocation is suspended here.
fn is_checked<S: Subject>(world: &World<'_, S>, meanwhile: Meanwhile, is_untouched: bool) -> bool {
    match meanwhile {
        Meanwhile::Ends | Meanwhile::NewerEnds => true,
        // Once the labels are confirmed, they are not read again.
        Meanwhile::RolledBack => !world.hook.has_called_twice(DESCRIBE),
        // A service with one credential that was set to a cancelled one needs an operator. And Secrets
        // Manager only swaps AWSCURRENT: a version that lost AWSPENDING in this moment becomes live
        // nevertheless.
        Meanwhile::CancelledNewerCreated | Meanwhile::CancelledNewerEnds => {
            (S::ISSUES || is_untouched) && !matches!(world.hook.place(), Some((Some(DESCRIBE), PROMOTE)))
        }
    }
}

/// There is always a gap between the confirmation of a change and the change itself.
fn is_right_after_the_question<S: Subject>(world: &World<'_, S>) -> bool {
    matches!(world.hook.place(), Some((Some(DESCRIBE), call)) if !is_operation(call))
}

async fn go_on<S: Subject>(world: &World<'_, S>, meanwhile: Meanwhile) {
    let (old, newer) = (version(2), version(3));
    match meanwhile {
        Meanwhile::RolledBack => return world.store.roll_back(),
        Meanwhile::CancelledNewerCreated | Meanwhile::CancelledNewerEnds => world.store.cancel(),
        Meanwhile::Ends | Meanwhile::NewerEnds => {
            world.finish(&old).await;
        }
    }
    if meanwhile == Meanwhile::Ends {
        return;
    }
    world.store.begin(&newer);
    if meanwhile == Meanwhile::CancelledNewerCreated {
        world.invoke(Step::Create, &newer).await;
    } else {
        world.finish(&newer).await;
    }
}

/// Checks what the resumed invocation changed. Returns whether the rest can be checked.
fn check_change<S: Subject>(
    world: &World<'_, S>,
    step: Step,
    meanwhile: Meanwhile,
    changed: bool,
    inevitable: bool,
) -> bool {
    if S::ISSUES && step == Step::Create {
        // It may have issued one more credential. It revokes that again, unless its version had no value yet:
        // then the next rotation does.
        if !meanwhile.cancels() && world.accepted().len() > 2 {
            world.find(Defect::TooMany);
        }
        return true;
    }
    if changed && !inevitable {
        world.find(Defect::ChangedByStale(step));
    }
    !changed
}
