//! The walk is depth-first and complete: at each point where both could make their next call, both orders are gone
//! through. A point that was reached before by another way (the same world, and both invocations having seen the
//! same) is not walked again.

use std::{
    cell::Cell,
    collections::{BTreeSet, HashSet},
    hash::{DefaultHasher, Hash, Hasher},
    time::Duration,
};

use rotation_core::{StagingLabel, Step};

use crate::repairs::repair;
use crate::world::{
    Invocation, Kind, Plan, Service, Sighting, Situation, Variant, Violation, World, poll_once, version,
};

/// The invocation that came first.
const OLD: usize = 0;
/// The other one.
const NEW: usize = 1;

/// Two invocations to walk through.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Pair {
    pub(crate) race: Race,
    /// The step of the older one.
    pub(crate) step: Step,
    pub(crate) plan: Plan,
    pub(crate) kind: Kind,
    pub(crate) variant: Variant,
}

/// What both do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Race {
    /// The service calls one step twice at once, and goes on with the rotation after one of them.
    Duplicate,
    /// The service gives an invocation up that still runs, and retries the whole rotation with the same token.
    Retry,
    /// While an invocation sleeps, somebody cancels, takes AWSPENDING away and rotates anew, through all four steps.
    Stale,
}

/// A choice that is still to be walked: who made each call up to it, and what both had seen before the last one.
#[derive(Default)]
struct Branch {
    path: Vec<usize>,
    histories: [DefaultHasher; 2],
}

/// What a walk came to.
#[derive(Debug, Default)]
pub(crate) struct Walked {
    /// Distinct points.
    pub(crate) points: usize,
    /// Ways from the start to the end or to a point that was known.
    pub(crate) schedules: usize,
    /// What broke after the old invocation wrote in the gap between its last look at the labels and the write.
    pub(crate) violations: BTreeSet<Violation>,
    /// What broke although it wrote nothing in that gap.
    pub(crate) unexplained: BTreeSet<Violation>,
    /// How the older invocation was answered.
    pub(crate) answers: BTreeSet<&'static str>,
    pub(crate) sighted: BTreeSet<Sighting>,
}

impl Walked {
    /// Walks everything from the point at which the old invocation of this step may begin.
    pub(crate) fn all(pair: Pair) -> Self {
        World::run(async {
            let start = Situation::SecondRotation.prepare(pair.plan, pair.kind, pair.variant).await;
            for before in Step::ALL.into_iter().take_while(|before| *before < pair.step) {
                start.invoke(before).await.unwrap().unwrap();
            }
            let mut walked = Self::default();
            let (mut seen, mut open) = (HashSet::new(), vec![Branch::default()]);
            while let Some(branch) = open.pop() {
                walked.follow(&start, pair, branch, &mut seen, &mut open).await;
            }
            walked.points = seen.len();
            walked
        })
    }

    /// Follows a path, then goes on with the older invocation wherever there is a choice, leaving the other choice
    /// open.
    async fn follow(
        &mut self,
        start: &Service,
        pair: Pair,
        branch: Branch,
        seen: &mut HashSet<u64>,
        open: &mut Vec<Branch>,
    ) {
        self.schedules += 1;
        let old = start.fork();
        let new = newcomer(&old, pair.race);
        let world = &old.world;
        world.gate.borrow_mut().scheduled = true;
        let answer = Cell::new(None);
        let old_future = async {
            answer.set(
                old.invoke(pair.step)
                    .await
                    .map(|answer| answer.map_or_else(|error| error.code().name(), |_| "ok")),
            );
        };
        let mut futures: [Option<Invocation<'_>>; 2] =
            [Some(Box::pin(old_future)), Some(Box::pin(go_on(&new, pair)))];
        let Branch { path, mut histories } = branch;
        let mut taken = Vec::new();
        while futures.iter().any(Option::is_some) {
            for actor in [OLD, NEW] {
                // Whoever waits for its turn has nothing else to do.
                if !world.waits(actor) {
                    world.gate.borrow_mut().actor = actor;
                    poll_once(&mut futures[actor]).await;
                }
            }
            let ready: Vec<(usize, u64)> = world.ready();
            let Some((first, _)) = ready.first().copied() else {
                tokio::time::sleep(Duration::from_millis(1)).await;
                continue;
            };
            let actor = match path.get(taken.len()) {
                Some(actor) => *actor,
                None => {
                    if !seen.insert(point(world, &histories, &ready)) {
                        break;
                    }
                    for (other, _) in &ready[1..] {
                        let path = [&taken[..], &[*other]].concat();
                        open.push(Branch { path, histories: histories.clone() });
                    }
                    first
                }
            };
            taken.push(actor);
            // What was seen before the branch is known.
            let history = (taken.len() >= path.len()).then_some(&mut histories[actor]);
            let ticket = ready.iter().find(|(ready, _)| *ready == actor).unwrap().1;
            world.admit(actor, ticket, &mut futures[actor], history).await;
        }
        let over = futures.iter().all(Option::is_none);
        drop(futures);
        if over {
            // Where nobody calls again, recovery must lead out of here.
            repair(&new).await;
            self.arrive(&new).await;
        }
        self.answers.extend(answer.get());
        let mut watch = world.watch.borrow_mut();
        self.sighted.append(&mut watch.sighted);
        let violations = std::mem::take(&mut watch.violations);
        drop(watch);
        let in_the_gap = violations.iter().any(|violation| violation.unseen);
        if in_the_gap { &mut self.violations } else { &mut self.unexplained }.extend(violations);
    }

    /// Both are over: the service retries whatever rotation is under way.
    async fn arrive(&mut self, new: &Service) {
        std::mem::take(&mut *new.world.gate.borrow_mut());
        let pending = new.world.store.borrow().secret().holder(&StagingLabel::Pending).cloned();
        let Some(token) = pending else { return };
        new.world.watch.borrow_mut().tokens.insert(OLD, token.clone());
        let alone = Service { token, actor: OLD, ..new.clone() };
        if alone.rotate().await.is_none() {
            new.world.watch.borrow_mut().report("I5", "service: end", false);
        }
    }
}

/// Who goes on beside the old invocation.
fn newcomer(old: &Service, race: Race) -> Service {
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

async fn go_on(new: &Service, pair: Pair) {
    let world = &new.world;
    let first = match pair.race {
        Race::Duplicate => pair.step,
        Race::Retry => Step::Create,
        Race::Stale => {
            // Whoever takes the label away makes sure first that AWSCURRENT logs in, as the documentation says.
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

/// What tells this point from others: the world, what both have seen, and whose calls wait.
fn point(world: &World, histories: &[DefaultHasher; 2], ready: &[(usize, u64)]) -> u64 {
    let mut hasher = DefaultHasher::new();
    let actors: Vec<usize> = ready.iter().map(|(actor, _)| *actor).collect();
    (world.digest(), histories.each_ref().map(Hasher::finish), actors).hash(&mut hasher);
    hasher.finish()
}
