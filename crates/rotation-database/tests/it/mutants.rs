//! Defects of other rotation functions, reintroduced on purpose: the proofs must detect each of them, and
//! name the invariant that it breaks.
//!
//! | Defect | Seen by | As |
//! |---|---|---|
//! | finishSecret reads AWSCURRENT anew | interleavings | I3 |
//! | setSecret is done as soon as pending logs in | faults | I3, I8 |
//! | the same opens connections before it compares hosts | a bad document | a login elsewhere |
//! | the same makes a healthy rotation log a failed login | call counts | a refused login |
//! | a certificate failure leads to plaintext | a bad certificate | TLS |
//! | any failure leads to plaintext | a left-over password | TLS |
//! | every failure counts as a wrong password | an unreachable server | the code |
//! | a token gets a second password | faults | I1, I2 |
//! | a change is committed without a last read of the labels | interleavings | I4 outside of the gap |
//! | the password that is replaced is not named, where two are kept | faults | I2, I9 |
//! | only hosts are compared, so that a login at one port counts at another | faults | I10 |
//! | a proxy's greeting counts as a login | recovery | I1, I2 |
//! | a password is stored in the form that a setting names | faults | I1, I2 |
//! | privileges are revoked from the live clone | faults | I8 |
//! | a clone is adopted that holds what the original cannot reach | faults | I8 |
//! | a clone is promoted whose session is not the original's | faults | I8 |
//! | the second password of a user stays | faults | I9 |
//! | another secret's pair is changed | faults | I2 of that secret |

mod engine;
mod engines;
mod store;
mod target;

use std::collections::BTreeSet;

use rotation_core::{StagingLabel, Step};

pub(crate) use self::{
    engine::{DowngradesTls, RetriesInPlaintext, SwallowsErrors},
    store::{OverwritesValue, RereadsCurrent},
    target::{NeverAsks, TrustsPending},
};
use crate::{
    faults::Explored,
    interleavings::{Pair, Race, Walked},
    world::{
        Act, Attempt, Badness, Fault, Kind, Plan, ServerTls, Situation, Value, Variant, World, document,
    },
};

/// The invariants that the exploration of all faults finds broken.
fn broken_by_faults(plan: Plan, kind: Kind, variant: Variant) -> BTreeSet<&'static str> {
    let explored = Explored::from(&Situation::FIRST, plan, kind, variant);
    explored.violations.iter().map(|broken| broken.violation.invariant).collect()
}

/// A stale finishSecret that reads AWSCURRENT anew leaves an AWSCURRENT that does not log in.
/// The real finishSecret can also be too late by one call (see `interleavings`), but AWSCURRENT logs in at
/// every end.
#[test]
fn stale_finish_that_reads_current_anew() {
    for kind in [Kind::Transactional, Kind::Autocommit] {
        let broken = |variant| {
            let (race, step, plan) = (Race::Stale, Step::Finish, Plan::Alternating);
            let walked = Walked::all(Pair { race, step, plan, kind, variant, acts: &[] });
            let all = walked.alone.in_the_gap.into_iter().chain(walked.alone.otherwise);
            all.map(|violation| violation.invariant).collect::<BTreeSet<_>>()
        };
        assert!(!broken(Variant::Sound).contains("I3"), "{kind:?}");
        assert!(broken(Variant::RereadsCurrent).contains("I3"), "{kind:?}");
    }
}

/// A setSecret that trusts a login with AWSPENDING promotes a clone without grants, and is
/// detected.
#[test]
fn set_that_trusts_a_pending_login() {
    for kind in [Kind::Transactional, Kind::Autocommit] {
        let broken = broken_by_faults(Plan::Alternating, kind, Variant::TrustsPending);
        assert_eq!(broken, BTreeSet::from(["I3", "I8", "mark"]));
    }
}

/// Rotates against a server with a bad certificate that would accept plaintext. Returns what was sent in
/// cleartext.
fn rotate_with_a_bad_certificate(badness: Badness, plan: Plan, variant: Variant) -> BTreeSet<&'static str> {
    World::run(async {
        let service = Situation::SecondRotation.prepare(plan, Kind::Transactional, variant).await;
        service.world.server.borrow_mut().tls = ServerTls::Bad(badness);
        service.rotate().await;
        let plaintext = service.world.server.borrow().attempts.iter().any(Attempt::in_the_clear);
        let watch = service.world.watch.borrow();
        let broken: BTreeSet<_> = watch.violations.iter().map(|violation| violation.invariant).collect();
        assert_eq!(plaintext, broken.contains("TLS"), "the watch sees what the server saw");
        broken
    })
}

/// No password travels in plaintext after a certificate failure: a downgrade to plaintext is
/// detected.
#[test]
fn no_plaintext_after_a_certificate_failure() {
    for badness in Badness::ALL {
        for plan in [Plan::SingleUser, Plan::Alternating] {
            assert_eq!(rotate_with_a_bad_certificate(badness, plan, Variant::Sound), BTreeSet::new());
            let mutant = rotate_with_a_bad_certificate(badness, plan, Variant::DowngradesTls);
            assert_eq!(mutant, BTreeSet::from(["TLS"]), "{badness:?}, {plan:?}");
        }
    }
}

