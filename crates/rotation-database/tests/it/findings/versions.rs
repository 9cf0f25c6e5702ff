//! The versions of a secret: which are tried, in which order, and with which results.

use std::time::Duration;

use expect_test::expect;
use rotation_core::{
    StagingLabel,
    diagnosis::{Access, Check},
};
use rotation_database::codes;

use super::{Subject, check, check_single, with};
use crate::world::{Fault, Plan, Situation, Value, World, document, version};

/// The live version is tried first, and equal ones once.
#[test]
fn live_version_first_equal_ones_once() {
    World::run(async {
        let subject = Subject::of(Plan::Alternating, Situation::Fresh).await;
        let other = StagingLabel::Other("blue".into());
        // In the order of their ids they would be tried the other way round.
        subject.put(&StagingLabel::Current, 9, document("app", "first-password"));
        subject.put(&StagingLabel::Pending, 8, document("app_clone", "second"));
        subject.put(&StagingLabel::Previous, 7, document("app_clone", "third"));
        subject.put(&other, 6, document("app", "fourth"));
        subject.diagnose().await;
        let server = subject.world().server.borrow();
        let tried: Vec<_> = server.attempts.iter().map(|one| (one.username.as_str(), one.accepted)).collect();
        let users = [("app", true), ("app_clone", false), ("app_clone", false), ("app", false)];
        assert_eq!(tried[..4], users);
    });
    // A copy of AWSCURRENT, as a test of the configuration leaves it, is known to log in without another
    // attempt.
    World::run(async {
        for (password, access) in [("first-password", Access::LogsIn), ("never-set", Access::Refused)] {
            let subject = Subject::single().await;
            subject.put(&StagingLabel::Current, 7, document("app", password));
            subject.put(&StagingLabel::Pending, 8, document("app", password));
            subject.put(&StagingLabel::Previous, 1, document("app", password));
            let diagnosis = subject.diagnose().await;
            assert_eq!(subject.attempts(), ["app at db.example.com"], "{password}");
            let accesses: Vec<_> = diagnosis.versions.iter().map(|seen| seen.access).collect();
            assert_eq!(accesses, [access; 3]);
        }
    });
}

/// A diagnosis is never what locks a user.
#[test]
fn diagnosis_never_locks_a_user() {
    // With AWSPENDING and AWSPREVIOUS of the same user, which are both refused.
    for (limit, tried) in [(None, 3), (Some(3), 3), (Some(2), 2), (Some(1), 1)] {
        World::run(async {
            let mut subject = Subject::single().await;
            subject.shown.refusals_until_locked = limit;
            subject.put(&StagingLabel::Pending, 8, document("app", "second"));
            subject.put(&StagingLabel::Previous, 7, document("app", "third"));
            let diagnosis = subject.diagnose().await;
            assert_eq!(subject.attempts().len(), tried, "{limit:?}");
            let spared =
                |finding: &&rotation_core::diagnosis::Finding| finding.sentence.contains("would lock app");
            assert_eq!(diagnosis.findings.iter().filter(spared).count(), 3 - tried, "{limit:?}");
        });
    }
}

