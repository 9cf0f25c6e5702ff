//! Every kind of manual change, right before every call of a rotation.
//!
//! Afterwards the service retries the rotation. It either converges or is refused with a code. Then the
//! operator does what the hints require (rotation on, the secret restored, AWSCURRENT or AWSPENDING on a
//! version that logs in, a new rotation), and it converges.

use std::{collections::BTreeSet, fmt::Write, time::Instant};

use expect_test::{Expect, expect};
use rotation_core::StagingLabel;

use crate::world::{Act, Kind, Plan, Service, Situation, Variant, version};

/// The results of one manual change, over all situations, kinds of servers and calls.
#[derive(Default)]
struct Ends {
    runs: usize,
    reached: BTreeSet<String>,
    /// What broke because the change came between an invocation's last read of the labels and its write.
    in_the_gap: BTreeSet<(&'static str, &'static str)>,
    /// What broke otherwise.
    outside: BTreeSet<(&'static str, &'static str)>,
}

impl Ends {
    fn of(act: Act, plan: Plan, kinds: &[Kind]) -> Self {
        let mut ends = Self::default();
        for (kind, situation) in kinds.iter().flat_map(|kind| Situation::FIRST.map(|at| (*kind, at))) {
            crate::world::World::run(async {
                let start = situation.prepare(plan, kind, Variant::Sound).await;
                let healthy = start.fork();
                assert_eq!(healthy.rotate().await, Some(1), "a healthy rotation");
                let calls = healthy.world.gate.borrow().calls;
                for at in 0..calls {
                    let service = start.fork();
                    service.world.gate.borrow_mut().meanwhile = Some((at, act));
                    ends.run(&service, situation).await;
                }
            });
        }
        ends
    }

    async fn run(&mut self, service: &Service, situation: Situation) {
        self.runs += 1;
        let world = &service.world;
        let end = match service.rotate_or_code().await {
            Ok(_) if world.logs_in(&StagingLabel::Current) => "converges".to_owned(),
            Ok(_) => "is taken for done".to_owned(),
            Err(code) => code.to_owned(),
        };
        self.reached.insert(end);
        let violations = std::mem::take(&mut world.watch.borrow_mut().violations);
        let gap = violations.iter().any(|violation| violation.unseen);
        let list = if gap { &mut self.in_the_gap } else { &mut self.outside };
        list.extend(violations.iter().map(|violation| (violation.invariant, violation.after)));
        let act = world.gate.borrow().meanwhile;
        assert!(recover(service).await, "{act:?}, {situation:?}: {:?}", world.gate.borrow().log);
    }
}

/// What an operator who follows the hints does, until AWSCURRENT logs in and a rotation works.
pub(crate) async fn recover(service: &Service) -> bool {
    let world = &service.world;
    world.gate.borrow_mut().meanwhile = None;
    for number in 90..94 {
        world.fix_manually();
        let under_way = {
            let store = world.store.borrow();
            let secret = store.secret();
            let pending = secret.holder(&StagingLabel::Pending).cloned();
            pending.filter(|token| !secret.holds(token, &StagingLabel::Current))
        };
        let token = under_way.unwrap_or_else(|| version(number));
        let again = Service { token, ..service.clone() }.started();
        match again.rotate_or_code().await {
            Ok(_) if world.logs_in(&StagingLabel::Current) => return true,
            Ok(_) => {}
            Err(code) => again.follow_hint(code),
        }
        // The version cannot be used: once AWSCURRENT logs in, its label may be removed.
        if world.logs_in(&StagingLabel::Current) {
            world.store.borrow_mut().secret_mut().unlabel(&StagingLabel::Pending);
        }
    }
    false
}

#[track_caller]
fn check(plan: Plan, kinds: &[Kind], at_least: usize, expected: &Expect) {
    let (start, mut runs, mut text) = (Instant::now(), 0, String::new());
    for act in Act::ALL {
        let ends = Ends::of(act, plan, kinds);
        runs += ends.runs;
        let list = ends.reached.into_iter().collect::<Vec<_>>().join(", ");
        writeln!(text, "{act}: {list}").unwrap();
        for (place, broken) in [("in the gap", ends.in_the_gap), ("otherwise", ends.outside)] {
            for (invariant, after) in broken {
                writeln!(text, "  {place} {invariant} after {after}").unwrap();
            }
        }
    }
    println!(
        "\nproof: operators, {plan:?}: {runs} rotations with a manual change, {:.1} s",
        start.elapsed().as_secs_f32()
    );
    expected.assert_eq(&text);
    assert!(runs >= at_least, "only {runs} rotations");
}

