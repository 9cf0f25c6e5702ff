//! How much a journal keeps, which times it counts, and what it knows afterwards.

use std::{rc::Rc, time::Duration};

use rotation_core::{CredentialSource, Knowledge, Phase, SecretDocument, Step, Target};

use super::{nothing, set};
use crate::world::{
    Act, Fault, Kind, Plan, Server, Service, Situation, Variant, World, document, invocation,
};

/// At most 32 logins are kept, and the others are counted.
/// A step makes at most six attempts; more than 32 would be a defect, and are counted without being kept.
#[test]
fn thirty_two_logins_are_kept() {
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

/// An attempt takes the time until its answer.
#[test]
fn attempt_lasts_until_its_answer() {
    let journal = World::run(set(Plan::SingleUser, nothing, &[(3, Fault::Hang)]));
    assert_eq!(journal.logins()[0].time, Duration::from_secs(5), "the longest time of a login");
    let at_once = World::run(set(Plan::SingleUser, nothing, &[]));
    assert_eq!(at_once.logins()[0].time, Duration::ZERO);
}

/// A phase lasts until the last of its calls.
/// Two reads begin at once; one is answered, and the other hangs until the deadline.
#[test]
fn phase_lasts_until_its_last_call() {
    let slow = |service: &Service| {
        service.world.gate.borrow_mut().store_delay = Duration::from_millis(20);
    };
    let journal = World::run(set(Plan::SingleUser, slow, &[(1, Fault::Hang)]));
    let read = journal.phases().into_iter().find(|(phase, _)| *phase == Phase::Read).unwrap();
    assert_eq!(read.1, Duration::from_secs(25), "the whole invocation");
}

/// What is known of each credential can be queried.
#[test]
fn knowledge_of_each_credential() {
    let journal = World::run(set(Plan::Alternating, nothing, &[]));
    let state = journal.state().unwrap();
    let of = |credential| state.knowledge(credential);
    assert_eq!(of(CredentialSource::Current), Some(Knowledge::LogsIn));
    assert_eq!(of(CredentialSource::Pending), Some(Knowledge::Set));
    assert_eq!(of(CredentialSource::Previous), None);
}

/// A change that was refused leaves what is known as it was.
/// The clone is dropped right before the change is committed, which the server then refuses as a whole.
#[test]
fn refused_change_clears_nothing() {
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
