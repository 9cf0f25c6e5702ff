//! The whole report about a healthy secret, and the rotation's configuration.

use std::time::{Duration, SystemTime};

use expect_test::expect;
use rotation_core::{Invoker, PasswordDemand};
use rotation_database::ServerFacts;
use rotation_doctor::Logins;

use super::{Subject, Told, check_single, line};
use crate::world::{Act, FUNCTION, World};

const DAY: Duration = Duration::from_hours(24);

/// A healthy secret gets a finding from every check.
#[test]
fn healthy_secret_from_every_side() {
    let report = World::run(async {
        let mut subject = Subject::single().await;
        subject.world().store.borrow_mut().secret_mut().schedule = Some("every 30 days".into());
        subject.shown = Told {
            addresses: Some(vec!["10.0.0.5".parse().unwrap(), "10.0.0.6".parse().unwrap()]),
            chain: Some(SystemTime::UNIX_EPOCH + 90 * DAY),
            facts: ServerFacts {
                version: Some("16.4".into()),
                writable: Some(true),
                password_demands: vec![PasswordDemand::Length(32)],
                notes: vec!["a note of the server".into()],
                ..ServerFacts::default()
            },
            notes: vec!["a note of the plan".into()],
            ..Told::nothing()
        };
        subject.diagnose().await.findings.iter().map(line).collect::<String>()
    });
    expect![[r"
        note server SERVER_NOTE: a note of the server
        note server SERVER_NOTE: a note of the plan
        ok secret OK: it exists and can be described
        ok document OK: every labeled version that has a value holds what a login needs
        ok names OK: app is within the server's limit
        ok address OK: db.example.com is at 10.0.0.5, 10.0.0.6
        ok connection OK: db.example.com:5432 answers
        ok certificate OK: TLS, verified, 90 days left
        ok login OK: AWSCURRENT logs in as app
        ok server OK: 16.4, accepts writes
        ok privileges OK: nothing is seen to be missing
        ok passwords OK: generated passwords meet the server's policy
        ok rotation OK: enabled, every 30 days, by this function
        ok function OK: it runs, and its role may describe the secret
    "]]
    .assert_eq(&report);
}

/// A server that reports nothing is not called healthy.
#[test]
fn silent_server_is_not_called_healthy() {
    let report = World::run(async {
        let mut subject = Subject::single().await;
        (subject.shown, subject.invoker) = (Told::nothing(), Invoker::Person);
        subject.diagnose().await.findings.iter().map(line).collect::<String>()
    });
    expect![[r"
        note server NOT_CHECKED: not checked, because this engine does not report whether it accepts writes
        ok secret OK: it exists and can be described
        ok document OK: every labeled version that has a value holds what a login needs
        ok names OK: app is within the server's limit
        ok connection OK: db.example.com:5432 answers
        ok certificate OK: TLS, verified
        ok login OK: AWSCURRENT logs in as app
        ok privileges OK: nothing is seen to be missing
        ok rotation OK: enabled, without a schedule, by arn:aws:lambda:eu-central-1:123456789012:function:rotator
    "]].assert_eq(&report);
}

/// A configuration under which no function rotates is named.
#[test]
fn setup_in_which_no_function_rotates() {
    let record = |spoil: fn(&mut crate::world::SecretModel)| {
        move |subject: &mut Subject| {
            (subject.logins, subject.invoker) = (Logins::None, Invoker::Person);
            spoil(subject.world().store.borrow_mut().secret_mut());
        }
    };
    check_single(
        record(|secret| secret.owner = Some("rds".into())),
        &expect![[r"
            fault secret SECRET_MANAGED: the secret is managed by a service, which rotates it itself (rds)
                Leave the rotation to the service that `aws secretsmanager describe-secret --secret-id arn:aws:secretsmanager:eu-central-1:123456789012:secret:app-AbCdEf --query OwningService` names; no function can be set for it.
            note connection NOT_CHECKED: not checked, because no login was asked for
            note login NOT_CHECKED: not checked, because no login was asked for
            note server NOT_CHECKED: not checked, because no login was asked for
            note privileges NOT_CHECKED: not checked, because no login was asked for
            ok document names rotation
            version 01 [AWSCURRENT] of app: was not tried
            unknown: Move no label before this is done. Leave the rotation to the service that `aws secretsmanager describe-secret --secret-id arn:aws:secretsmanager:eu-central-1:123456789012:secret:app-AbCdEf --query OwningService` names; no function can be set for it.
        "]],
    );
    check_single(
        record(|secret| secret.partner = Some("partner-of-aws".into())),
        &expect![[r"
            fault secret SECRET_MANAGED: the secret is managed by a partner of AWS, which rotates it itself (partner-of-aws)
                Leave the rotation to the partner (`ExternalSecretRotationRoleArn`); no function can be set for it.
            note connection NOT_CHECKED: not checked, because no login was asked for
            note login NOT_CHECKED: not checked, because no login was asked for
            note server NOT_CHECKED: not checked, because no login was asked for
            note privileges NOT_CHECKED: not checked, because no login was asked for
            ok document names rotation
            version 01 [AWSCURRENT] of app: was not tried
            unknown: Move no label before this is done. Leave the rotation to the partner (`ExternalSecretRotationRoleArn`); no function can be set for it.
        "]],
    );
    check_single(
        record(|secret| secret.primary_region = Some("us-east-1".into())),
        &expect![[r"
            fault secret SECRET_REPLICA: the secret is a replica of one in another region (us-east-1)
                Diagnose and rotate the secret in its primary Region (`aws secretsmanager describe-secret --secret-id arn:aws:secretsmanager:eu-central-1:123456789012:secret:app-AbCdEf --query PrimaryRegion`); replicas follow.
            note connection NOT_CHECKED: not checked, because no login was asked for
            note login NOT_CHECKED: not checked, because no login was asked for
            note server NOT_CHECKED: not checked, because no login was asked for
            note privileges NOT_CHECKED: not checked, because no login was asked for
            ok document names rotation
            version 01 [AWSCURRENT] of app: was not tried
            unknown: Move no label before this is done. Diagnose and rotate the secret in its primary Region (`aws secretsmanager describe-secret --secret-id arn:aws:secretsmanager:eu-central-1:123456789012:secret:app-AbCdEf --query PrimaryRegion`); replicas follow.
        "]],
    );
    // The name of the secret's own Region does not make it a replica.
    check_single(
        record(|secret| secret.primary_region = Some("eu-central-1".into())),
        &expect![[r"
            note connection NOT_CHECKED: not checked, because no login was asked for
            note login NOT_CHECKED: not checked, because no login was asked for
            note server NOT_CHECKED: not checked, because no login was asked for
            note privileges NOT_CHECKED: not checked, because no login was asked for
            ok secret document names rotation
            version 01 [AWSCURRENT] of app: was not tried
            unknown: Fix first what the findings name; move no label before that.
        "]],
    );
    check_single(
        record(|secret| secret.function = None),
        &expect![[r"
            note connection NOT_CHECKED: not checked, because no login was asked for
            note login NOT_CHECKED: not checked, because no login was asked for
            note server NOT_CHECKED: not checked, because no login was asked for
            note privileges NOT_CHECKED: not checked, because no login was asked for
            note rotation ROTATION_NOT_CONFIGURED: no function is set to rotate the secret
                Set a function with `aws secretsmanager rotate-secret --secret-id arn:aws:secretsmanager:eu-central-1:123456789012:secret:app-AbCdEf --rotation-lambda-arn FUNCTION_ARN --rotation-rules AutomaticallyAfterDays=30`, or rotate from your own machine with `rotate run arn:aws:secretsmanager:eu-central-1:123456789012:secret:app-AbCdEf`.
            ok secret document names
            version 01 [AWSCURRENT] of app: was not tried
            unknown: Fix first what the findings name; move no label before that.
        "]],
    );
    check_single(
        record(|secret| secret.rotation_enabled = false),
        &expect![[r"
            warning rotation ROTATION_DISABLED: rotation is not enabled for the secret; the function is arn:aws:lambda:eu-central-1:123456789012:function:rotator
                Turn rotation on with `aws secretsmanager rotate-secret --secret-id arn:aws:secretsmanager:eu-central-1:123456789012:secret:app-AbCdEf --rotation-lambda-arn FUNCTION_ARN --rotation-rules AutomaticallyAfterDays=30`. Before you remove AWSPENDING, see with `rotate explain arn:aws:secretsmanager:eu-central-1:123456789012:secret:app-AbCdEf` which version logs in: after setSecret it may be the only one.
            note connection NOT_CHECKED: not checked, because no login was asked for
            note login NOT_CHECKED: not checked, because no login was asked for
            note server NOT_CHECKED: not checked, because no login was asked for
            note privileges NOT_CHECKED: not checked, because no login was asked for
            ok secret document names
            version 01 [AWSCURRENT] of app: was not tried
            unknown: Fix first what the findings name; move no label before that.
        "]],
    );
    check_single(
        record(|secret| secret.deleted = true),
        &expect![[r"
            fault secret SECRET_DELETED: the secret is scheduled for deletion
                Restore the secret with `aws secretsmanager restore-secret --secret-id arn:aws:secretsmanager:eu-central-1:123456789012:secret:app-AbCdEf`, then rotate again. If setSecret of this version had run, its password may be the one that logs in: read it, once restored, with `aws secretsmanager get-secret-value --secret-id arn:aws:secretsmanager:eu-central-1:123456789012:secret:app-AbCdEf --version-id PENDING_VERSION_ID`.
            note login NOT_CHECKED: not checked, because the service does not return the values of a deleted secret
            ok rotation
            version 01 [AWSCURRENT] of nobody: was not tried
            deleted: Restore the secret, then run the diagnosis again.
        "]],
    );
}

/// A function diagnoses only its own secrets.
#[test]
fn function_diagnoses_its_own_secrets() {
    World::run(async {
        let subject = Subject::single().await;
        let other = Some(format!("{FUNCTION}-other"));
        for (function, expected) in
            [(None, Err("ROTATION_DISABLED")), (other, Err("ROTATION_OTHER_FUNCTION"))]
        {
            subject.world().store.borrow_mut().secret_mut().function = function;
            let diagnosed = subject.diagnose_homes::<false>(false).await;
            assert_eq!(diagnosed.map(drop).map_err(|error| error.code().name()), expected);
        }
        // An alias of the function counts as the function, and rotation may be off.
        subject.world().store.borrow_mut().secret_mut().function = Some(format!("{FUNCTION}:live"));
        Act::RotationDisabled.by_hand(subject.world());
        assert!(subject.diagnose_homes::<false>(false).await.is_ok());
    });
}
