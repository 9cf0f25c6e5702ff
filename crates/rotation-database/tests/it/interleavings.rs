//! Two invocations at once, switched at every call.
//!
//! Two concurrent calls of one step break nothing. A stale invocation, whose rotation was cancelled and
//! replaced while it ran, breaks something only if it had read the labels before they moved and writes right
//! afterwards: in the gap between the last read of the labels and the write. No service offers a way to read
//! and write atomically there. The tests check that nothing breaks outside of this gap, and name exactly what
//! can break inside it:
//!
//! - createSecret, `DescribeSecret` to `PutSecretValue`: the call has no compare-and-swap and takes
//!   AWSPENDING along, away from the new rotation (I4). That rotation is then refused (I5) until an operator
//!   removes the label. If a single user's setSecret had run meanwhile, the password that works is under no
//!   label (I1, I2).
//! - setSecret of a single user, label check to commit: the database then has the password of a version
//!   without a label (I1, I2, I4, and no retry can know it: I5). With a lock held from before the check, a
//!   new setSecret that had logged in waits and then overwrites it. Without a lock, the old password may also
//!   be set after the new one, and even after finishSecret (I3, and I9: a password logs in that neither label
//!   holds).
//! - setSecret of alternating users, the same gap: with a lock held from before the check, whether a
//!   transaction lock or an advisory one, the new setSecret comes later and overwrites (I4 only). Without a
//!   lock, the old statement may take effect after the new rotation has ended, and AWSCURRENT no longer logs
//!   in (I2, I3, I9) until the next retry.
//! - finishSecret of alternating users, `DescribeSecret` to `UpdateSecretVersionStage`: the swap compares
//!   AWSCURRENT but cannot compare AWSPENDING, so it succeeds until the new rotation has moved AWSCURRENT
//!   (I4). If the new rotation's setSecret had finished, AWSCURRENT does not log in until its finishSecret
//!   (I2), which is refused if it, too, had read the labels before (I5). Because AWSPREVIOUS follows, the
//!   password that was AWSCURRENT's before both logs in without a label until its user is changed the next
//!   time (I9).

mod manual_change;
mod race;
mod walk;

use std::{
    collections::BTreeSet,
    fmt::Write,
    time::{Duration, Instant},
};

use expect_test::{Expect, expect};
use rotation_core::{StagingLabel, Step};

pub(crate) use self::{
    race::{Pair, Race},
    walk::Walked,
};
use crate::world::{Act, Kind, Plan, Sighting, Situation, Variant, World};

/// Walks one race at each step, and compares which invariants break.
#[track_caller]
fn check(
    race: Race,
    plan: Plan,
    kind: Kind,
    steps: &[Step],
    sighted: &[Sighting],
    at_least: usize,
    broken: &Expect,
) {
    let start = Instant::now();
    let (mut points, mut schedules, mut text) = (0, 0, String::new());
    let mut reached = BTreeSet::new();
    for step in steps {
        let walked = Walked::all(Pair { race, step: *step, plan, kind, variant: Variant::Sound, acts: &[] });
        points += walked.points;
        schedules += walked.schedules;
        reached.extend(walked.sighted);
        assert!(walked.alone.otherwise.is_empty(), "{step}: {:#?}", walked.alone.otherwise);
        // Another rotation is not a defect of the database: the answer of the labels comes first.
        assert!(!walked.answers.contains("DB_NO_CREDENTIAL_ACCEPTED"), "{step}: {:?}", walked.answers);
        assert!(!walked.answers.contains("DB_AUTH_REFUSED"), "{step}: {:?}", walked.answers);
        let names: BTreeSet<_> =
            walked.alone.in_the_gap.iter().map(|violation| violation.invariant).collect();
        let names: Vec<_> = names.into_iter().collect();
        if !names.is_empty() {
            writeln!(text, "{step}: {}", names.join(" ")).unwrap();
        }
    }
    println!(
        "\nproof: interleavings, {race:?}, {plan:?}, {kind:?}: {points} points, {schedules} schedules, \
         {:.1} s",
        start.elapsed().as_secs_f32()
    );
    broken.assert_eq(&text);
    let missed: Vec<_> = sighted.iter().filter(|sighting| !reached.contains(sighting)).collect();
    assert!(missed.is_empty(), "never reached: {missed:?} of {reached:?}");
    assert!(points >= at_least, "only {points} points were walked");
}

