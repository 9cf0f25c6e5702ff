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

#[test]
fn a_login_at_another_port_of_the_host_proves_nothing() {
    for kind in [Kind::Transactional, Kind::Autocommit] {
        check(Defect::HostAlone, Situation::OtherPort, Plan::Alternating, kind, &["I10", "STATE"]);
    }
}

#[test]
fn a_form_that_a_setting_names_locks_the_user_out() {
    let lost = &["I1", "I2", "STATE", "kept"];
    check(Defect::FormBySetting, Situation::OtherForm, Plan::SingleUser, Kind::Transactional, lost);
}

#[test]
fn what_is_revoked_from_a_live_clone_is_missed() {
    check(Defect::RevokesFromLive, Situation::Gained, Plan::Alternating, Kind::Autocommit, &["I8"]);
}

#[test]
fn a_clone_that_owns_what_the_original_cannot_use_is_cut_off() {
    check(Defect::AdoptsBlindly, Situation::OutOfReach, Plan::Alternating, Kind::Transactional, &["I8"]);
}

#[test]
fn a_second_password_that_is_kept_still_logs_in() {
    for plan in [Plan::SingleUser, Plan::Alternating] {
        check(Defect::KeepsSecondary, Situation::SecondaryLeft, plan, Kind::Autocommit, &["I9"]);
    }
}

#[test]
fn a_mark_that_is_not_looked_at_takes_another_secrets_users() {
    for plan in [Plan::SingleUser, Plan::Alternating] {
        let locked_out = &["I2 of another secret"];
        check(Defect::IgnoresMark, Situation::OtherSecret, plan, Kind::Transactional, locked_out);
    }
}

#[test]
fn a_clone_whose_session_is_its_own_is_not_promoted() {
    check(Defect::TrustsSession, Situation::Parted, Plan::Alternating, Kind::Transactional, &["I8"]);
}

/// Where a greeting counts as a login, AWSCURRENT seems to log in and AWSPENDING to be refused, so that
/// abandoning AWSPENDING looks safe. But it is the only one that the server accepts.
#[test]
fn a_greeting_that_counts_as_a_login_gives_the_working_password_up() {
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
