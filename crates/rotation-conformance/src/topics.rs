//! The topics of the kit.

use std::cell::RefCell;

use rotation_core::{SecretDocument, StagingLabel, Step};

use crate::{
    bench::{Make, Subject},
    finding::{Defect, Finding, Findings},
    hook::Fault,
    store::version,
    suspended,
    world::World,
};

/// Faults at one call.
const FAULTS: [Fault; 5] =
    [Fault::FailBefore, Fault::FailAfter, Fault::Hang, Fault::KillBefore, Fault::KillAfter];

/// Faults that leave different states behind; the others of [`FAULTS`] only end differently.
const PAIRED: [Fault; 3] = [Fault::FailBefore, Fault::FailAfter, Fault::KillAfter];

/// The most pairs of faults, spread evenly.
const MOST_PAIRS: usize = 3000;

/// Tries everything, and returns the defects: each broken rule once, at the first point where it was seen.
pub(crate) fn all(make: &impl Make) -> Vec<Finding> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build();
    let findings = RefCell::default();
    runtime.expect("a runtime without I/O").block_on(async {
        healthy(make, &findings).await;
        repeated(make, &findings).await;
        unknown_credentials(make, &findings).await;
        stale(make, &findings).await;
        suspended::all(make, &findings).await;
        let calls = calls(make).await;
        one_fault(make, &findings, calls).await;
        // Where one fault shows a defect, two would only repeat it.
        if findings.borrow().is_empty() {
            two_faults(make, &findings, calls).await;
        }
    });
    findings.into_inner().list()
}

async fn healthy(make: &impl Make, findings: &RefCell<Findings>) {
    let world = World::new(make, findings, "a healthy rotation");
    let first = version(1);
    world.store.begin(&first);
    world.now("a dry run of createSecret");
    world.dry_run(Step::Create, &first).await;
    world.now("a healthy rotation");
    for step in Step::ALL {
        if step == Step::Set {
            world.dry_run(step, &first).await;
        }
        if !matches!(world.invoke(step, &first).await, Some(Ok(_))) {
            return world.find(Defect::HealthyFails(step));
        }
    }
    for number in 2..=4 {
        world.rotate(number).await;
    }
}

/// Repeats every step after each step, and all of them after the end.
async fn repeated(make: &impl Make, findings: &RefCell<Findings>) {
    let world = World::new(make, findings, "repeated steps");
    let first = version(1);
    world.store.begin(&first);
    for (number, step) in Step::ALL.into_iter().enumerate() {
        if !matches!(world.invoke(step, &first).await, Some(Ok(_))) {
            return;
        }
        for again in &Step::ALL[..=number] {
            world.now(&format!("{again} again after {step}"));
            let before = (world.accepted(), world.store.snapshot());
            if !matches!(world.invoke(*again, &first).await, Some(Ok(_))) {
                world.find(Defect::RepeatFails(*again));
            }
            if (world.accepted(), world.store.snapshot()) != before {
                world.find(Defect::ChangedByRepeat(*again));
            }
        }
    }
}

/// Credentials that the service does not know, as after a manual change.
async fn unknown_credentials(make: &impl Make, findings: &RefCell<Findings>) {
    for lost in [&[StagingLabel::Pending][..], &[StagingLabel::Pending, StagingLabel::Current][..]] {
        let world =
            World::new(make, findings, "AWSPENDING holds a credential that the service does not know");
        let first = version(1);
        world.store.begin(&first);
        let _ = world.run(Step::Create, &first).await;
        for label in lost {
            replace_secrets(&world, label);
        }
        if lost.len() == 1 {
            world.invoke(Step::Test, &first).await;
        } else {
            world.now("neither AWSCURRENT nor AWSPENDING holds a credential that the service knows");
            let ended = world.run(Step::Set, &first).await;
            world.check_texts(Some(&ended));
        }
    }
    let world = World::new(make, findings, "testSecret right after createSecret");
    world.store.begin(&version(1));
    let _ = world.run(Step::Create, &version(1)).await;
    world.invoke(Step::Test, &version(1)).await;
}

fn replace_secrets<S: Subject>(world: &World<'_, S>, label: &StagingLabel) {
    let Some(version) = world.store.holder(label) else { return };
    let Some(document) = world.store.document(&version) else { return };
    let secrets = world.secrets(&document);
    let is_secret = |document: &SecretDocument, name: &str| {
        let value = document.get(name);
        value.and_then(|value| value.as_str().map(|text| secrets.iter().any(|secret| secret == text)))
    };
    let names: Vec<String> = document.names().map(str::to_owned).collect();
    let unknown = format!("{label}-unknown-0123456789");
    if document.plain_text().is_some() {
        let other = SecretDocument::plain(&unknown).expect("a text");
        return world.store.overwrite(&version, other);
    }
    let other = names.iter().fold(document, |document, name| match is_secret(&document, name) {
        Some(true) => document.with_text(name, &unknown),
        _ => document,
    });
    world.store.overwrite(&version, other);
}

/// The number of calls of a healthy rotation, once there is an `AWSPREVIOUS`.
async fn calls(make: &impl Make) -> usize {
    let findings = RefCell::default();
    let world = World::new(make, &findings, "");
    world.rotate(1).await;
    world.hook.arm(Vec::new());
    world.rotate(2).await;
    world.hook.calls().len()
}

async fn one_fault(make: &impl Make, findings: &RefCell<Findings>, calls: usize) {
    for call in 0..calls {
        for fault in FAULTS {
            faults(make, findings, vec![(call, fault)]).await;
        }
    }
}

/// The second fault is at a later call of the same attempt or of the retry.
async fn two_faults(make: &impl Make, findings: &RefCell<Findings>, calls: usize) {
    let pairs = || {
        (0..calls)
            .flat_map(move |first| (first + 1..=first + calls).map(move |second| (first, second)))
            .flat_map(|places| PAIRED.map(|fault| (places, fault)))
            .flat_map(|(places, one)| PAIRED.map(|other| vec![(places.0, one), (places.1, other)]))
    };
    let every = pairs().count().div_ceil(MOST_PAIRS).max(1);
    // Coprime with the number of fault kinds, so that none of them is left out.
    let every = if every.is_multiple_of(3) { every + 1 } else { every };
    for plan in pairs().step_by(every) {
        faults(make, findings, plan).await;
    }
}

async fn faults(make: &impl Make, findings: &RefCell<Findings>, plan: Vec<(usize, Fault)>) {
    let world = World::new(make, findings, "a rotation with faults");
    world.rotate(1).await;
    let second = version(2);
    world.store.begin(&second);
    world.hook.arm(plan);
    let ended = world.finish(&second).await;
    world.hook.disarm();
    if ended {
        world.now("the rotation after one with faults");
        world.rotate(3).await;
    }
}

/// An old token's steps after a newer rotation has ended.
async fn stale(make: &impl Make, findings: &RefCell<Findings>) {
    for step in Step::ALL {
        let world = World::new(make, findings, &format!("{step} of an old token after a newer rotation"));
        world.rotate(1).await;
        world.rotate(2).await;
        let before = (world.accepted(), world.store.snapshot());
        let _ = world.invoke(step, &version(1)).await;
        if (world.accepted(), world.store.snapshot()) != before {
            world.find(Defect::ChangedByStale(step));
        }
    }
}