const ALL: &[Step] = &Step::ALL;
/// The states that two invocations of the same token reach.
const TWO: [Sighting; 3] = [Sighting::BothLoggedIn, Sighting::FirstValueKept, Sighting::LostSwapFound];
/// The states that a stale invocation reaches.
const STALE: [Sighting; 4] = [
    Sighting::BothLoggedIn,
    Sighting::StaleSetTakenBack,
    Sighting::OvertakenAndTold,
    Sighting::WroteInTheGap,
];
/// The same where AWSCURRENT logs in both before finishSecret and after it.
const STALE_TWO_PASSWORDS: [Sighting; 4] = [
    Sighting::BothLoggedIn,
    Sighting::StaleSetTakenBack,
    Sighting::StaleSwapRefused,
    Sighting::WroteInTheGap,
];
/// The states of a stale invocation of alternating users. Its AWSCURRENT logs in until finishSecret, so it
/// may be replaced until then.
const STALE_ALTERNATING: [Sighting; 4] = [
    Sighting::BothLoggedIn,
    Sighting::StaleSetTakenBack,
    Sighting::StaleSwapRefused,
    Sighting::WroteInTheGap,
];

/// A step that is called twice at once breaks nothing for a single user.
#[test]
fn double_call_single_user() {
    check(Race::Duplicate, Plan::SingleUser, Kind::Transactional, ALL, &TWO, 390, &expect![""]);
    check(Race::Duplicate, Plan::SingleUser, Kind::Autocommit, ALL, &TWO, 340, &expect![""]);
}

/// A step that is called twice at once breaks nothing for alternating users with transactions.
#[test]
fn double_call_master_user_with_transactions() {
    check(Race::Duplicate, Plan::Alternating, Kind::Transactional, ALL, &TWO, 1_130, &expect![""]);
}

/// A step that is called twice at once breaks nothing for alternating users without transactions.
#[test]
fn double_call_master_user_no_transactions() {
    check(Race::Duplicate, Plan::Alternating, Kind::Autocommit, ALL, &TWO, 490, &expect![""]);
}

/// A retry concurrent with an invocation that is still running breaks nothing.
#[test]
fn retry_during_a_running_invocation() {
    for (plan, kind, at_least) in [
        (Plan::SingleUser, Kind::Transactional, 510),
        (Plan::SingleUser, Kind::Autocommit, 450),
        (Plan::SingleUser, Kind::AutocommitWithLock, 510),
        (Plan::SingleUser, Kind::TwoPasswords, 620),
        (Plan::SingleUser, Kind::TwoPasswordsWithHistory, 620),
        (Plan::Alternating, Kind::Transactional, 1_330),
        (Plan::Alternating, Kind::RowLock, 820),
        (Plan::Alternating, Kind::Autocommit, 650),
        (Plan::Alternating, Kind::AutocommitWithLock, 1_330),
    ] {
        check(Race::Retry, plan, kind, ALL, &TWO, at_least, &expect![""]);
    }
}