/// The diagnosis waits for a majority only where a label may move because of it, and leaves time for the
/// other checks.
#[test]
fn majority_only_where_a_label_may_move() {
    for (current, expected, waits) in [
        ("first-password", [Access::LogsIn, Access::Unknown, Access::LogsIn], 1),
        // The version without labels is also tried, because nothing else logs in.
        ("never-set", [Access::Refused, Access::Unknown, Access::Unknown], 3),
    ] {
        World::run(async {
            let mut subject = Subject::of(Plan::Alternating, Situation::Fresh).await;
            subject.shown.is_unconfirmed = true;
            subject.put(&StagingLabel::Current, 9, document("app", current));
            subject.put(&StagingLabel::Pending, 8, document("app_clone", "second"));
            subject.put(&StagingLabel::Previous, 7, document("app_clone", "third"));
            let mut clone = subject.world().server.borrow().users["app"].clone();
            (clone.password, clone.secondary) = (Some("second".to_owned()), Some("third".to_owned()));
            subject.world().server.borrow_mut().users.insert("app_clone".to_owned(), clone);
            let began = tokio::time::Instant::now();
            let diagnosis = subject.diagnose().await;
            let labels = [StagingLabel::Current, StagingLabel::Pending, StagingLabel::Previous];
            for (label, expected) in labels.iter().zip(expected) {
                let seen = diagnosis.versions.iter().find(|seen| seen.labels.contains(label)).unwrap();
                assert_eq!(seen.access, expected, "{current} {label:?}");
            }
            let most = Duration::from_secs(2) * waits + Duration::from_millis(100);
            assert!(began.elapsed() <= most, "{current}: {:?}", began.elapsed());
        });
    }
}

/// What a failover could undo is unknown.
/// A password that only one member of a replica set has is no reason to move a label to it. AWSCURRENT is
/// reported as it is.
#[test]
fn unconfirmed_by_a_failover_is_unknown() {
    for (is_unconfirmed, pending) in [(false, Access::LogsIn), (true, Access::Unknown)] {
        World::run(async {
            let mut subject = Subject::of(Plan::Alternating, Situation::Fresh).await;
            subject.shown.is_unconfirmed = is_unconfirmed;
            let clone = subject.world().server.borrow().users["app"].clone();
            subject.world().server.borrow_mut().users.insert("app_clone".to_owned(), clone);
            subject.put(&StagingLabel::Pending, 8, document("app_clone", "first-password"));
            let diagnosis = subject.diagnose().await;
            let access = |label: StagingLabel| {
                diagnosis.versions.iter().find(|seen| seen.labels.contains(&label)).map(|seen| seen.access)
            };
            assert_eq!(access(StagingLabel::Current), Some(Access::LogsIn));
            assert_eq!(access(StagingLabel::Pending), Some(pending));
        });
    }
}

