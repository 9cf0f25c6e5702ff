//! Defects of an engine, each from the situation that it needs: with the defect a named invariant breaks,
//! without it none does.

use std::{
    collections::BTreeSet,
    rc::Rc,
    time::{Duration, SystemTime},
};

use rotation_core::{Invoker, SecretId};
use rotation_doctor::{Doctor, Logins, Unfinished};

use crate::{
    faults::Explored,
    world::{ARN, Defect, Kind, Plan, Server, Situation, Store, Variant, World, invocation},
};

/// The invariants that break after a situation.
fn broken(situation: Situation, plan: Plan, kind: Kind, variant: Variant) -> BTreeSet<&'static str> {
    let explored = Explored::from(&[situation], plan, kind, variant);
    explored.violations.iter().map(|broken| broken.violation.invariant).collect()
}

#[track_caller]
fn check(defect: Defect, situation: Situation, plan: Plan, kind: Kind, invariants: &[&'static str]) {
    assert_eq!(broken(situation, plan, kind, Variant::Sound), BTreeSet::new(), "{situation:?}, sound");
    let seen = broken(situation, plan, kind, Variant::Engine(defect));
    assert_eq!(seen, invariants.iter().copied().collect(), "{defect:?}, {situation:?}");
}

/// A login at another port of the host proves nothing: an engine that compares hosts alone is
/// detected.
#[test]
fn login_at_another_port() {
    for kind in [Kind::Transactional, Kind::Autocommit] {
        check(Defect::HostAlone, Situation::OtherPort, Plan::Alternating, kind, &["I10", "STATE"]);
    }
}

/// An engine that stores a password in the form that a setting names locks the user out, and is
/// detected.
#[test]
fn form_named_by_a_setting() {
    let lost = &["I1", "I2", "STATE", "kept"];
    check(Defect::FormBySetting, Situation::OtherForm, Plan::SingleUser, Kind::Transactional, lost);
}

/// An engine that revokes rights from the live clone takes what its user needs, and is detected.
#[test]
fn revoked_from_a_live_clone() {
    check(Defect::RevokesFromLive, Situation::Gained, Plan::Alternating, Kind::Autocommit, &["I8"]);
}

/// A clone that owns what the original cannot use is cut off: an engine that takes it in is
/// detected.
#[test]
fn clone_with_unusable_objects() {
    check(Defect::AdoptsBlindly, Situation::OutOfReach, Plan::Alternating, Kind::Transactional, &["I8"]);
}

/// A second password that an engine keeps still logs in, and is detected.
#[test]
fn kept_second_password_still_logs_in() {
    for plan in [Plan::SingleUser, Plan::Alternating] {
        check(Defect::KeepsSecondary, Situation::SecondaryLeft, plan, Kind::Autocommit, &["I9"]);
    }
}

/// An engine that does not look at the mark takes another secret's users, and is detected.
#[test]
fn ignored_mark_takes_other_users() {
    for plan in [Plan::SingleUser, Plan::Alternating] {
        let locked_out = &["I2 of another secret"];
        check(Defect::IgnoresMark, Situation::OtherSecret, plan, Kind::Transactional, locked_out);
    }
}

/// A clone whose session is its own is not promoted: an engine that promotes it is detected.
#[test]
fn clone_with_its_own_session() {
    check(Defect::TrustsSession, Situation::Parted, Plan::Alternating, Kind::Transactional, &["I8"]);
}

/// A greeting that counts as a login gives up the working password.
/// Where a greeting counts as a login, AWSCURRENT seems to log in and AWSPENDING to be refused, so that
/// abandoning AWSPENDING looks safe. But it is the only one that the server accepts.
#[test]
fn greeting_counted_as_a_login() {
    let abandoned = |variant| {
        World::run(async {
            let (plan, kind) = (Plan::SingleUser, Kind::Transactional);
            let service = Situation::StaleProxy.prepare(plan, kind, variant).await;
            service.rotate().await;
            let world = &service.world;
            world.watch.borrow_mut().violations.clear();
            let (store, invocation) = (Store(Rc::clone(world)), invocation(Duration::from_mins(1)));
            let database = service.database(Server(Rc::clone(world)), &invocation);
            let (invoker, now) = (Invoker::Person, SystemTime::UNIX_EPOCH);
            let doctor = Doctor { store: &store, target: &database, invoker, logins: Logins::Each, now };
            let mut diagnosis = doctor.diagnose(&SecretId::new(ARN).unwrap()).await.unwrap();
            diagnosis.advice = diagnosis.situation.advise(Unfinished::Abandon);
            doctor.repair(&diagnosis).await.unwrap();
            let watch = world.watch.borrow();
            watch.violations.iter().map(|violation| violation.invariant).collect::<BTreeSet<_>>()
        })
    };
    assert_eq!(abandoned(Variant::Sound), BTreeSet::new());
    assert_eq!(abandoned(Variant::Engine(Defect::GreetingCounts)), BTreeSet::from(["I1", "I2"]));
}
