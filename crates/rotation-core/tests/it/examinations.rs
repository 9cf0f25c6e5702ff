//! What an examination says of a secret that it could not see from every side.

use std::{
    rc::Rc,
    time::{Duration, SystemTime},
};

use rotation_core::{
    Deadline, Examination, Examiner, FindingCode, Invoker, Logins, Remedy, SecretId, Severity, StuckState,
    Unlabelled,
};

use crate::world::{ARN, Fault, Kind, Plan, Server, Service, Situation, Store, Variant, World};

/// A secret that has not been rotated yet.
async fn fresh() -> Service {
    Situation::Fresh.prepare(Plan::SingleUser, Kind::Transactional, Variant::Sound).await
}

async fn examine(service: &Service) -> Examination {
    let world = &service.world;
    let (store, deadline) = (Store(Rc::clone(world)), Deadline::after(Duration::from_mins(1)));
    let database = service.database(Server(Rc::clone(world)), deadline);
    let (invoker, now) = (Invoker::Person, SystemTime::UNIX_EPOCH);
    let examiner = Examiner { store: &store, database: &database, invoker, logins: Logins::Each, now };
    examiner.examine(&SecretId::new(ARN).unwrap()).await.unwrap()
}

/// The place of the next call of this name, when the secret is looked at.
async fn place_of(service: &Service, name: &str) -> usize {
    let before = service.world.gate.borrow().log.len();
    examine(service).await;
    let gate = service.world.gate.borrow();
    let within = gate.log[before..].iter().position(|(_, call)| *call == name).unwrap();
    gate.calls + within
}

#[test]
fn a_history_that_cannot_be_read_is_a_note_and_never_means_that_nothing_logs_in() {
    World::run(async {
        let service = fresh().await;
        service.world.server.borrow_mut().users.get_mut("app").unwrap().password = Some("another".into());
        assert_eq!(examine(&service).await.advice.state, StuckState::NothingLogsIn);
        let at = place_of(&service, "store: ListSecretVersionIds").await;
        service.world.gate.borrow_mut().faults = vec![(at, Fault::Before)];
        let examination = examine(&service).await;
        assert_eq!(examination.advice.state, StuckState::Unknown);
        assert_eq!(examination.advice.remedy, Remedy::LookFurther(Unlabelled::Unread));
        let note = examination.findings.iter().find(|finding| {
            finding.severity == Severity::Note && matches!(finding.code, FindingCode::Failure(_))
        });
        assert!(note.unwrap().sentence.contains("ListSecretVersionIds"), "{note:?}");
    });
}
