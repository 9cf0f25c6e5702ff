//! How much a journal keeps, which times it counts, and what it knows afterwards.

use std::{rc::Rc, time::Duration};

use rotation_core::{CredentialSource, Knowledge, Phase, SecretDocument, Step, Target};

use super::{nothing, set};
use crate::world::{
    Act, Fault, Kind, Plan, Server, Service, Situation, Variant, World, document, invocation,
};

/// A step makes at most six attempts; more than 32 would be a defect, and are counted without being kept.
#[test]
fn at_most_32_logins_are_kept_and_the_others_are_counted() {
    World::run(async {
        let service = Situation::Fresh.prepare(Plan::SingleUser, Kind::Transactional, Variant::Sound).await;
        let invocation = invocation(Duration::from_secs(9));
        let journal = &invocation.journal;
        let document = SecretDocument::parse(&document("app", "first-password")).unwrap();
        let server = Server(Rc::clone(&service.world));
        let target = service.database(server, &invocation);
        for count in 1..=34_usize {
            target.verify(&document).await.unwrap();
            assert_eq!(
                (journal.logins().len(), journal.logins_left_out()),
                (count.min(32), count - count.min(32))
            );
        }
    });
}

#[test]
fn an_attempt_takes_the_time_until_its_answer() {
    let journal = World::run(set(Plan::SingleUser, nothing, &[(3, Fault::Hang)]));
    assert_eq!(journal.logins()[0].time, Duration::from_secs(5), "the longest time of a login");
    let at_once = World::run(set(Plan::SingleUser, nothing, &[]));
    assert_eq!(at_once.logins()[0].time, Duration::ZERO);
}

/// Two reads begin at once; one is answered, and the other hangs until the deadline.
#[test]
fn a_phase_lasts_until_the_last_of_its_calls() {
    let slow = |service: &Service| {
        service.world.gate.borrow_mut().store_delay = Duration::from_millis(20);
    };
    let journal = World::run(set(Plan::SingleUser, slow, &[(1, Fault::Hang)]));
    let read = journal.phases().into_iter().find(|(phase, _)| *phase == Phase::Read).unwrap();
    assert_eq!(read.1, Duration::from_secs(25), "the whole invocation");
}

#[test]
fn what_is_known_of_each_credential_can_be_asked() {
    let journal = World::run(set(Plan::Alternating, nothing, &[]));
    let state = journal.state().unwrap();
    let of = |credential| state.knowledge(credential);
    assert_eq!(of(CredentialSource::Current), Some(Knowledge::LogsIn));
    assert_eq!(of(CredentialSource::Pending), Some(Knowledge::Set));
    assert_eq!(of(CredentialSource::Previous), None);
}

/// The clone is dropped right before the change is committed, which the server then refuses as a whole.
#[test]
fn a_change_that_was_refused_leaves_what_is_known_as_it_was() {
    World::run(async {
        let plan = Plan::Alternating;
        let start = Situation::Drifted.prepare(plan, Kind::Transactional, Variant::Sound).await;
        start.invoke(Step::Create).await.unwrap().unwrap();
        let healthy = start.fork();
        healthy.invoke(Step::Set).await.unwrap().unwrap();
        let log = healthy.world.gate.borrow().log.clone();
        let commit = log.iter().position(|(_, name)| *name == "server: commit").unwrap();
        let service = start.fork();
        service.world.gate.borrow_mut().meanwhile = Some((commit, Act::CloneDropped));
        let (outcome, journal) = service.journaled(Step::Set).await.unwrap();
        assert_eq!(outcome.unwrap_err().code(), "DB_USER_NOT_FOUND");
        assert_eq!(journal.state().unwrap().to_string(), "AWSCURRENT logs in");
    });
}
