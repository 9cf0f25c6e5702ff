//! One schedule, from its decisions to the end: what broke, and whether everything converged afterwards.

use std::{
    collections::{BTreeMap, BTreeSet, btree_map::Entry},
    fmt::Write,
};

use rotation_core::{StagingLabel, Step};

use super::{Decisions, Failure};
use crate::{
    operators::recover,
    world::{
        Act, FAULTS, Invocation, Kind, Plan, Service, Sighting, Situation, Variant, Violation, World,
        nobody_is_ready, poll_once, version,
    },
};

/// One of this number of calls meets a fault.
const FAULT_ONCE_IN: usize = 12;

/// The starts that schedules choose from.
const STARTS: [(Plan, Kind); 10] = [
    (Plan::SingleUser, Kind::Transactional),
    (Plan::SingleUser, Kind::Autocommit),
    (Plan::SingleUser, Kind::AutocommitWithLock),
    (Plan::SingleUser, Kind::TwoPasswords),
    (Plan::SingleUser, Kind::TwoPasswordsWithHistory),
    (Plan::Alternating, Kind::Transactional),
    (Plan::Alternating, Kind::RowLock),
    (Plan::Alternating, Kind::Autocommit),
    (Plan::Alternating, Kind::AutocommitWithLock),
    (Plan::AlternatingByField, Kind::Transactional),
];

/// A job that runs concurrently with others.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Job {
    /// The service drives the rotation, and retries it once.
    Rotation,
    /// One step of it that the service has called already.
    Duplicate(Step),
    /// The rotation is cancelled where AWSCURRENT logs in, and another one is run.
    Anew,
    /// A manual change.
    ByHand(Act),
}

/// Runs schedules one after another.
#[derive(Default)]
pub(super) struct Runs {
    starts: BTreeMap<(usize, usize, usize), (Service, usize)>,
    pub(super) figures: Figures,
}

/// The totals of the schedules.
#[derive(Default)]
pub(super) struct Figures {
    pub(super) calls: usize,
    pub(super) faults: usize,
    pub(super) acts: usize,
    pub(super) gaps: usize,
    pub(super) sighted: BTreeSet<Sighting>,
    /// What the last schedule did.
    pub(super) last: String,
}

impl Figures {
    /// The sum of both.
    pub(super) fn and(mut self, mut other: Self) -> Self {
        self.calls += other.calls;
        self.faults += other.faults;
        self.acts += other.acts;
        self.gaps += other.gaps;
        self.sighted.append(&mut other.sighted);
        self
    }
}

impl Runs {
    pub(super) async fn run(&mut self, mut decisions: Decisions) -> Result<(), Failure> {
        let start = decisions.among(STARTS.len());
        let (plan, kind) = STARTS[start];
        let situations = Situation::of(plan, kind);
        let at = decisions.among(situations.len());
        let situation = situations[at];
        // The step that the service has just called.
        let step = decisions.among(Step::ALL.len());
        let (service, step) = match self.starts.entry((start, at, step)) {
            Entry::Occupied(known) => (known.get().0.fork(), known.get().1),
            Entry::Vacant(unknown) => {
                let service = situation.prepare(plan, kind, Variant::Sound).await;
                let step = advance(&service, situation, step).await;
                (unknown.insert((service, step)).0.fork(), step)
            }
        };
        let called = &Step::ALL[..=step];
        let mut jobs: Vec<Job> = (0..2 + decisions.among(3)).map(|_| job(&mut decisions, called)).collect();
        // At most one manual change, so that the hints have one thing to fix.
        let acts = |job: &Job| matches!(job, Job::ByHand(_));
        if let Some(first) = jobs.iter().position(acts) {
            jobs[first + 1..].iter_mut().filter(|job| acts(job)).for_each(|job| *job = Job::Rotation);
        }
        self.figures.last = format!("{plan:?}, {kind:?}, {situation:?}, {called:?}: {jobs:?}\n");
        self.drive(&service, &jobs, decisions).await;
        let violations = self.take(&service.world);
        let by_hand = jobs.iter().any(|job| matches!(job, Job::ByHand(_)));
        let in_the_gap = violations.iter().any(|violation| violation.unseen);
        self.figures.acts += usize::from(by_hand);
        self.figures.gaps += usize::from(in_the_gap);
        let why = match violations.iter().find(|violation| !excused(violation, in_the_gap, by_hand)) {
            Some(violation) => format!("{violation:?}"),
            None if in_the_gap || by_hand => {
                if recover(&service).await {
                    return Ok(());
                }
                "the remediation of the hints does not fix it".into()
            }
            None => match converge(&service, situation).await {
                None => "I5: the rotation does not converge".to_owned(),
                Some(()) => match &self.take(&service.world)[..] {
                    [] => return Ok(()),
                    violations => format!("once faults have stopped: {violations:?}"),
                },
            },
        };
        Err(Failure { why, story: std::mem::take(&mut self.figures.last) })
    }

