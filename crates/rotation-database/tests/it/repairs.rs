//! Every state in which a rotation may stop for good: diagnosed, advised, and repaired.
//!
//! Invocations end after any number of calls, a manual change is made before any of them, two of them run
//! concurrently, and the service does not call again. Then the diagnosis runs, and its advice is followed.
//! Afterwards AWSCURRENT logs in, or the advice was that moving labels does not help, which is then true.

use std::{
    cell::RefCell,
    collections::{BTreeMap, HashSet},
    rc::Rc,
    time::{Duration, SystemTime},
};

use rotation_core::{Invoker, SecretId, StagingLabel, Step, diagnosis::Access};
use rotation_doctor::{Doctor, Logins, Remedy, StuckState};

use crate::world::{
    ARN, Act, Fault, Kind, Plan, Server, Service, Situation, Store, Variant, World, invocation,
};

/// The time that a diagnosis may take.
const TIME: Duration = Duration::from_mins(1);

thread_local! {
    /// The worlds that were repaired already.
    static KNOWN: RefCell<HashSet<u64>> = RefCell::default();
}

/// Repairs a copy of the world as the advice requires. Returns the state in which it was; `None` where this
/// world was repaired before.
///
/// # Panics
/// AWSCURRENT does not log in afterwards although some version does.
pub(crate) async fn repair(stuck: &Service) -> Option<StuckState> {
    if !KNOWN.with_borrow_mut(|known| known.insert(stuck.world.digest())) {
        return None;
    }
    let service = stuck.fork();
    let world = &service.world;
    // No other actor runs, and the rules for invocations do not bind a person.
    std::mem::take(&mut *world.gate.borrow_mut());
    std::mem::take(&mut *world.watch.borrow_mut());
    let (store, invocation) = (Store(Rc::clone(world)), invocation(TIME));
    let database = service.database(Server(Rc::clone(world)), &invocation);
    let (invoker, now) = (Invoker::Person, SystemTime::UNIX_EPOCH);
    let doctor = Doctor { store: &store, target: &database, invoker, logins: Logins::Each, now };
    let secret = SecretId::new(ARN).unwrap();
    let mut first = None;
    for _ in 0..3 {
        let before = (world.store.borrow().clone(), world.server.borrow().users.clone());
        let diagnosis = doctor.diagnose(&secret).await.unwrap();
        let after = (world.store.borrow().clone(), world.server.borrow().users.clone());
        assert_eq!(before, after, "a diagnosis changes nothing");
        let state = *first.get_or_insert(diagnosis.advice.state);
        match diagnosis.advice.remedy {
            Remedy::Move { .. } => doctor.repair(&diagnosis).await.unwrap(),
            Remedy::Restore => world.store.borrow_mut().secret_mut().deleted = false,
            Remedy::None | Remedy::RotateAgain { .. } => {
                assert!(world.logs_in(&StagingLabel::Current), "{}", diagnosis.situation.words());
                return Some(state);
            }
            // A finding that an administrator has to fix makes every rotation fail, but applications still
            // log in.
            Remedy::FixFirst if diagnosis.situation.hindered => {
                assert!(world.logs_in(&StagingLabel::Current), "{}", diagnosis.situation.words());
                return Some(state);
            }
            Remedy::FixFirst | Remedy::FixUnusable | Remedy::LookFurther(_) | Remedy::SetPassword { .. } => {
                // A refusal by a pooler, or a session that is not the original's, moves no label.
                let unclear = |access| matches!(access, Access::Unknown | Access::NoSession);
                let unclear = diagnosis.situation.versions.iter().any(|version| unclear(version.access));
                assert!(unclear || !world.some_version_logs_in(), "{}", diagnosis.situation.words());
                assert!(!unclear || world.may_answer_unclearly(), "{}", diagnosis.situation.words());
                return Some(state);
            }
        }
    }
    panic!("three moves were not enough: {:?}", world.store.borrow().secret().versions);
}

/// The number of distinct worlds in each state.
#[derive(Default)]
struct Found(BTreeMap<StuckState, usize>);

impl Found {
    async fn add(&mut self, service: &Service) {
        if let Some(state) = repair(service).await {
            *self.0.entry(state).or_default() += 1;
        }
    }

    /// A rotation that is killed after each of its calls, or before; the service does not call again.
    async fn killed(&mut self, start: &Service, situation: Situation) {
        let healthy = start.fork();
        assert_eq!(healthy.rotate_or_code().await.err(), situation.refusal(), "a rotation");
        let calls = healthy.world.gate.borrow().calls;
        for fault in [Fault::Kill, Fault::KillAfter] {
            for at in 0..calls {
                let service = start.fork();
                service.world.gate.borrow_mut().faults = vec![(at, fault)];
                for step in Step::ALL.into_iter().filter(|step| *step >= situation.next_step()) {
                    if !matches!(service.invoke(step).await, Some(Ok(_))) {
                        break;
                    }
                }
                self.add(&service).await;
            }
        }
        self.acted_on(start, calls).await;
    }

    /// A manual change before each call; the service gives up.
    async fn acted_on(&mut self, start: &Service, calls: usize) {
        for act in Act::ALL {
            for at in 0..calls {
                let service = start.fork();
                service.world.gate.borrow_mut().meanwhile = Some((at, act));
                let _ = service.rotate_or_code().await;
                self.add(&service).await;
            }
        }
    }
}

#[track_caller]
fn check(plan: Plan, kinds: &[Kind], states: &[StuckState]) {
    KNOWN.with_borrow_mut(HashSet::clear);
    let mut found = Found::default();
    let pairs = kinds.iter().flat_map(|kind| Situation::of(plan, *kind).into_iter().map(|at| (*kind, at)));
    for (kind, situation) in pairs {
        World::run(async {
            let start = situation.prepare(plan, kind, Variant::Sound).await;
            found.killed(&start, situation).await;
        });
    }
    let worlds: usize = found.0.values().sum();
    println!("proof: repairs, {plan:?}: {worlds} distinct worlds, {:?}", found.0);
    for state in states {
        assert!(found.0.contains_key(state), "{state:?} was not reached: {:?}", found.0);
    }
}

/// AWSCURRENT of a single user logs in again wherever a rotation stopped.
#[test]
fn single_user_current_logs_in_again() {
    use StuckState::{Healthy, OnlyPendingLogsIn, OnlyUnlabeledLogsIn, PendingEmpty, PendingRefused};
    let kinds = [Kind::Transactional, Kind::Autocommit];
    check(
        Plan::SingleUser,
        &kinds,
        &[Healthy, PendingEmpty, PendingRefused, OnlyPendingLogsIn, OnlyUnlabeledLogsIn],
    );
}

/// AWSCURRENT of alternating users logs in again wherever a rotation stopped.
#[test]
fn master_user_current_logs_in_again() {
    use StuckState::{BothLogIn, Healthy, PendingEmpty, PendingRefused};
    let kinds = [Kind::Transactional, Kind::AutocommitWithLock];
    check(Plan::Alternating, &kinds, &[Healthy, PendingEmpty, PendingRefused, BothLogIn]);
}