/// A token that gets a second password loses the one that was set, which is detected.
#[test]
fn second_password_for_one_token() {
    let broken = broken_by_faults(Plan::SingleUser, Kind::Transactional, Variant::OverwritesValue);
    assert_eq!(broken, BTreeSet::from(["I1", "I2", "kept"]));
}

/// A change without a last look at the labels is detected outside of the gap.
#[test]
fn no_last_look_harms_outside_the_gap() {
    for (plan, kind) in [(Plan::SingleUser, Kind::Transactional), (Plan::Alternating, Kind::Autocommit)] {
        let unexplained = |variant| {
            let (race, step) = (Race::Stale, Step::Set);
            let walked = Walked::all(Pair { race, step, plan, kind, variant, acts: &[] });
            walked.alone.otherwise.into_iter().map(|violation| violation.invariant).collect::<BTreeSet<_>>()
        };
        assert_eq!(unexplained(Variant::Sound), BTreeSet::new());
        assert!(unexplained(Variant::NeverAsks).contains("I4"), "{plan:?}, {kind:?}");
    }
}

/// A change without a last look is detected with another invocation and a manual change.
/// An operator removes the label while two invocations of one token run.
#[test]
fn no_last_look_with_a_manual_change() {
    for (plan, kind) in [(Plan::SingleUser, Kind::Transactional), (Plan::Alternating, Kind::Autocommit)] {
        let unexplained = |variant| {
            let (race, step, acts) = (Race::Duplicate, Step::Set, &[Act::PendingRemoved]);
            let walked = Walked::all(Pair { race, step, plan, kind, variant, acts });
            let broken = &walked.after[&Act::PendingRemoved].otherwise;
            broken.iter().map(|violation| violation.invariant).collect::<BTreeSet<_>>()
        };
        assert_eq!(unexplained(Variant::Sound), BTreeSet::new());
        assert!(unexplained(Variant::NeverAsks).contains("I4"), "{plan:?}, {kind:?}");
    }
}

/// A wrong password is not tried again in plaintext: a retry in plaintext is detected.
#[test]
fn wrong_password_no_plaintext_retry() {
    let broken = |variant| {
        World::run(async {
            let service = Situation::LeftOver.prepare(Plan::SingleUser, Kind::Transactional, variant).await;
            service.rotate().await;
            let watch = service.world.watch.borrow();
            watch.violations.iter().map(|violation| violation.invariant).collect::<BTreeSet<_>>()
        })
    };
    assert_eq!(broken(Variant::Sound), BTreeSet::new());
    assert_eq!(broken(Variant::RetriesInPlaintext), BTreeSet::from(["TLS"]));
}

/// An unreachable server is distinguished from a wrong password, by its code.
#[test]
fn unreachable_is_no_wrong_password() {
    let code = |variant| {
        World::run(async {
            let service = Situation::Fresh.prepare(Plan::SingleUser, Kind::Transactional, variant).await;
            service.invoke(Step::Create).await.unwrap().unwrap();
            let calls = service.world.gate.borrow().calls;
            let all = (calls..calls + 12).map(|at| (at, Fault::Before));
            service.world.gate.borrow_mut().faults = all.skip(3).collect();
            service.invoke(Step::Set).await.unwrap().unwrap_err().code().name()
        })
    };
    assert_eq!(code(Variant::Sound), "NET_DB_UNREACHABLE");
    assert_ne!(code(Variant::SwallowsErrors), "NET_DB_UNREACHABLE");
}

/// A login with AWSPENDING first is detected as one at another server and as a refused login.
#[test]
fn pending_tried_first() {
    let attempts = |variant, elsewhere: bool| {
        World::run(async {
            let service = Situation::Fresh.prepare(Plan::SingleUser, Kind::Transactional, variant).await;
            service.invoke(Step::Create).await.unwrap().unwrap();
            if elsewhere {
                let text = document("app", "next-1").replace("db.example.com", "elsewhere.example.com");
                let mut store = service.world.store.borrow_mut();
                let secret = store.secret_mut();
                let pending = secret.holder(&StagingLabel::Pending).unwrap().clone();
                secret.versions.get_mut(&pending).unwrap().value = Some(Value::Text(text));
            }
            drop(service.invoke(Step::Set).await);
            let server = service.world.server.borrow();
            let seen = |attempt: &Attempt| {
                if elsewhere { attempt.host.contains("elsewhere") } else { !attempt.accepted }
            };
            server.attempts.iter().filter(|attempt| seen(attempt)).count()
        })
    };
    for elsewhere in [true, false] {
        assert_eq!(attempts(Variant::Sound, elsewhere), 0);
        assert_eq!(attempts(Variant::TrustsPending, elsewhere), 1);
    }
}