/// Whatever an operator does, a single user is recovered.
#[test]
fn single_user_is_recovered() {
    let kinds = [Kind::Transactional, Kind::Autocommit];
    check(
        Plan::SingleUser,
        &kinds,
        1_500,
        &expect![[r"
        AWSCURRENT moved back: converges
        AWSCURRENT moved on: converges, is taken for done
        AWSPENDING removed: VERSION_NOT_PENDING, converges
          in the gap I1 after server: commit
          in the gap I1 after server: set password
          in the gap I2 after server: commit
          in the gap I2 after server: set password
          in the gap I4 after server: commit
          in the gap I4 after server: set password
          in the gap I4 after store: PutSecretValue
          in the gap I4 after store: UpdateSecretVersionStage
        password changed: converges, is taken for done
          otherwise I2 after store: UpdateSecretVersionStage
          otherwise I3 after store: UpdateSecretVersionStage
          otherwise I9 after store: UpdateSecretVersionStage
        value put: converges
        master rotated: converges
        clone dropped: converges
        old password discarded: converges
        rotation disabled: ROTATION_DISABLED, converges
          in the gap I4 after server: commit
          in the gap I4 after server: set password
          in the gap I4 after store: PutSecretValue
          in the gap I4 after store: UpdateSecretVersionStage
        secret deleted: SECRET_DELETED
          in the gap I4 after server: commit
          in the gap I4 after server: set password
    "]],
    );
}

/// Whatever an operator does, a single user with two passwords is recovered.
#[test]
fn two_passwords_are_recovered() {
    let kinds = [Kind::TwoPasswords, Kind::TwoPasswordsWithHistory];
    check(
        Plan::SingleUser,
        &kinds,
        1_500,
        &expect![[r"
        AWSCURRENT moved back: converges
          in the gap I2 after server: set password
          in the gap I9 after store: UpdateSecretVersionStage
          otherwise I9 after store: UpdateSecretVersionStage
        AWSCURRENT moved on: converges, is taken for done
        AWSPENDING removed: VERSION_NOT_PENDING, converges
          in the gap I4 after server: overwrite password
          in the gap I4 after server: set password
          in the gap I4 after store: PutSecretValue
          in the gap I4 after store: UpdateSecretVersionStage
        password changed: converges, is taken for done
          in the gap I2 after server: overwrite password
          in the gap I9 after store: UpdateSecretVersionStage
          otherwise I2 after store: UpdateSecretVersionStage
          otherwise I3 after store: UpdateSecretVersionStage
          otherwise I9 after store: UpdateSecretVersionStage
        value put: converges
          otherwise I9 after store: UpdateSecretVersionStage
        master rotated: converges
        clone dropped: converges
        old password discarded: DB_NO_CREDENTIAL_ACCEPTED, converges
        rotation disabled: ROTATION_DISABLED, converges
          in the gap I4 after server: overwrite password
          in the gap I4 after server: set password
          in the gap I4 after store: PutSecretValue
          in the gap I4 after store: UpdateSecretVersionStage
        secret deleted: SECRET_DELETED
          in the gap I4 after server: overwrite password
          in the gap I4 after server: set password
    "]],
    );
}

/// Whatever an operator does, alternating users are recovered.
#[test]
fn master_user_is_recovered() {
    let kinds = [Kind::Transactional, Kind::Autocommit, Kind::AutocommitWithLock];
    check(
        Plan::Alternating,
        &kinds,
        2_700,
        &expect![[r"
        AWSCURRENT moved back: DB_CLONE_EXCEEDS_ORIGINAL, PENDING_USER_DIFFERS, converges
          in the gap I2 after server: commit
          in the gap I2 after server: set password
          in the gap I6 after server: commit
          in the gap I6 after server: set password
          in the gap I8 after server: revoke
          in the gap I9 after store: UpdateSecretVersionStage
          otherwise I9 after store: UpdateSecretVersionStage
        AWSCURRENT moved on: converges, is taken for done
          in the gap I6 after server: commit
          in the gap I6 after server: set password
          in the gap I8 after server: revoke
          otherwise I3 after store: UpdateSecretVersionStage
          otherwise mark after store: UpdateSecretVersionStage
        AWSPENDING removed: VERSION_NOT_PENDING, converges
          in the gap I4 after server: commit
          in the gap I4 after server: create user
          in the gap I4 after server: grant
          in the gap I4 after server: mark
          in the gap I4 after server: revoke
          in the gap I4 after server: set password
          in the gap I4 after store: PutSecretValue
          in the gap I4 after store: UpdateSecretVersionStage
        password changed: converges
        value put: DB_AUTH_REFUSED, converges
          otherwise I9 after store: UpdateSecretVersionStage
        master rotated: converges
        clone dropped: converges, is taken for done
          otherwise I2 after store: UpdateSecretVersionStage
          otherwise I3 after store: UpdateSecretVersionStage
          otherwise I8 after store: UpdateSecretVersionStage
        old password discarded: converges
        rotation disabled: ROTATION_DISABLED, converges
          in the gap I4 after server: commit
          in the gap I4 after server: create user
          in the gap I4 after server: grant
          in the gap I4 after server: mark
          in the gap I4 after server: revoke
          in the gap I4 after server: set password
          in the gap I4 after store: PutSecretValue
          in the gap I4 after store: UpdateSecretVersionStage
        secret deleted: SECRET_DELETED
          in the gap I4 after server: commit
          in the gap I4 after server: create user
          in the gap I4 after server: grant
          in the gap I4 after server: mark
          in the gap I4 after server: revoke
          in the gap I4 after server: set password
    "]],
    );
}