/// Copies of the password in other fields are named.
#[test]
fn copies_of_the_password_are_named() {
    let copies = r#""url":"postgresql://app:first-password@db.example.com/shop",
        "old":"postgresql://app:older-password@db.example.com/shop",
        "nested":{"all":[1,"first-password"]}, "cache":"redis://cache:own@cache.example.com",
        "reports":"postgresql://app:of-its-own@reports.example.com/shop""#;
    check_single(
        |subject| subject.put(&StagingLabel::Current, 1, with(copies)),
        &expect![[r"
            warning document SECRET_PASSWORD_COPIED: the field `url` holds a copy of the password, which no rotation changes
                Set REWRITE_FIELDS=url on the function: each rotation then rewrites the URL or connection string in it. Or let applications build it from `username` and `password`.
            warning document SECRET_PASSWORD_COPIED: the field `old` holds a password other than `password`: a login with it is refused
                Set REWRITE_FIELDS=old on the function: each rotation then rewrites the URL or connection string in it. Or let applications build it from `username` and `password`.
            warning document SECRET_PASSWORD_COPIED: the field `nested` holds a copy of the password, which no rotation changes
                Move the URL or connection string from `nested` to a text field of its own, and name that field in REWRITE_FIELDS: lists and objects are not rewritten. Or let applications build it from `username` and `password`.
            ok secret document names connection certificate login server privileges rotation function
            version 01 [AWSCURRENT] of app: logs in
            healthy: No label has to be moved. Set REWRITE_FIELDS=url on the function: each rotation then rewrites the URL or connection string in it. Or let applications build it from `username` and `password`.
        "]],
    );
}

/// A version that names another server or user is not tried.
#[test]
fn other_server_or_user_is_not_tried() {
    let spoilt =
        |text: String| move |subject: &mut Subject| subject.put(&StagingLabel::Pending, 8, text.clone());
    let other = document("app", "second");
    check_single(
        spoilt(other.replace("db.example", "db.elsewhere")),
        &expect![[r"
            fault document PENDING_HOST_DIFFERS: AWSPENDING: the pending version names another host or port than the current one
                See with `rotate explain arn:aws:secretsmanager:eu-central-1:123456789012:secret:app-AbCdEf` whether AWSCURRENT logs in. If it does, remove the label AWSPENDING (`aws secretsmanager update-secret-version-stage --secret-id arn:aws:secretsmanager:eu-central-1:123456789012:secret:app-AbCdEf --version-stage AWSPENDING --remove-from-version-id 00000000-0000-4000-8000-000000000008`) and rotate again. If it does not, AWSPENDING may hold the only password that does: keep it, let `host` and `port` of AWSCURRENT name the servers that AWSPENDING names (a list may name more), and rotate again.
            warning login PENDING_STUCK: AWSCURRENT logs in; AWSPENDING cannot be used
                Applications are not affected. Rotate again, which resumes with this version, unless the findings name what is wrong with it: then fix that first. A value that cannot be used was not tried: name the secret's strategy with `--strategy`, or fix what the findings name; move no label before that.
            ok secret names connection certificate server privileges rotation function
            version 01 [AWSCURRENT] of app: logs in
            version 08 [AWSPENDING] of app: cannot be used, PENDING_HOST_DIFFERS
            pending_unknown: A value that cannot be used was not tried: name the secret's strategy with `--strategy`, or fix what the findings name; move no label before that.
        "]],
    );
    check_single(
        spoilt(other.replace("5432", "5433")),
        &expect![[r"
            fault document PENDING_HOST_DIFFERS: AWSPENDING: the pending version names another host or port than the current one
                See with `rotate explain arn:aws:secretsmanager:eu-central-1:123456789012:secret:app-AbCdEf` whether AWSCURRENT logs in. If it does, remove the label AWSPENDING (`aws secretsmanager update-secret-version-stage --secret-id arn:aws:secretsmanager:eu-central-1:123456789012:secret:app-AbCdEf --version-stage AWSPENDING --remove-from-version-id 00000000-0000-4000-8000-000000000008`) and rotate again. If it does not, AWSPENDING may hold the only password that does: keep it, let `host` and `port` of AWSCURRENT name the servers that AWSPENDING names (a list may name more), and rotate again.
            warning login PENDING_STUCK: AWSCURRENT logs in; AWSPENDING cannot be used
                Applications are not affected. Rotate again, which resumes with this version, unless the findings name what is wrong with it: then fix that first. A value that cannot be used was not tried: name the secret's strategy with `--strategy`, or fix what the findings name; move no label before that.
            ok secret names connection certificate server privileges rotation function
            version 01 [AWSCURRENT] of app: logs in
            version 08 [AWSPENDING] of app: cannot be used, PENDING_HOST_DIFFERS
            pending_unknown: A value that cannot be used was not tried: name the secret's strategy with `--strategy`, or fix what the findings name; move no label before that.
        "]],
    );
    check_single(
        spoilt(document("bystander", "bystander-password")),
        &expect![[r"
            fault document PENDING_USER_DIFFERS: AWSPENDING: the pending version does not name the user whose turn it is
                See with `rotate explain arn:aws:secretsmanager:eu-central-1:123456789012:secret:app-AbCdEf` whether AWSCURRENT logs in. Once it does, remove the label AWSPENDING (`aws secretsmanager update-secret-version-stage --secret-id arn:aws:secretsmanager:eu-central-1:123456789012:secret:app-AbCdEf --version-stage AWSPENDING --remove-from-version-id 00000000-0000-4000-8000-000000000008`) and rotate again.
            warning login PENDING_STUCK: AWSCURRENT logs in; AWSPENDING cannot be used
                Applications are not affected. Rotate again, which resumes with this version, unless the findings name what is wrong with it: then fix that first. A value that cannot be used was not tried: name the secret's strategy with `--strategy`, or fix what the findings name; move no label before that.
            ok secret names connection certificate server privileges rotation function
            version 01 [AWSCURRENT] of app: logs in
            version 08 [AWSPENDING] of bystander: cannot be used, PENDING_USER_DIFFERS
            pending_unknown: A value that cannot be used was not tried: name the secret's strategy with `--strategy`, or fix what the findings name; move no label before that.
        "]],
    );
    check_single(
        spoilt(other.replace("model", "oracle")),
        &expect![[r"
            fault document SECRET_ENGINE_MISMATCH: AWSPENDING: the AWSPENDING version cannot be used: the field `engine` is not one of model, aurora-model
                Rotate it with the function of its own engine; this one takes model, aurora-model. Correct `engine` of the AWSPENDING version of the secret only if it is misspelled.
            warning login PENDING_STUCK: AWSCURRENT logs in; AWSPENDING cannot be used
                Applications are not affected. Rotate again, which resumes with this version, unless the findings name what is wrong with it: then fix that first. A value that cannot be used was not tried: name the secret's strategy with `--strategy`, or fix what the findings name; move no label before that.
            ok secret names connection certificate server privileges rotation function
            version 01 [AWSCURRENT] of app: logs in
            version 08 [AWSPENDING] of nobody: cannot be used, SECRET_ENGINE_MISMATCH
            pending_unknown: A value that cannot be used was not tried: name the secret's strategy with `--strategy`, or fix what the findings name; move no label before that.
        "]],
    );
    let both = |subject: &mut Subject| {
        subject.put(&StagingLabel::Pending, 8, document("app_clone", "second"));
        subject.put(&StagingLabel::Previous, 7, document("bystander", "bystander-password"));
    };
    check(
        Plan::Alternating,
        Situation::Fresh,
        both,
        &expect![[r"
            warning login PENDING_STUCK: AWSCURRENT logs in; AWSPREVIOUS cannot be used; AWSPENDING is refused
                Applications are not affected. Rotate again, which resumes with this version. If the database refuses the password itself (DB_PASSWORD_POLICY), that never succeeds: then remove AWSPENDING with `rotate recover --abandon` and start a new rotation. Rotate again: the rotation resumes with the version that is AWSPENDING.
            note document PENDING_USER_DIFFERS: AWSPREVIOUS: the pending version does not name the user whose turn it is
                See with `rotate explain arn:aws:secretsmanager:eu-central-1:123456789012:secret:app-AbCdEf` whether AWSCURRENT logs in. Once it does, remove the label AWSPENDING (`aws secretsmanager update-secret-version-stage --secret-id arn:aws:secretsmanager:eu-central-1:123456789012:secret:app-AbCdEf --version-stage AWSPENDING --remove-from-version-id 00000000-0000-4000-8000-000000000008`) and rotate again.
            ok secret names connection certificate server master privileges grants rotation function
            version 07 [AWSPREVIOUS] of bystander: cannot be used, PENDING_USER_DIFFERS
            version 01 [AWSCURRENT] of app: logs in
            version 08 [AWSPENDING] of app_clone: is refused, DB_AUTH_REFUSED
            pending_refused: Rotate again: the rotation resumes with the version that is AWSPENDING.
        "]],
    );
}

/// Users of another database are other users.
#[test]
fn users_of_another_database() {
    World::run(async {
        for (home, code) in [("one", None), ("two", Some(codes::PENDING_USER_DIFFERS))] {
            let subject = Subject::single().await;
            subject.put(&StagingLabel::Current, 7, with(r#""authdb":"one""#));
            subject.put(&StagingLabel::Pending, 8, with(&format!(r#""authdb":"{home}""#)));
            let diagnosis = subject.diagnose_homes::<true>(false).await.unwrap();
            let pending = diagnosis.versions.iter().find(|seen| seen.id == version(8)).unwrap();
            assert_eq!(pending.code, code, "{home}");
        }
    });
}

/// Without AWSCURRENT, the version that was live shows whose secret it is.
#[test]
fn formerly_live_version_identifies() {
    let previous = |subject: &mut Subject| {
        subject.put(&StagingLabel::Previous, 7, document("app", "first-password"));
        subject.put(&StagingLabel::Pending, 8, document("bystander", "bystander-password"));
        subject.world().store.borrow_mut().secret_mut().unlabel(&StagingLabel::Current);
    };
    check_single(
        previous,
        &expect![[r"
            fault document SECRET_NO_CURRENT: no version of the secret is AWSCURRENT
                Put AWSCURRENT on the version whose credentials log in (`rotate explain arn:aws:secretsmanager:eu-central-1:123456789012:secret:app-AbCdEf` shows which): `aws secretsmanager update-secret-version-stage --secret-id arn:aws:secretsmanager:eu-central-1:123456789012:secret:app-AbCdEf --version-stage AWSCURRENT --move-to-version-id VERSION_ID`.
            fault login CURRENT_REFUSED: AWSPREVIOUS logs in; AWSPENDING cannot be used
                Applications cannot log in until AWSCURRENT is back on AWSPREVIOUS, or until a rotation, which starts from AWSPREVIOUS here, has ended. Put AWSCURRENT on version 00000000-0000-4000-8000-000000000007, which logs in.
            ok secret connection certificate rotation function
            version 07 [AWSPREVIOUS] of app: logs in
            version 08 [AWSPENDING] of bystander: cannot be used, PENDING_USER_DIFFERS
            only_previous_logs_in: Put AWSCURRENT on version 00000000-0000-4000-8000-000000000007, which logs in.
        "]],
    );
    // Where there is neither, nothing shows that AWSPENDING is for this server.
    let pending = |subject: &mut Subject| {
        subject.put(&StagingLabel::Pending, 1, document("app", "first-password"));
        subject.world().store.borrow_mut().secret_mut().unlabel(&StagingLabel::Current);
    };
    check_single(
        pending,
        &expect![[r"
            fault document SECRET_NO_CURRENT: no version of the secret is AWSCURRENT
                Put AWSCURRENT on the version whose credentials log in (`rotate explain arn:aws:secretsmanager:eu-central-1:123456789012:secret:app-AbCdEf` shows which): `aws secretsmanager update-secret-version-stage --secret-id arn:aws:secretsmanager:eu-central-1:123456789012:secret:app-AbCdEf --version-stage AWSCURRENT --move-to-version-id VERSION_ID`.
            note login NOT_CHECKED: not checked, because a version could not be tried, or versions without labels could not be checked
            ok secret rotation function
            version 01 [AWSPENDING] of nobody: was not tried
            unknown: Move no label before this is done. Put AWSCURRENT on the version whose credentials log in (`rotate explain arn:aws:secretsmanager:eu-central-1:123456789012:secret:app-AbCdEf` shows which): `aws secretsmanager update-secret-version-stage --secret-id arn:aws:secretsmanager:eu-central-1:123456789012:secret:app-AbCdEf --version-stage AWSCURRENT --move-to-version-id VERSION_ID`.
        "]],
    );
}

/// What cannot be read or is no login is reported by version.
#[test]
fn unreadable_versions_are_listed() {
    let values = |subject: &mut Subject| {
        subject.put(&StagingLabel::Pending, 8, String::new());
        let mut store = subject.world().store.borrow_mut();
        store.secret_mut().versions.get_mut(&version(8)).unwrap().value = None;
        drop(store);
        subject.put(&StagingLabel::Previous, 7, "[]".into());
        subject.put(&StagingLabel::Other("blue".into()), 6, with(r#""a":1"#).replace("host", "hosts"));
    };
    check_single(
        values,
        &expect![[r"
            warning login PENDING_STUCK: AWSCURRENT logs in; blue cannot be used; AWSPREVIOUS cannot be used; AWSPENDING has no value
                Applications are not affected. Rotate again, which resumes with this version. If the database refuses the password itself (DB_PASSWORD_POLICY), that never succeeds: then remove AWSPENDING with `rotate recover --abandon` and start a new rotation. Rotate again: the rotation resumes with the version that is AWSPENDING.
            note document SECRET_FIELD_MISSING: blue: the blue version cannot be used: the value has no field `host`
                Add `host` to the blue version of the secret.
            ok secret names connection certificate server privileges rotation function
            version 06 [blue] of nobody: cannot be used, SECRET_FIELD_MISSING
            version 07 [AWSPREVIOUS] of nobody: cannot be used, SECRET_MALFORMED
            version 01 [AWSCURRENT] of app: logs in
            version 08 [AWSPENDING] of nobody: has no value, SECRET_NO_VALUE
            pending_empty: Rotate again: the rotation resumes with the version that is AWSPENDING.
        "]],
    );
    let binary = |subject: &mut Subject| {
        let mut store = subject.world().store.borrow_mut();
        store.secret_mut().versions.get_mut(&version(1)).unwrap().value = Some(Value::Binary);
    };
    check_single(
        binary,
        &expect![[r"
            fault document SECRET_BINARY: AWSCURRENT: the AWSCURRENT version cannot be used: the value is binary
                Store the AWSCURRENT version of the secret as text, in SecretString instead of SecretBinary.
            fault login SECRET_BINARY: the AWSCURRENT version cannot be used: the value is binary
                Store the AWSCURRENT version of the secret as text, in SecretString instead of SecretBinary.
            ok secret rotation function
            version 01 [AWSCURRENT] of nobody: cannot be used, SECRET_BINARY
            unknown: A value that cannot be used was not tried: name the secret's strategy with `--strategy`, or fix what the findings name; move no label before that.
        "]],
    );
    let unread = |subject: &mut Subject| {
        let mut gate = subject.world().gate.borrow_mut();
        gate.faults = vec![(gate.calls + 2, Fault::Before)];
    };
    check_single(
        unread,
        &expect![[r"
            fault document NET_SM_UNREACHABLE: AWSCURRENT: GetSecretValue of Secrets Manager failed: the endpoint did not answer
                Give the function's VPC an interface endpoint for Secrets Manager or a NAT gateway, and let the function's security group reach port 443. Outside of a VPC, check SECRETS_MANAGER_ENDPOINT.
            fault login NET_SM_UNREACHABLE: GetSecretValue of Secrets Manager failed: the endpoint did not answer
                Give the function's VPC an interface endpoint for Secrets Manager or a NAT gateway, and let the function's security group reach port 443. Outside of a VPC, check SECRETS_MANAGER_ENDPOINT.
            ok secret rotation function
            version 01 [AWSCURRENT] of nobody: was not tried, NET_SM_UNREACHABLE
            unknown: Move no label before this is done. Give the function's VPC an interface endpoint for Secrets Manager or a NAT gateway, and let the function's security group reach port 443. Outside of a VPC, check SECRETS_MANAGER_ENDPOINT.
        "]],
    );
}

/// The host of a version that is not tried is not contacted.
/// AWSPENDING with another host comes before AWSPREVIOUS in the order of attempts, but is not tried.
#[test]
fn untried_host_is_not_contacted() {
    World::run(async {
        let subject = Subject::single().await;
        subject.put(&StagingLabel::Previous, 7, document("app", "first-password"));
        let elsewhere = document("app", "second").replace("db.example", "db.elsewhere");
        subject.put(&StagingLabel::Pending, 8, elsewhere);
        subject.world().store.borrow_mut().secret_mut().unlabel(&StagingLabel::Current);
        let diagnosis = subject.diagnose().await;
        let found = diagnosis.findings.iter().find(|finding| finding.check == Check::Connection).unwrap();
        assert_eq!(found.sentence, "db.example.com:5432 answers");
    });
}
