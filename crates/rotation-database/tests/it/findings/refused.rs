//! What is checked where no label logs in, and how the versions are listed.

use std::time::{Duration, SystemTime};

use expect_test::expect;
use rotation_core::StagingLabel;
use rotation_doctor::{StuckState, Unlabeled};

use super::{Subject, check_single};
use crate::world::{World, document, version};

/// This number of versions without labels, of which the first logs in.
#[track_caller]
fn check_unlabeled(count: usize, tried: usize, state: StuckState, unlabeled: Unlabeled) {
    World::run(async {
        let subject = Subject::single().await;
        subject.set_password("unlabeled-10");
        for number in 10..10 + count {
            subject.put_unlabeled(number, document("app", &format!("unlabeled-{number}")));
        }
        let diagnosis = subject.diagnose().await;
        assert_eq!(subject.attempts().len(), 1 + tried, "{count}");
        assert_eq!(diagnosis.situation.unlabeled, unlabeled, "{count}");
        assert_eq!(diagnosis.advice.state, state, "{count}");
    });
}

/// Where no label logs in, the newest three versions without one are tried.
#[test]
fn newest_three_unlabeled_versions() {
    check_unlabeled(0, 0, StuckState::NoVersionLogsIn, Unlabeled::All);
    check_unlabeled(2, 2, StuckState::OnlyUnlabeledLogsIn, Unlabeled::All);
    check_unlabeled(3, 3, StuckState::OnlyUnlabeledLogsIn, Unlabeled::All);
    check_unlabeled(4, 3, StuckState::Unknown, Unlabeled::Newest);
    World::run(async {
        let subject = Subject::single().await;
        subject.put_unlabeled(10, document("app", "unlabeled"));
        subject.diagnose().await;
        assert_eq!(subject.attempts().len(), 1, "AWSCURRENT logs in");
    });
}

