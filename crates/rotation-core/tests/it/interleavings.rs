//! Two invocations at once, switched at every call.
//!
//! The walk is depth-first and complete: at each point where both could make their next call, both orders are gone
//! through. A point that was reached before by another way (the same world, and both invocations having seen the
//! same) is not walked again.

use std::{
    collections::{BTreeMap, BTreeSet, HashSet},
    future::poll_fn,
    hash::{DefaultHasher, Hash, Hasher},
    pin::Pin,
    task::Poll,
    time::Duration,
};

use expect_test::{Expect, expect};
use rotation_core::{StagingLabel, Step};

use crate::world::{Kind, Plan, Service, Situation, Variant, Violation, World, version};

/// The invocation that came first, and the one that goes on meanwhile.
const [OLD, NEW]: [usize; 2] = [0, 1];

/// What both do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Race {
    /// The service calls one step twice at once, and goes on with the rotation after one of them.
    Duplicate,
    /// While an invocation sleeps, somebody cancels, takes AWSPENDING away and rotates anew, through all four steps.
    Stale,
}

/// What a walk came to.
#[derive(Debug, Default)]
pub(crate) struct Walked {
    /// Distinct points.
    pub(crate) points: usize,
    /// Ways from the start to the end or to a point that was known.
    pub(crate) schedules: usize,
    pub(crate) violations: BTreeSet<Violation>,
    /// Ends at which no retry of the rotation goes through: whether AWSCURRENT logs in there.
    pub(crate) stuck: BTreeSet<bool>,
}

impl Walked {
    pub(crate) fn all(race: Race, step: Step, plan: Plan, kind: Kind, variant: Variant) -> Self {
        World::run(async {
            let start = Situation::SecondRotation.prepare(plan, kind, variant).await;
            for before in Step::ALL.into_iter().take_while(|before| *before < step) {
                start.invoke(before).await.unwrap().unwrap();
            }
            let mut walked = Self::default();
            let (mut seen, mut open) = (HashSet::new(), vec![Vec::new()]);
            while let Some(path) = open.pop() {
                walked.follow(&start, race, step, path, &mut seen, &mut open).await;
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
        race: Race,
        step: Step,
        path: Vec<usize>,
        seen: &mut HashSet<u64>,
        open: &mut Vec<Vec<usize>>,
    ) {
        self.schedules += 1;
        let old = start.fork();
        let new = newcomer(&old, race);
        let world = &old.world;
        world.gate.borrow_mut().scheduled = true;
        let old_future: Pin<Box<dyn Future<Output = ()>>> = Box::pin(async { drop(old.invoke(step).await) });
        let new_future: Pin<Box<dyn Future<Output = ()>>> = Box::pin(go_on(&new, race, step));
        let mut futures = [Some(old_future), Some(new_future)];
        let (mut taken, mut histories) = (Vec::new(), [DefaultHasher::new(), DefaultHasher::new()]);
        while futures.iter().any(Option::is_some) {
            for actor in [OLD, NEW] {
                world.gate.borrow_mut().actor = actor;
                poll_once(&mut futures[actor]).await;
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
                    if ready.len() == 2 {
                        open.push([&taken[..], &[NEW]].concat());
                    }
                    first
                }
            };
            taken.push(actor);
            let ticket = ready.iter().find(|(ready, _)| *ready == actor).unwrap().1;
            world.admit(actor, ticket, &mut futures[actor], &mut histories[actor]).await;
        }
        let over = futures.iter().all(Option::is_none);
        drop(futures);
        if over {
            self.arrive(&new).await;
        }
        self.violations.extend(std::mem::take(&mut world.watch.borrow_mut().violations));
    }

    /// Both are over: the service retries the rotation that is the current one.
    async fn arrive(&mut self, new: &Service) {
        let gate = std::mem::take(&mut *new.world.gate.borrow_mut());
        drop(gate);
        let alone = Service { actor: NEW, ..new.clone() };
        alone.world.gate.borrow_mut().actor = NEW;
        if alone.rotate().await.is_none() {
            self.stuck.insert(new.world.logs_in(&StagingLabel::Current));
        }
    }
}

/// Who goes on beside the old invocation.
fn newcomer(old: &Service, race: Race) -> Service {
    let token = match race {
        Race::Duplicate => old.token.clone(),
        Race::Stale => version(9),
    };
    old.world.watch.borrow_mut().tokens.insert(NEW, token.clone());
    Service { token, actor: NEW, ..old.clone() }
}

async fn go_on(new: &Service, race: Race, step: Step) {
    let world = &new.world;
    let first = match race {
        Race::Duplicate => step,
        Race::Stale => {
            let anew = || {
                world.store.borrow_mut().secret_mut().unlabel(&StagingLabel::Pending);
                new.begin();
            };
            world.call("service: rotate anew", anew, || ()).await;
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

async fn poll_once(future: &mut Option<Pin<Box<dyn Future<Output = ()> + '_>>>) {
    poll_fn(|cx| {
        if future.as_mut().is_some_and(|future| future.as_mut().poll(cx).is_ready()) {
            *future = None;
        }
        Poll::Ready(())
    })
    .await;
}

/// What tells this point from others: the world, what both have seen, and whose calls wait.
fn point(world: &World, histories: &[DefaultHasher; 2], ready: &[(usize, u64)]) -> u64 {
    let mut hasher = DefaultHasher::new();
    let actors: Vec<usize> = ready.iter().map(|(actor, _)| *actor).collect();
    (world.digest(), histories.each_ref().map(Hasher::finish), actors).hash(&mut hasher);
    hasher.finish()
}

impl World {
    /// The oldest waiting call of each invocation.
    fn ready(&self) -> Vec<(usize, u64)> {
        let gate = self.gate.borrow();
        gate.waiting.iter().filter_map(|(actor, tickets)| Some((*actor, *tickets.first()?))).collect()
    }

    /// Lets one call through; its invocation then has seen the world as it was.
    async fn admit(
        &self,
        actor: usize,
        ticket: u64,
        future: &mut Option<Pin<Box<dyn Future<Output = ()> + '_>>>,
        history: &mut DefaultHasher,
    ) {
        let before = self.digest();
        let made = self.gate.borrow().log.len();
        {
            let mut gate = self.gate.borrow_mut();
            (gate.actor, gate.admitted) = (actor, Some(ticket));
        }
        poll_once(future).await;
        let gate = self.gate.borrow();
        assert!(gate.admitted.is_none(), "the call went through");
        (gate.log[made].1, before).hash(history);
    }
}

#[test]
fn explore() {
    for race in [Race::Duplicate, Race::Stale] {
        for plan in [Plan::SingleUser, Plan::Alternating] {
            for kind in [Kind::Transactional, Kind::Autocommit, Kind::AutocommitWithLock] {
                for step in Step::ALL {
                    let walked = Walked::all(race, step, plan, kind, Variant::Sound);
                    println!("{race:?} {plan:?} {kind:?} {step}: {walked:?}");
                }
            }
        }
    }
}
