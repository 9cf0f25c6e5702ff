//! Two concurrent invocations, and one manual change before any call of either.
//!
//! Outside of the gap everything follows from one thing: finishSecret trusts testSecret, as semantics.md
//! states. With alternating users it takes a second finishSecret, because the first has made the user live
//! whose password is then changed manually. Inside the gap, the list has only what the two invocations do not
//! cause by themselves. No change leads to these three: the secret keeps no version that logs in; the
//! remediation of the hints does not help; a master writes to a server at which no password of the secret was
//! proved (I10).

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt::Write,
    time::Instant,
};

use expect_test::{Expect, expect};
use rotation_core::Step;

use super::{Pair, Race, Walked};
use crate::{
    schedules::setting,
    world::{Act, Kind, Plan, Variant, Violation},
};

/// Two invocations of one token.
const ONE_TOKEN: &[Race] = &[Race::Duplicate, Race::Retry];
/// An invocation concurrent with the rotation that replaced its own.
const TWO_TOKENS: &[Race] = &[Race::Stale];
const SINGLE: &[Kind] = &[Kind::Transactional, Kind::Autocommit, Kind::AutocommitWithLock];
const TWO_PASSWORDS: &[Kind] = &[Kind::TwoPasswords, Kind::TwoPasswordsWithHistory];
const ALTERNATING: &[Kind] =
    &[Kind::Transactional, Kind::RowLock, Kind::Autocommit, Kind::AutocommitWithLock];
/// The steps of a plain `cargo test`. `scripts/prove` runs all steps, on every kind of server.
const FEW: &[Step] = &[Step::Finish];
/// The least number of points of those steps.
const AT_LEAST_OF_FEW: usize = 800;

/// Walks these races at every step on every kind of server, with every manual change before any call.
#[track_caller]
fn check(races: &[Race], plan: Plan, kinds: &[Kind], at_least: usize, expected: &Expect) {
    let all = setting("PROVE_ACTS").is_some();
    let (kinds, steps) = if all { (kinds, &Step::ALL[..]) } else { (&kinds[..1], FEW) };
    let (start, mut points, mut schedules) = (Instant::now(), 0, 0);
    let mut found: BTreeMap<Act, BTreeSet<String>> = BTreeMap::new();
    for race in races {
        for (kind, step) in kinds.iter().flat_map(|kind| steps.iter().map(|step| (*kind, *step))) {
            let pair = Pair { race: *race, step, plan, kind, variant: Variant::Sound, acts: &Act::ALL };
            let walked = Walked::all(pair);
            points += walked.points;
            schedules += walked.schedules;
            for (act, broken) in &walked.after {
                let never = |one: &&Violation| ["kept", "hints", "I10"].contains(&one.invariant);
                let lost: Vec<_> = broken.in_the_gap.iter().chain(&broken.otherwise).filter(never).collect();
                assert!(lost.is_empty(), "{act}, {pair:?}: {lost:?}");
                let alone: BTreeSet<_> = walked.alone.in_the_gap.iter().map(|one| one.invariant).collect();
                let beyond = broken.in_the_gap.iter().filter(|one| !alone.contains(one.invariant));
                let otherwise = broken.otherwise.iter();
                let lines = found.entry(*act).or_default();
                lines.extend(beyond.map(|one| format!("in the gap {}", one.invariant)));
                lines.extend(otherwise.map(|one| format!("otherwise {} after {}", one.invariant, one.after)));
            }
        }
    }
    println!(
        "\nproof: interleavings with a manual change, {races:?}, {plan:?}, {kinds:?}: {points} points, \
         {schedules} schedules, {:.1} s",
        start.elapsed().as_secs_f32()
    );
    let mut text = String::new();
    for (act, line) in found.iter().flat_map(|(act, lines)| lines.iter().map(move |line| (act, line))) {
        writeln!(text, "{act}: {line}").unwrap();
    }
    if all {
        expected.assert_eq(&text);
    }
    assert!(points >= if all { at_least } else { AT_LEAST_OF_FEW }, "only {points} points were walked");
    let known: Vec<_> = expected.data().lines().map(str::trim).collect();
    let unknown: Vec<_> = text.lines().filter(|line| !known.contains(line)).collect();
    assert!(unknown.is_empty(), "{unknown:#?}");
}