    /// Lets the jobs make their calls, one at a time, until all have ended.
    async fn drive(&mut self, service: &Service, jobs: &[Job], mut decisions: Decisions) {
        let world = &service.world;
        {
            let mut watch = world.watch.borrow_mut();
            watch.pair_is_free = jobs.contains(&Job::Anew);
            watch.tokens.clear();
        }
        world.accept();
        world.gate.borrow_mut().scheduled = true;
        let mut futures: Vec<Option<Invocation<'_>>> =
            jobs.iter().enumerate().map(|(actor, job)| Some(begin(service, *job, actor))).collect();
        while futures.iter().any(Option::is_some) {
            for (actor, future) in futures.iter_mut().enumerate() {
                if !world.waits(actor) {
                    world.gate.borrow_mut().actor = actor;
                    poll_once(future).await;
                }
            }
            let ready = world.ready();
            if ready.is_empty() {
                nobody_is_ready().await;
                continue;
            }
            let (actor, ticket) = decisions.pick(&ready);
            let fault = decisions.seldom(FAULT_ONCE_IN).then(|| decisions.pick(&FAULTS));
            let made = {
                let mut gate = world.gate.borrow_mut();
                let place = gate.calls;
                gate.faults = fault.map(|fault| (place, fault)).into_iter().collect();
                gate.log.len()
            };
            world.admit(actor, ticket, &mut futures[actor], None).await;
            self.figures.calls += 1;
            self.figures.faults += usize::from(fault.is_some());
            let fault = fault.map_or_else(String::new, |fault| format!(" !{fault:?}"));
            writeln!(self.figures.last, "  {actor} {}{fault}", world.gate.borrow().log[made].1).unwrap();
        }
        drop(futures);
        std::mem::take(&mut *world.gate.borrow_mut());
    }

    fn take(&mut self, world: &World) -> Vec<Violation> {
        let mut watch = world.watch.borrow_mut();
        self.figures.sighted.append(&mut watch.sighted);
        std::mem::take(&mut watch.violations)
    }
}

fn job(decisions: &mut Decisions, called: &[Step]) -> Job {
    match decisions.among(10) {
        0..=3 => Job::Rotation,
        4..=6 => Job::Duplicate(decisions.pick(called)),
        7 | 8 => Job::Anew,
        _ => Job::ByHand(decisions.pick(&Act::ALL)),
    }
}

/// What semantics.md lists as not guaranteed. Even then some version that the secret keeps logs in.
fn excused(violation: &Violation, in_the_gap: bool, by_hand: bool) -> bool {
    match violation.invariant {
        "kept" | "TLS" | "STATE" | "I10" | "I2 of another secret" => false,
        "I1" | "I2" | "I3" | "I8" | "I9" if by_hand => true,
        _ => in_the_gap,
    }
}

/// Advances to this step where the situation lets a rotation get that far.
async fn advance(service: &Service, situation: Situation, step: usize) -> usize {
    let first = Step::ALL.iter().position(|first| *first == situation.next_step()).unwrap();
    for at in first..step {
        match service.invoke(Step::ALL[at]).await {
            Some(Ok(_)) => {}
            ended => {
                let code = ended.and_then(Result::err).map(|error| error.code().name());
                assert_eq!(code, situation.meets(), "{situation:?}");
                return at;
            }
        }
    }
    first.max(step)
}

/// Once faults have stopped, the rotation in progress converges, otherwise a new one. Where the situation
/// makes it refused, it converges after the remediation.
async fn converge(service: &Service, situation: Situation) -> Option<()> {
    let pending = {
        let store = service.world.store.borrow();
        let secret = store.secret();
        let pending = secret.holder(&StagingLabel::Pending).cloned();
        pending.filter(|token| !secret.holds(token, &StagingLabel::Current))
    };
    let token = pending.unwrap_or_else(|| version(90));
    let again = Service { token, ..service.clone() }.started();
    match (again.rotate_or_code().await, situation.refusal()) {
        (Ok(_), _) => Some(()),
        (Err(code), Some(expected)) if code == expected => {
            again.follow_hint(code);
            again.rotate().await.map(drop)
        }
        (Err(_), _) => None,
    }
}

fn begin(service: &Service, job: Job, actor: usize) -> Invocation<'static> {
    let own = |number: Option<usize>| {
        let token = number.map_or_else(|| service.token.clone(), version);
        service.world.watch.borrow_mut().tokens.insert(actor, token.clone());
        Service { token, actor, ..service.clone() }
    };
    match job {
        Job::Rotation => Box::pin(drive(own(None))),
        Job::Duplicate(step) => {
            let service = own(None);
            Box::pin(async move { drop(service.invoke(step).await) })
        }
        Job::Anew => Box::pin(replace(own(Some(20 + actor)))),
        Job::ByHand(act) => {
            // Other jobs run concurrently.
            let (world, name) = (own(None).world, "operator: manual change");
            Box::pin(async move { world.call(name, || act.by_hand(&world), || ()).await })
        }
    }
}

/// The four steps, and once more from the start where one failed.
async fn drive(service: Service) {
    for _ in 0..2 {
        let mut failed = false;
        for step in Step::ALL {
            failed = !matches!(service.invoke(step).await, Some(Ok(_)));
            if failed {
                break;
            }
        }
        if !failed {
            service.world.call("service: end", || service.clean_up(), || ()).await;
            return;
        }
    }
}

/// An operator who removes the label first makes sure that AWSCURRENT logs in, as the documentation requires.
async fn replace(service: Service) {
    let world = std::rc::Rc::clone(&service.world);
    let anew = || {
        let safe = world.logs_in(&StagingLabel::Current);
        if safe {
            world.store.borrow_mut().secret_mut().unlabel(&StagingLabel::Pending);
            service.begin();
        }
        safe
    };
    if world.call("service: rotate anew", anew, || false).await {
        drive(service).await;
    }
}