/// A stale single-user invocation with two passwords does harm in the gap only.
#[test]
fn stale_single_user_with_two_passwords() {
    for kind in [Kind::TwoPasswords, Kind::TwoPasswordsWithHistory] {
        let broken = expect![[r"
            createSecret: I4
            setSecret: I4
            finishSecret: I2 I4 I9
        "]];
        check(Race::Stale, Plan::SingleUser, kind, ALL, &STALE_TWO_PASSWORDS, 850, &broken);
    }
}

/// A step that is called twice at once breaks nothing for a single user with two passwords.
#[test]
fn double_call_single_user_two_passwords() {
    check(Race::Duplicate, Plan::SingleUser, Kind::TwoPasswords, ALL, &TWO, 460, &expect![""]);
    check(Race::Duplicate, Plan::SingleUser, Kind::TwoPasswordsWithHistory, ALL, &TWO, 470, &expect![""]);
}

/// A stale single-user invocation with a lock does harm in the gap only.
#[test]
fn stale_single_user_with_a_lock() {
    for kind in [Kind::Transactional, Kind::AutocommitWithLock] {
        let broken = expect![[r"
            createSecret: I1 I2 I4 I5
            setSecret: I1 I2 I4 I5
        "]];
        check(Race::Stale, Plan::SingleUser, kind, ALL, &STALE, 580, &broken);
    }
}

/// A stale single-user invocation without transactions does harm in the gap only.
#[test]
fn stale_single_user_without_transactions() {
    check(
        Race::Stale,
        Plan::SingleUser,
        Kind::Autocommit,
        ALL,
        &STALE,
        550,
        &expect![[r"
        createSecret: I1 I2 I4 I5
        setSecret: I1 I2 I3 I4 I5 I9
    "]],
    );
}

/// A stale invocation of alternating users with transactions does harm in the gap only.
#[test]
fn stale_master_user_with_transactions() {
    for kind in [Kind::Transactional, Kind::RowLock] {
        let broken = expect![[r"
            createSecret: I4 I5
            setSecret: I4
            finishSecret: I2 I4 I5 I9
        "]];
        check(Race::Stale, Plan::Alternating, kind, ALL, &STALE_ALTERNATING, 1_700, &broken);
    }
}

/// A turn that is reported too soon lets a stale invocation write last.
/// The purpose of the turn's lock: without it, reading the labels while staging runs lets an old statement
/// take effect last.
#[test]
fn turn_granted_too_soon_is_seen() {
    let sighted = [Sighting::WroteInTheGap];
    let broken = expect![[r"
        setSecret: I2 I3 I4 I9
    "]];
    check(Race::Stale, Plan::Alternating, Kind::TurnSaidTooSoon, &[Step::Set], &sighted, 1_250, &broken);
}

/// A stale invocation of alternating users without transactions does harm in the gap only.
#[test]
fn stale_master_user_without_transactions() {
    check(
        Race::Stale,
        Plan::Alternating,
        Kind::Autocommit,
        ALL,
        &STALE_ALTERNATING,
        1_400,
        &expect![[r"
        createSecret: I4 I5
        setSecret: I2 I3 I4 I9
        finishSecret: I2 I4 I5 I9
    "]],
    );
}

/// An advisory lock does for alternating users what a transaction does.
#[test]
fn advisory_lock_equals_a_transaction() {
    let sighted = [&STALE_ALTERNATING[..], &[Sighting::WaitedForAnother]].concat();
    let broken = expect![[r"
        createSecret: I4 I5
        setSecret: I4
        finishSecret: I2 I4 I5 I9
    "]];
    check(Race::Stale, Plan::Alternating, Kind::AutocommitWithLock, ALL, &sighted, 2_200, &broken);
}

/// A setSecret whose AWSCURRENT moves before its last look changes no user.
/// The label reads after staging are those of engines without turns, and of changes that waited for
/// applications.
#[test]
fn current_moves_before_the_last_look() {
    const BRIEFLY: Duration = Duration::from_millis(900);
    const LONG: Duration = Duration::from_millis(1100);
    for (kind, waits, looks) in [
        (Kind::Transactional, BRIEFLY, 2),
        (Kind::Transactional, LONG, 3),
        (Kind::RowLock, LONG, 2),
        (Kind::Autocommit, LONG, 2),
    ] {
        World::run(async {
            let start = Situation::SecondRotation.prepare(Plan::Alternating, kind, Variant::Sound).await;
            start.invoke(Step::Create).await.unwrap().unwrap();
            start.world.gate.borrow_mut().log.clear();
            start.world.gate.borrow_mut().calls = 0;
            start.world.server.borrow_mut().waits = waits;
            let healthy = start.fork();
            healthy.invoke(Step::Set).await.unwrap().unwrap();
            let log = healthy.world.gate.borrow().log.clone();
            let is_look = |(_, name): &(usize, &str)| *name == "store: DescribeSecret";
            assert_eq!(log.iter().filter(|call| is_look(call)).count(), looks, "{log:?}");
            let last_look = log.iter().rposition(is_look).unwrap();
            for at in 0..=last_look {
                let service = start.fork();
                service.world.gate.borrow_mut().meanwhile = Some((at, Act::CurrentMovedBack));
                assert!(service.invoke(Step::Set).await.unwrap().is_err(), "before call {at}");
                assert!(service.world.logs_in(&StagingLabel::Current), "before call {at}");
                assert_eq!(service.world.server.borrow().users, start.world.server.borrow().users);
            }
        });
    }
}
