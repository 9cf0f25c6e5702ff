//! What is looked at where no label logs in, and how the versions are listed.

use std::time::{Duration, SystemTime};

use expect_test::expect;
use rotation_core::StagingLabel;
use rotation_doctor::{StuckState, Unlabelled};

use super::{Patient, check_single};
use crate::world::{World, document, version};

/// So many versions without labels, of which the first logs in.
#[track_caller]
fn check_unlabelled(count: usize, tried: usize, state: StuckState, unlabelled: Unlabelled) {
    World::run(async {
        let patient = Patient::single().await;
        patient.set_password("unlabelled-10");
        for number in 10..10 + count {
            patient.put_unlabelled(number, document("app", &format!("unlabelled-{number}")));
        }
        let examination = patient.examine().await;
        assert_eq!(patient.attempts().len(), 1 + tried, "{count}");
        assert_eq!(examination.situation.unlabelled, unlabelled, "{count}");
        assert_eq!(examination.advice.state, state, "{count}");
    });
}

#[test]
fn where_no_label_logs_in_the_newest_three_versions_without_one_are_tried() {
    check_unlabelled(0, 0, StuckState::NothingLogsIn, Unlabelled::All);
    check_unlabelled(2, 2, StuckState::OnlyUnlabelled, Unlabelled::All);
    check_unlabelled(3, 3, StuckState::OnlyUnlabelled, Unlabelled::All);
    check_unlabelled(4, 3, StuckState::Unknown, Unlabelled::Newest);
    World::run(async {
        let patient = Patient::single().await;
        patient.put_unlabelled(10, document("app", "unlabelled"));
        patient.examine().await;
        assert_eq!(patient.attempts().len(), 1, "AWSCURRENT logs in");
    });
}