/// A manual change during two invocations of a single user leaves a version that logs in.
#[test]
fn two_invocations_single_user() {
    check(
        ONE_TOKEN,
        Plan::SingleUser,
        SINGLE,
        116_000,
        &expect![[r"
        AWSCURRENT moved back: in the gap I4
        AWSCURRENT moved on: in the gap I4
        AWSPENDING removed: in the gap I1
        AWSPENDING removed: in the gap I2
        AWSPENDING removed: in the gap I4
        password changed: in the gap I2
        password changed: in the gap I3
        password changed: in the gap I4
        password changed: in the gap I9
        password changed: otherwise I2 after store: UpdateSecretVersionStage
        password changed: otherwise I3 after store: UpdateSecretVersionStage
        password changed: otherwise I9 after store: UpdateSecretVersionStage
        value put: in the gap I4
        rotation disabled: in the gap I4
        secret deleted: in the gap I4
    "]],
    );
}

/// A manual change during two invocations of a single user with two passwords leaves a version
/// that logs in.
#[test]
fn two_invocations_two_passwords() {
    check(
        ONE_TOKEN,
        Plan::SingleUser,
        TWO_PASSWORDS,
        98_000,
        &expect![[r"
        AWSCURRENT moved back: in the gap I2
        AWSCURRENT moved back: in the gap I4
        AWSCURRENT moved back: in the gap I9
        AWSCURRENT moved back: otherwise I9 after store: UpdateSecretVersionStage
        AWSCURRENT moved on: in the gap I4
        AWSPENDING removed: in the gap I4
        password changed: in the gap I2
        password changed: in the gap I3
        password changed: in the gap I4
        password changed: in the gap I9
        password changed: otherwise I2 after store: UpdateSecretVersionStage
        password changed: otherwise I3 after store: UpdateSecretVersionStage
        password changed: otherwise I9 after store: UpdateSecretVersionStage
        value put: in the gap I4
        value put: otherwise I9 after store: UpdateSecretVersionStage
        rotation disabled: in the gap I4
        secret deleted: in the gap I4
    "]],
    );
}

/// A manual change during two invocations of alternating users leaves a version that logs in.
#[test]
fn two_invocations_master_user() {
    check(
        ONE_TOKEN,
        Plan::Alternating,
        ALTERNATING,
        311_000,
        &expect![[r"
        AWSCURRENT moved back: in the gap I2
        AWSCURRENT moved back: in the gap I4
        AWSCURRENT moved back: in the gap I9
        AWSCURRENT moved back: otherwise I9 after store: UpdateSecretVersionStage
        AWSCURRENT moved on: in the gap I4
        AWSPENDING removed: in the gap I4
        password changed: in the gap I2
        password changed: in the gap I3
        password changed: in the gap I4
        password changed: in the gap I9
        password changed: otherwise I2 after store: UpdateSecretVersionStage
        password changed: otherwise I3 after store: UpdateSecretVersionStage
        password changed: otherwise I9 after store: UpdateSecretVersionStage
        value put: in the gap I4
        value put: otherwise I9 after store: UpdateSecretVersionStage
        clone dropped: in the gap I3
        clone dropped: in the gap I4
        rotation disabled: in the gap I4
        secret deleted: in the gap I4
    "]],
    );
}

/// A manual change during a stale single-user invocation leaves a version that logs in.
#[test]
fn stale_invocation_single_user() {
    check(
        TWO_TOKENS,
        Plan::SingleUser,
        SINGLE,
        56_000,
        &expect![[r"
        AWSPENDING removed: in the gap I1
        AWSPENDING removed: in the gap I2
        AWSPENDING removed: in the gap I4
        password changed: in the gap I2
        password changed: in the gap I3
        password changed: in the gap I4
        password changed: in the gap I9
        password changed: otherwise I2 after store: UpdateSecretVersionStage
        password changed: otherwise I3 after store: UpdateSecretVersionStage
        password changed: otherwise I9 after store: UpdateSecretVersionStage
        rotation disabled: in the gap I4
        secret deleted: in the gap I4
    "]],
    );
}

/// A manual change during a stale single-user invocation with two passwords leaves a version that
/// logs in.
#[test]
fn stale_invocation_two_passwords() {
    check(
        TWO_TOKENS,
        Plan::SingleUser,
        TWO_PASSWORDS,
        54_000,
        &expect![[r"
        AWSCURRENT moved back: in the gap I2
        AWSCURRENT moved back: in the gap I3
        AWSCURRENT moved back: in the gap I9
        AWSCURRENT moved back: otherwise I9 after store: UpdateSecretVersionStage
        AWSCURRENT moved on: in the gap I9
        AWSPENDING removed: in the gap I4
        password changed: in the gap I1
        password changed: in the gap I2
        password changed: in the gap I3
        password changed: in the gap I9
        password changed: otherwise I2 after store: UpdateSecretVersionStage
        password changed: otherwise I3 after store: UpdateSecretVersionStage
        password changed: otherwise I9 after store: UpdateSecretVersionStage
        value put: in the gap I9
        value put: otherwise I9 after store: UpdateSecretVersionStage
        old password discarded: in the gap I1
        rotation disabled: in the gap I4
        secret deleted: in the gap I4
    "]],
    );
}

/// A manual change during a stale invocation of alternating users leaves a version that logs in.
#[test]
fn stale_invocation_master_user() {
    check(
        TWO_TOKENS,
        Plan::Alternating,
        ALTERNATING,
        283_000,
        &expect![[r"
        AWSCURRENT moved back: in the gap I1
        AWSCURRENT moved back: in the gap I2
        AWSCURRENT moved back: in the gap I3
        AWSCURRENT moved back: in the gap I9
        AWSCURRENT moved back: otherwise I9 after store: UpdateSecretVersionStage
        AWSPENDING removed: in the gap I4
        password changed: in the gap I1
        password changed: in the gap I3
        password changed: in the gap I9
        password changed: otherwise I9 after store: UpdateSecretVersionStage
        value put: in the gap I1
        value put: in the gap I9
        value put: otherwise I9 after store: UpdateSecretVersionStage
        clone dropped: in the gap I1
        clone dropped: in the gap I3
        clone dropped: in the gap I8
        clone dropped: otherwise I2 after store: UpdateSecretVersionStage
        clone dropped: otherwise I3 after store: UpdateSecretVersionStage
        clone dropped: otherwise I8 after store: UpdateSecretVersionStage
        rotation disabled: in the gap I4
        secret deleted: in the gap I4
    "]],
    );
}
