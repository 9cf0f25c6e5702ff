//! Every fault at every call of every invocation, alone and in pairs, from every state of the world that any number
//! of such faults can lead to.
//!
//! What an invocation does depends on the world alone, so the world is walked as a graph: a node is a world and the
//! step that the service calls next, an edge is an invocation with no, one or two faults in it. Schedules with two
//! faults anywhere are among its paths, and so are those with more.

use std::collections::HashSet;

use rotation_core::Step;

use crate::world::{FAULTS, Fault, Kind, Plan, Service, Situation, Variant, Violation, World};

/// What an exploration came to.
#[derive(Default)]
pub(crate) struct Explored {
    /// Distinct worlds, with the step that comes next.
    pub(crate) nodes: usize,
    /// Invocations, each with its faults.
    pub(crate) invocations: usize,
    pub(crate) violations: Vec<Broken>,
    /// What journals said of credentials, each held against the world.
    pub(crate) statements: usize,
    /// The most whole rotations that it took from any world until success, once faults had stopped; the service
    /// gives up after four.
    pub(crate) attempts: Option<usize>,
    visited: HashSet<(u64, Step)>,
    open: Vec<(Service, Step)>,
}

/// A violation, with the step and the faults of the invocation in which it arose.
#[derive(Debug)]
pub(crate) struct Broken {
    pub(crate) violation: Violation,
    #[expect(dead_code, reason = "printed where a test fails")]
    step: Step,
    #[expect(dead_code, reason = "printed where a test fails")]
    faults: Vec<(usize, Fault)>,
}

impl Explored {
    /// Walks all worlds of one plan on one kind of server.
    pub(crate) fn all(plan: Plan, kind: Kind, variant: Variant) -> Self {
        let mut explored = Self { attempts: Some(0), ..Self::default() };
        World::run(async {
            for situation in Situation::ALL {
                explored.visited.clear();
                let start = situation.prepare(plan, kind, variant).await;
                explored.open.push((start, Step::Create));
                while let Some((service, step)) = explored.open.pop() {
                    explored.nodes += 1;
                    explored.leave(&service, step).await;
                }
            }
        });
        explored
    }

    /// All edges that leave a node.
    async fn leave(&mut self, service: &Service, step: Step) {
        let faults_from = |from, calls| (from..calls).flat_map(|at| FAULTS.map(|fault| (at, fault)));
        let calls = self.invoke(service, step, &[]).await;
        for first in faults_from(0, calls) {
            let calls = self.invoke(service, step, &[first]).await;
            for second in faults_from(first.0 + 1, calls) {
                self.invoke(service, step, &[first, second]).await;
            }
        }
    }

    /// One edge; the number of calls that the invocation made.
    async fn invoke(&mut self, from: &Service, step: Step, faults: &[(usize, Fault)]) -> usize {
        let service = from.fork();
        service.world.gate.borrow_mut().faults = faults.to_vec();
        let succeeded = matches!(service.invoke(step).await, Some(Ok(_)));
        self.invocations += 1;
        let calls = std::mem::take(&mut *service.world.gate.borrow_mut()).calls;
        let next =
            if succeeded { Step::ALL.into_iter().find(|next| *next > step) } else { Some(Step::Create) };
        if next.is_none() {
            service.end();
        }
        let violations = std::mem::take(&mut service.world.watch.borrow_mut().violations);
        self.statements += std::mem::take(&mut service.world.watch.borrow_mut().statements);
        let broken = |violation| Broken { violation, step, faults: faults.to_vec() };
        self.violations.extend(violations.into_iter().map(broken));
        if let Some(next) = next
            && self.visited.insert((service.world.digest(), next))
        {
            let attempts = service.fork().rotate().await;
            self.attempts = self.attempts.zip(attempts).map(|(most, attempts)| most.max(attempts));
            self.open.push((service, next));
        }
        calls
    }
}

#[track_caller]
fn check(plan: Plan, kind: Kind, at_least: usize) {
    let explored = Explored::all(plan, kind, Variant::Sound);
    println!(
        "{plan:?}, {kind:?}: {} worlds, {} invocations, {} statements of journals",
        explored.nodes, explored.invocations, explored.statements
    );
    assert!(explored.statements > explored.nodes, "{} statements only", explored.statements);
    let broken = &explored.violations;
    assert!(broken.is_empty(), "{:#?}", &broken[..broken.len().min(5)]);
    assert_eq!(explored.attempts, Some(1), "I5: whole rotations until success, once faults have stopped");
    assert!(explored.invocations >= at_least, "only {} invocations were explored", explored.invocations);
}

#[test]
fn single_user_with_transactions_survives_any_faults() {
    check(Plan::SingleUser, Kind::Transactional, 4_917);
}

#[test]
fn single_user_without_transactions_survives_any_faults() {
    check(Plan::SingleUser, Kind::Autocommit, 4_917);
}

#[test]
fn alternating_users_with_transactions_survive_any_faults() {
    check(Plan::Alternating, Kind::Transactional, 8_223);
}

#[test]
fn alternating_users_without_transactions_survive_any_faults() {
    check(Plan::Alternating, Kind::Autocommit, 13_023);
}

#[test]
fn alternating_users_by_the_secrets_own_master_arn_survive_any_faults() {
    check(Plan::AlternatingByField, Kind::Transactional, 6_599);
    check(Plan::AlternatingByField, Kind::Autocommit, 10_643);
}
