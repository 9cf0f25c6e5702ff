//! Labels that move during a diagnosis, and the label that a repair moves.

use rotation_core::{Code, StagingLabel, diagnosis::Check};
use rotation_doctor::StuckState;

use super::Subject;
use crate::world::{Act, Fault, World, document, version};

/// Checks a repair of a secret of which only AWSPREVIOUS logs in, where the act or the fault meets the call
/// of the write or one before it.
#[track_caller]
fn check_repair(meanwhile: Option<(usize, Act)>, fault: Option<(usize, Fault)>, expected: Result<(), &str>) {
    World::run(async {
        let subject = Subject::single().await;
        subject.put(&StagingLabel::Current, 7, document("app", "never-set"));
        let before = subject.world().gate.borrow().calls;
        let looked = subject.diagnose().await;
        assert_eq!(looked.advice.state, StuckState::OnlyPreviousLogsIn);
        // The same diagnosis again, then: the two values and the login, DescribeSecret, and the write.
        let look = subject.world().gate.borrow().calls - before;
        {
            let mut gate = subject.world().gate.borrow_mut();
            let write = gate.calls + look + 4;
            gate.meanwhile = meanwhile.map(|(earlier, act)| (write - earlier, act));
            gate.faults = fault.map(|(earlier, fault)| (write - earlier, fault)).into_iter().collect();
        }
        let outcome = subject.diagnose_homes::<false>(true).await.map(drop);
        assert_eq!(outcome.map_err(|error| error.code().name()), expected, "{meanwhile:?}, {fault:?}");
        let store = subject.world().store.borrow();
        let moved = store.secret().holder(&StagingLabel::Current) == Some(&version(1));
        assert_eq!(moved, expected.is_ok(), "{meanwhile:?}, {fault:?}");
    });
}

/// A label moves only while everything stands as it was diagnosed.
#[test]
fn moves_only_as_diagnosed() {
    check_repair(None, None, Ok(()));
    // A move that is repeated after its reply was lost is refused, but it was made.
    check_repair(None, Some((0, Fault::Repeat)), Ok(()));
    check_repair(None, Some((0, Fault::Before)), Err("NET_SM_UNREACHABLE"));
    check_repair(Some((1, Act::SecretDeleted)), None, Err("SECRET_DELETED"));
    check_repair(Some((1, Act::ValuePut)), None, Err("LABELS_MOVED"));
    check_repair(Some((0, Act::ValuePut)), None, Err("LABELS_MOVED"));
    check_repair(None, Some((2, Fault::Before)), Err("NET_DB_UNREACHABLE"));
    check_repair(None, Some((3, Fault::Before)), Err("NET_SM_UNREACHABLE"));
    check_repair(None, Some((4, Fault::Before)), Err("NET_SM_UNREACHABLE"));
}

/// The move of one label depends on the others as well.
/// AWSPENDING, which the move does not touch, was removed after the diagnosis.
#[test]
fn one_move_checks_the_other_labels() {
    World::run(async {
        let subject = Subject::single().await;
        subject.put(&StagingLabel::Current, 7, document("app", "never-set"));
        subject.put(&StagingLabel::Pending, 8, document("app", "not yet"));
        let before = subject.world().gate.borrow().calls;
        assert_eq!(subject.diagnose().await.advice.state, StuckState::OnlyPreviousLogsIn);
        let look = subject.world().gate.borrow().calls - before;
        let write = subject.world().gate.borrow().calls + look + 4;
        subject.world().gate.borrow_mut().meanwhile = Some((write - 1, Act::PendingRemoved));
        let error = subject.diagnose_homes::<false>(true).await.map(drop).unwrap_err();
        assert_eq!(error.code(), "LABELS_MOVED");
        assert_eq!(subject.world().store.borrow().secret().holder(&StagingLabel::Current), Some(&version(7)));
    });
}

/// Only this version logs in, but not right before the move. Checks which credential the error names.
#[track_caller]
fn check_proof(label: Option<&StagingLabel>, expected: &str) {
    World::run(async {
        let subject = Subject::single().await;
        subject.put(&StagingLabel::Current, 7, document("app", "never-set"));
        match label {
            Some(label) => subject.put(label, 8, document("app", "it")),
            None => subject.put_unlabeled(8, document("app", "it")),
        }
        subject.set_password("it");
        let before = subject.world().gate.borrow().calls;
        subject.diagnose().await;
        let look = subject.world().gate.borrow().calls - before;
        {
            let mut gate = subject.world().gate.borrow_mut();
            let login = gate.calls + look + 2;
            gate.faults = vec![(login, Fault::Before)];
        }
        let error = subject.diagnose_homes::<false>(true).await.map(drop).unwrap_err();
        assert!(error.to_string().starts_with(expected), "{error}");
    });
}

/// The last look names the version that was to make the move safe.
#[test]
fn last_look_names_the_safe_version() {
    check_proof(Some(&StagingLabel::Pending), "login with AWSPENDING failed");
    check_proof(Some(&StagingLabel::Previous), "login with AWSPREVIOUS failed");
    check_proof(None, "login with AWSCURRENT failed");
}

/// Checks the findings about a version whose label moves right before it is read.
#[track_caller]
fn check_moving(label: &StagingLabel, act: Act, expected: &str) {
    World::run(async {
        let subject = Subject::single().await;
        subject.put(label, 8, document("app", "second"));
        // DescribeSecret, ListSecretVersionIds and the value of AWSCURRENT come first.
        {
            let mut gate = subject.world().gate.borrow_mut();
            gate.meanwhile = Some((gate.calls + 3, act));
        }
        let diagnosis = subject.diagnose().await;
        let seen = diagnosis.versions.iter().find(|seen| seen.id == version(8)).unwrap();
        assert_eq!(seen.code.map(Code::name), Some(expected), "{act}");
    });
}

/// A version is read by its label, as a rotation reads it.
#[test]
fn version_is_read_by_its_label() {
    check_moving(&StagingLabel::Pending, Act::PendingRemoved, "SM_REJECTED");
    check_moving(&StagingLabel::Previous, Act::ValuePut, "LABELS_MOVED");
}

/// A version is named by the service's label where it has other labels too.
#[test]
fn service_label_names_the_version() {
    World::run(async {
        let subject = Subject::single().await;
        subject.put(&StagingLabel::Previous, 7, "[]".into());
        let blue = StagingLabel::Other("blue".into());
        subject.world().store.borrow_mut().secret_mut().label(&blue, &version(7));
        let diagnosis = subject.diagnose().await;
        let document = diagnosis.findings.iter().find(|finding| finding.check == Check::Document).unwrap();
        assert!(document.sentence.starts_with("AWSPREVIOUS: "), "{}", document.sentence);
    });
}