#[test]
fn one_refused_login_has_a_code_of_its_own_and_two_have_another() {
    check_single(
        |patient| patient.set_password("another"),
        &expect![[r"
        fault login DB_AUTH_REFUSED: AWSCURRENT is refused
            Set the password in the database to what AWSCURRENT holds. Check first that the user exists, may log in, and has not expired. As an administrator of the database, set the user's password to what version 00000000-0000-4000-8000-000000000001 (AWSCURRENT) holds. No label helps, and nothing is written.
        note certificate NOT_LOOKED_AT: not looked at, because no login came through
        ok secret document names connection rotation function
        version 01 [AWSCURRENT] of app: is refused, DB_AUTH_REFUSED
        nothing_logs_in: As an administrator of the database, set the user's password to what version 00000000-0000-4000-8000-000000000001 (AWSCURRENT) holds. No label helps, and nothing is written.
    "]],
    );
    let two = |patient: &mut Patient| {
        patient.set_password("another");
        patient.put(&StagingLabel::Previous, 7, document("app", "third"));
    };
    check_single(
        two,
        &expect![[r"
            fault login DB_ALL_REFUSED: AWSCURRENT is refused; AWSPREVIOUS is refused
                Set the password in the database to what AWSCURRENT holds. Check first that the user exists, may log in, and has not expired. As an administrator of the database, set the user's password to what version 00000000-0000-4000-8000-000000000001 (AWSCURRENT) holds. No label helps, and nothing is written.
            note certificate NOT_LOOKED_AT: not looked at, because no login came through
            ok secret document names connection rotation function
            version 07 [AWSPREVIOUS] of app: is refused, DB_AUTH_REFUSED
            version 01 [AWSCURRENT] of app: is refused, DB_AUTH_REFUSED
            nothing_logs_in: As an administrator of the database, set the user's password to what version 00000000-0000-4000-8000-000000000001 (AWSCURRENT) holds. No label helps, and nothing is written.
        "]],
    );
}

#[test]
fn a_password_with_a_line_break_at_its_end_is_told_as_one() {
    check_single(
        |patient| patient.put(&StagingLabel::Current, 1, document("app", "first-password\\n")),
        &expect![[r"
            fault login SECRET_PASSWORD_LINE_BREAK: login with AWSCURRENT failed: the server refused the password, which ends with a line break: 28P01
                Store the secret again, with `password` as it is but for the line break at its end. `echo` and editors add one; `printf %s` does not.
            note certificate NOT_LOOKED_AT: not looked at, because no login came through
            ok secret document names connection rotation function
            version 01 [AWSCURRENT] of app: is refused, SECRET_PASSWORD_LINE_BREAK
            nothing_logs_in: Move no label before this is done. Store the secret again, with `password` as it is but for the line break at its end. `echo` and editors add one; `printf %s` does not.
        "]],
    );
    let both = |patient: &mut Patient| {
        patient.put(&StagingLabel::Previous, 7, document("app", "first-password"));
        patient.put(&StagingLabel::Current, 1, document("app", "first-password\\r\\n"));
    };
    check_single(
        both,
        &expect![[r"
        fault login SECRET_PASSWORD_LINE_BREAK: AWSCURRENT is refused; AWSPREVIOUS logs in: login with AWSCURRENT failed: the server refused the password, which ends with a line break: 28P01
            Store the secret again, with `password` as it is but for the line break at its end. `echo` and editors add one; `printf %s` does not. Until then: Move AWSCURRENT from version 00000000-0000-4000-8000-000000000001 to version 00000000-0000-4000-8000-000000000007, which logs in.
        ok secret document names connection certificate rotation function
        version 07 [AWSPREVIOUS] of app: logs in
        version 01 [AWSCURRENT] of app: is refused, SECRET_PASSWORD_LINE_BREAK
        only_previous: Move AWSCURRENT from version 00000000-0000-4000-8000-000000000001 to version 00000000-0000-4000-8000-000000000007, which logs in.
    "]],
    );
}

#[test]
fn of_versions_made_at_the_same_moment_the_labels_tell_which_came_first() {
    let aged = |patient: &mut Patient| {
        patient.now = SystemTime::UNIX_EPOCH + Duration::from_secs(1000);
        patient.put(&StagingLabel::Previous, 7, document("app", "third"));
        let mut store = patient.world().store.borrow_mut();
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
        sound: Nothing has to be done.
    "]],
    );
}

#[test]
fn versions_stand_as_they_were_made_and_what_is_not_listed_is_the_newest() {
    let aged = |patient: &mut Patient| {
        patient.now = SystemTime::UNIX_EPOCH + Duration::from_secs(1000);
        patient.put(&StagingLabel::Previous, 7, document("app", "third"));
        patient.put(&StagingLabel::Other("blue".into()), 3, document("app", "fourth"));
        let mut store = patient.world().store.borrow_mut();
        let secret = store.secret_mut();
        for (number, seconds) in [(1, 900), (7, 400), (3, 600)] {
            let made = SystemTime::UNIX_EPOCH + Duration::from_secs(seconds);
            secret.versions.get_mut(&version(number)).unwrap().created = Some(made);
        }
        // RotateSecret made it, and it has no value.
        secret.label(&StagingLabel::Pending, &version(2));
    };
    check_single(
        aged,
        &expect![[r"
        warning login PENDING_STUCK: AWSCURRENT logs in; AWSPENDING has no value; blue is refused; AWSPREVIOUS is refused
            Applications are not affected. Rotate again, which takes this version up. Where the database refuses the password itself (DB_PASSWORD_POLICY), it never ends: then take AWSPENDING away with `rotate recover --abandon` and rotate anew. Rotate again: the rotation goes on with the version that is AWSPENDING.
        ok secret document names connection certificate server privileges rotation function
        version 07 [AWSPREVIOUS] of app: is refused, DB_AUTH_REFUSED, 600s old
        version 03 [blue] of app: is refused, DB_AUTH_REFUSED, 400s old
        version 01 [AWSCURRENT] of app: logs in, 100s old
        version 02 [AWSPENDING] of nobody: has no value, SECRET_NO_VALUE
        pending_empty: Rotate again: the rotation goes on with the version that is AWSPENDING.
    "]],
    );
}
