//! What a diagnosis reports about a secret that it could not check completely.

use std::{
    rc::Rc,
    time::{Duration, SystemTime},
};

use rotation_core::{
    Invoker, SecretId, StagingLabel,
    diagnosis::{Access, Check, Finding, FindingCode, Severity},
};
use rotation_database::codes;
use rotation_doctor::{Diagnosis, Doctor, Logins, Remedy, StuckState, Unlabeled};

use crate::{
    finding_codes,
    world::{
        ARN, Act, Attempt, Fault, Kind, Plan, Server, Service, Situation, Store, Value, Variant, World,
        document, invocation, version,
    },
};

/// A secret that has not been rotated yet.
async fn fresh() -> Service {
    Situation::Fresh.prepare(Plan::SingleUser, Kind::Transactional, Variant::Sound).await
}

/// Diagnoses the secret, and follows the advice where `repair` is true.
async fn look(service: &Service, repair: bool) -> Diagnosis {
    let world = &service.world;
    let (store, invocation) = (Store(Rc::clone(world)), invocation(Duration::from_mins(1)));
    let database = service.database(Server(Rc::clone(world)), &invocation);
    let (invoker, now) = (Invoker::Person, SystemTime::UNIX_EPOCH);
    let doctor = Doctor { store: &store, target: &database, invoker, logins: Logins::Each, now };
    let diagnosis = doctor.diagnose(&SecretId::new(ARN).unwrap()).await.unwrap();
    if repair {
        doctor.repair(&diagnosis).await.unwrap();
    }
    diagnosis
}

async fn diagnose(service: &Service) -> Diagnosis {
    look(service, false).await
}

/// Changes the password in the database alone.
fn set_password(service: &Service, password: &str) {
    service.world.server.borrow_mut().users.get_mut("app").unwrap().password = Some(password.into());
}

/// Stores a version with this number, `ssl` and password under a label.
fn put(service: &Service, label: &StagingLabel, number: usize, ssl: bool, password: &str) {
    let text = document("app", password).replacen('{', &format!("{{\"ssl\":{ssl},"), 1);
    let mut store = service.world.store.borrow_mut();
    let secret = store.secret_mut();
    secret.versions.entry(version(number)).or_default().value = Some(Value::Text(text));
    secret.label(label, &version(number));
}

fn finding(diagnosis: &Diagnosis, check: Check) -> &Finding {
    diagnosis.findings.iter().find(|finding| finding.check == check).unwrap()
}

/// The position of the next call with this name in a diagnosis of the secret.
async fn place_of(service: &Service, name: &str) -> usize {
    let before = service.world.gate.borrow().log.len();
    diagnose(service).await;
    let gate = service.world.gate.borrow();
    let within = gate.log[before..].iter().position(|(_, call)| *call == name).unwrap();
    gate.calls + within
}

/// A history that cannot be read is a note, and never means that nothing logs in.
#[test]
fn unreadable_history_is_a_note() {
    World::run(async {
        let service = fresh().await;
        set_password(&service, "another");
        assert_eq!(diagnose(&service).await.advice.state, StuckState::NoVersionLogsIn);
        let at = place_of(&service, "store: ListSecretVersionIds").await;
        service.world.gate.borrow_mut().faults = vec![(at, Fault::Before)];
        let diagnosis = diagnose(&service).await;
        assert_eq!(diagnosis.advice.state, StuckState::Unknown);
        assert_eq!(diagnosis.advice.remedy, Remedy::LookFurther(Unlabeled::Unread));
        let note = diagnosis.findings.iter().find(|finding| {
            finding.severity == Severity::Note && matches!(finding.code, FindingCode::Failure(_))
        });
        assert!(note.unwrap().sentence.contains("ListSecretVersionIds"), "{note:?}");
    });
}

/// No version is tried in plaintext where AWSCURRENT demands TLS.
#[test]
fn no_plaintext_where_current_needs_tls() {
    World::run(async {
        let service = fresh().await;
        put(&service, &StagingLabel::Current, 70, false, "the-one-that-works");
        put(&service, &StagingLabel::Current, 71, true, "never-set");
        set_password(&service, "the-one-that-works");
        let diagnosis = look(&service, true).await;
        assert_eq!(diagnosis.advice.state, StuckState::OnlyPreviousLogsIn);
        let server = service.world.server.borrow();
        let clear: Vec<_> = server.attempts.iter().map(Attempt::in_the_clear).collect();
        assert_eq!(clear, [false; 3], "AWSCURRENT, AWSPREVIOUS, and AWSPREVIOUS right before the move");
    });
}

/// A label that moves during the diagnosis is not taken for a version without a value.
#[test]
fn label_moves_during_the_diagnosis() {
    World::run(async {
        let service = fresh().await;
        put(&service, &StagingLabel::Current, 70, true, "first");
        put(&service, &StagingLabel::Pending, 71, true, "second");
        set_password(&service, "first");
        let at = place_of(&service, "store: GetSecretValue").await;
        // The versions are read in the order of their ids; the one that had AWSCURRENT before is the first.
        service.world.gate.borrow_mut().meanwhile = Some((at, Act::CurrentMovedOn));
        let diagnosis = diagnose(&service).await;
        let current =
            diagnosis.versions.iter().find(|seen| seen.labels.contains(&StagingLabel::Current)).unwrap();
        assert_eq!((current.access, current.code), (Access::NotTried, Some(codes::LABELS_MOVED)));
        assert_eq!(diagnosis.advice.remedy, Remedy::FixFirst);
    });
}

/// A certificate is reported as good only where a login succeeded over it.
#[test]
fn certificate_only_after_a_login() {
    World::run(async {
        let service = fresh().await;
        assert_eq!(finding(&diagnose(&service).await, Check::Certificate).code, finding_codes::OK);
        set_password(&service, "another");
        assert_eq!(finding(&diagnose(&service).await, Check::Certificate).code, finding_codes::NOT_CHECKED);
    });
}