/// One refused login has a code of its own, and two have another.
#[test]
fn one_or_two_refused_logins() {
    check_single(
        |subject| subject.set_password("another"),
        &expect![[r"
        fault login DB_AUTH_REFUSED: AWSCURRENT is refused
            Set the password in the database to what AWSCURRENT holds. Check first that the user exists, may log in, and has not expired. As an administrator of the database, set the user's password to what version 00000000-0000-4000-8000-000000000001 (AWSCURRENT) holds. No label helps, and nothing is written.
        note certificate NOT_CHECKED: not checked, because no login succeeded
        ok secret document names connection rotation function
        version 01 [AWSCURRENT] of app: is refused, DB_AUTH_REFUSED
        no_version_logs_in: As an administrator of the database, set the user's password to what version 00000000-0000-4000-8000-000000000001 (AWSCURRENT) holds. No label helps, and nothing is written.
    "]],
    );
    let two = |subject: &mut Subject| {
        subject.set_password("another");
        subject.put(&StagingLabel::Previous, 7, document("app", "third"));
    };
    check_single(
        two,
        &expect![[r"
            fault login DB_NO_CREDENTIAL_ACCEPTED: AWSCURRENT is refused; AWSPREVIOUS is refused
                Set the password in the database to what AWSCURRENT holds. Check first that the user exists, may log in, and has not expired. As an administrator of the database, set the user's password to what version 00000000-0000-4000-8000-000000000001 (AWSCURRENT) holds. No label helps, and nothing is written.
            note certificate NOT_CHECKED: not checked, because no login succeeded
            ok secret document names connection rotation function
            version 07 [AWSPREVIOUS] of app: is refused, DB_AUTH_REFUSED
            version 01 [AWSCURRENT] of app: is refused, DB_AUTH_REFUSED
            no_version_logs_in: As an administrator of the database, set the user's password to what version 00000000-0000-4000-8000-000000000001 (AWSCURRENT) holds. No label helps, and nothing is written.
        "]],
    );
}

/// A password with a line break at its end is reported as such.
#[test]
fn password_with_a_final_line_break() {
    check_single(
        |subject| subject.put(&StagingLabel::Current, 1, document("app", "first-password\\n")),
        &expect![[r"
            fault login SECRET_PASSWORD_LINE_BREAK: login with AWSCURRENT failed: the server refused the password, which ends with a line break: 28P01
                Store the secret again, with the same `password` without the line break at its end. `echo` and editors add one; `printf %s` does not.
            note certificate NOT_CHECKED: not checked, because no login succeeded
            ok secret document names connection rotation function
            version 01 [AWSCURRENT] of app: is refused, SECRET_PASSWORD_LINE_BREAK
            no_version_logs_in: Move no label before this is done. Store the secret again, with the same `password` without the line break at its end. `echo` and editors add one; `printf %s` does not.
        "]],
    );
    let both = |subject: &mut Subject| {
        subject.put(&StagingLabel::Previous, 7, document("app", "first-password"));
        subject.put(&StagingLabel::Current, 1, document("app", "first-password\\r\\n"));
    };
    check_single(
        both,
        &expect![[r"
            fault login SECRET_PASSWORD_LINE_BREAK: AWSCURRENT is refused; AWSPREVIOUS logs in: login with AWSCURRENT failed: the server refused the password, which ends with a line break: 28P01
                Store the secret again, with the same `password` without the line break at its end. `echo` and editors add one; `printf %s` does not. Until then: Move AWSCURRENT from version 00000000-0000-4000-8000-000000000001 to version 00000000-0000-4000-8000-000000000007, which logs in.
            ok secret document names connection certificate rotation function
            version 07 [AWSPREVIOUS] of app: logs in
            version 01 [AWSCURRENT] of app: is refused, SECRET_PASSWORD_LINE_BREAK
            only_previous_logs_in: Move AWSCURRENT from version 00000000-0000-4000-8000-000000000001 to version 00000000-0000-4000-8000-000000000007, which logs in.
        "]],
    );
}

/// Of versions created at the same moment, the labels show which came first.
#[test]
fn labels_order_simultaneous_versions() {
    let aged = |subject: &mut Subject| {
        subject.now = SystemTime::UNIX_EPOCH + Duration::from_secs(1000);
        subject.put(&StagingLabel::Previous, 7, document("app", "third"));
        let mut store = subject.world().store.borrow_mut();
        for number in [1, 7] {
            let made = SystemTime::UNIX_EPOCH + Duration::from_mins(15);
            store.secret_mut().versions.get_mut(&version(number)).unwrap().created = Some(made);
        }
    };
    check_single(
        aged,
        &expect![[r"
            ok secret document names connection certificate login server privileges rotation function
            version 07 [AWSPREVIOUS] of app: is refused, DB_AUTH_REFUSED, 100s old
            version 01 [AWSCURRENT] of app: logs in, 100s old
            healthy: Nothing has to be done.
        "]],
    );
}

/// Versions are in order of creation, and one that is not listed is the newest.
#[test]
fn versions_in_order_of_creation() {
    let aged = |subject: &mut Subject| {
        subject.now = SystemTime::UNIX_EPOCH + Duration::from_secs(1000);
        subject.put(&StagingLabel::Previous, 7, document("app", "third"));
        subject.put(&StagingLabel::Other("blue".into()), 3, document("app", "fourth"));
        let mut store = subject.world().store.borrow_mut();
        let secret = store.secret_mut();
        for (number, seconds) in [(1, 900), (7, 400), (3, 600)] {
            let made = SystemTime::UNIX_EPOCH + Duration::from_secs(seconds);
            secret.versions.get_mut(&version(number)).unwrap().created = Some(made);
        }
        // RotateSecret created it, and it has no value.
        secret.label(&StagingLabel::Pending, &version(2));
    };
    check_single(
        aged,
        &expect![[r"
            warning login PENDING_STUCK: AWSCURRENT logs in; AWSPENDING has no value; blue is refused; AWSPREVIOUS is refused
                Applications are not affected. Rotate again, which resumes with this version. If the database refuses the password itself (DB_PASSWORD_POLICY), that never succeeds: then remove AWSPENDING with `rotate recover --abandon` and start a new rotation. Rotate again: the rotation resumes with the version that is AWSPENDING.
            ok secret document names connection certificate server privileges rotation function
            version 07 [AWSPREVIOUS] of app: is refused, DB_AUTH_REFUSED, 600s old
            version 03 [blue] of app: is refused, DB_AUTH_REFUSED, 400s old
            version 01 [AWSCURRENT] of app: logs in, 100s old
            version 02 [AWSPENDING] of nobody: has no value, SECRET_NO_VALUE
            pending_empty: Rotate again: the rotation resumes with the version that is AWSPENDING.
        "]],
    );
}
