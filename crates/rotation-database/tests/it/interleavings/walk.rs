//! The walk is depth-first and complete. At each point where both invocations could make their next call,
//! both orders are walked, and before them each manual change that is still to come. A point that was reached
//! before on another path is not walked again: the same world, the same manual change, and both invocations
//! having seen the same. A call sees only the side of the world that it reads, and an invocation knows
//! nothing of what earlier ones saw.

use std::{
    cell::Cell,
    collections::{BTreeMap, BTreeSet, HashSet},
    hash::{DefaultHasher, Hash, Hasher},
};

use rotation_core::{StagingLabel, Step};

use super::race::{NEW, OLD, Pair, go_on, newcomer};
use crate::{
    operators::recover,
    repairs::repair,
    world::{
        Act, History, Invocation, Service, Sighting, Situation, Violation, World, nobody_is_ready, poll_once,
    },
};

/// The next actor.
#[derive(Clone, Copy, Debug)]
enum Turn {
    Call(usize),
    ByHand(Act),
}

/// The manual change that was made.
#[derive(Clone, Copy, Debug)]
struct Acted {
    act: Act,
    /// The number of violations before it.
    before: usize,
}

/// A choice that is still to be walked: the path to it, and what both had seen before the last step of the
/// path.
#[derive(Default)]
struct Branch {
    path: Vec<Turn>,
    histories: [History; 2],
}

/// The result of a walk.
#[derive(Debug, Default)]
pub(crate) struct Walked {
    /// Distinct points.
    pub(crate) points: usize,
    /// Paths from the start to the end or to a known point.
    pub(crate) schedules: usize,
    /// What broke without a manual change.
    pub(crate) alone: Broken,
    /// What broke after a manual change.
    pub(crate) after: BTreeMap<Act, Broken>,
    /// The answers to the older invocation without a manual change.
    pub(crate) answers: BTreeSet<&'static str>,
    pub(crate) sighted: BTreeSet<Sighting>,
    /// The worlds in which both had ended after a manual change.
    ended: HashSet<u64>,
}

/// What broke.
#[derive(Debug, Default)]
pub(crate) struct Broken {
    /// Violations after an invocation wrote in the gap between its last read of the labels and the write.
    pub(crate) in_the_gap: BTreeSet<Violation>,
    /// Violations although none wrote in that gap.
    pub(crate) otherwise: BTreeSet<Violation>,
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

    /// Follows a path, then continues with the older invocation wherever there is a choice, and leaves the
    /// other choice open.
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
        let (mut taken, mut acted) = (Vec::new(), None::<Acted>);
        while futures.iter().any(Option::is_some) {
            for actor in [OLD, NEW] {
                // An invocation that waits for its turn has nothing else to do.
                if !world.waits(actor) {
                    world.gate.borrow_mut().actor = actor;
                    poll_once(&mut futures[actor]).await;
                }
            }
            let ready: Vec<(usize, u64)> = world.ready();
            let Some((first, _)) = ready.first().copied() else {
                nobody_is_ready().await;
                continue;
            };
            // What both saw before the branch is already known.
            let sides = (taken.len() + 1 >= path.len()).then(|| world.sides());
            let turn = match path.get(taken.len()) {
                Some(turn) => *turn,
                None => {
                    if !seen.insert(hashed(&(
                        sides,
                        world.watched(),
                        &histories,
                        actors(&ready),
                        acted.map(|acted| acted.act),
                    ))) {
                        break;
                    }
                    let acts = if acted.is_none() { pair.acts } else { &[] };
                    let others = ready[1..].iter().map(|(other, _)| Turn::Call(*other));
                    for other in others.chain(acts.iter().copied().map(Turn::ByHand)) {
                        open.push(Branch { path: [&taken[..], &[other]].concat(), histories });
                    }
                    Turn::Call(first)
                }
            };
            taken.push(turn);
            match turn {
                Turn::Call(actor) => {
                    let history = sides.map(|sides| (&mut histories[actor], sides));
                    let ticket = ready.iter().find(|(ready, _)| *ready == actor).unwrap().1;
                    world.admit(actor, ticket, &mut futures[actor], history).await;
                }
                Turn::ByHand(act) => {
                    let before = (world.digest(), world.watched());
                    act.by_hand(world);
                    acted = Some(Acted { act, before: world.watch.borrow().violations.len() });
                    // Where it changed nothing, the walk continues as without a manual change.
                    if before == (world.digest(), world.watched()) {
                        break;
                    }
                }
            }
        }
        let over = futures.iter().all(Option::is_none);
        drop(futures);
        if over {
            self.end(&new, acted).await;
        }
        if acted.is_none() {
            self.answers.extend(answer.get());
        }
        self.sighted.append(&mut world.watch.borrow_mut().sighted);
        self.note(world, acted);
    }

    /// Records what has broken so far.
    fn note(&mut self, world: &World, acted: Option<Acted>) {
        let watch = world.watch.borrow();
        let in_the_gap = watch.violations.iter().any(|violation| violation.unseen);
        let (broken, before) = match acted {
            None => (&mut self.alone, 0),
            Some(acted) => (self.after.entry(acted.act).or_default(), acted.before),
        };
        let list = if in_the_gap { &mut broken.in_the_gap } else { &mut broken.otherwise };
        list.extend(watch.violations[before..].iter().cloned());
    }

    /// Both invocations have ended.
    async fn end(&mut self, new: &Service, acted: Option<Acted>) {
        if acted.is_some() && !self.ended.insert(hashed(&(new.world.digest(), new.world.watched()))) {
            return;
        }
        // If the service does not call again, recovery must fix this state.
        repair(new).await;
        if acted.is_none() {
            return self.arrive(new).await;
        }
        // The hints must fix it, too. What they ask an operator to do counts as no defect.
        std::mem::take(&mut *new.world.gate.borrow_mut());
        let violations = new.world.watch.borrow().violations.clone();
        let recovered = recover(new).await;
        new.world.watch.borrow_mut().violations = violations;
        if !recovered {
            new.world.watch.borrow_mut().report("hints", "service: end", false);
        }
    }

    /// Both invocations have ended: the service retries the rotation in progress.
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

/// The actors whose calls wait.
fn actors(ready: &[(usize, u64)]) -> Vec<usize> {
    ready.iter().map(|(actor, _)| *actor).collect()
}

fn hashed(of: &impl Hash) -> u64 {
    let mut hasher = DefaultHasher::new();
    of.hash(&mut hasher);
    hasher.finish()
}
