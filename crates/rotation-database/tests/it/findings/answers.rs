//! A diagnosis as JSON, and the sentences and commands of advice.

use expect_test::expect;
use rotation_core::{
    LabelMove, SecretId, StagingLabel,
    diagnosis::{Access, Check, Finding, Severity},
};
use rotation_doctor::{Advice, MOST_FINDINGS, Remedy, Situation, StuckState, Unlabeled};

use super::Subject;
use crate::{
    finding_codes,
    world::{World, version},
};

/// An answer has all that was found.
#[test]
fn answer_lists_every_finding() {
    let answer = World::run(async {
        let subject = Subject::single().await;
        subject.set_password("another");
        format!("{:#}", subject.diagnose().await.to_json(" --flag"))
    });
    expect![[r#"
        {
          "secret": "arn:aws:secretsmanager:eu-central-1:123456789012:secret:app-AbCdEf",
          "severity": "fault",
          "state": "no_version_logs_in",
          "summary": "AWSCURRENT is refused",
          "next": {
            "sentence": "As an administrator of the database, set the user's password to what version 00000000-0000-4000-8000-000000000001 (AWSCURRENT) holds. No label helps, and nothing is written.",
            "command": null
          },
          "versions": [
            {
              "version": "00000000-0000-4000-8000-000000000001",
              "labels": [
                "AWSCURRENT"
              ],
              "age_seconds": null,
              "username": "app",
              "access": "is refused",
              "code": "DB_AUTH_REFUSED"
            }
          ],
          "findings": [
            {
              "check": "login",
              "severity": "fault",
              "code": "DB_AUTH_REFUSED",
              "sentence": "AWSCURRENT is refused",
              "remediation": "Set the password in the database to what AWSCURRENT holds. Check first that the user exists, may log in, and has not expired. As an administrator of the database, set the user's password to what version 00000000-0000-4000-8000-000000000001 (AWSCURRENT) holds. No label helps, and nothing is written."
            },
            {
              "check": "certificate",
              "severity": "note",
              "code": "NOT_CHECKED",
              "sentence": "not checked, because no login succeeded",
              "remediation": ""
            },
            {
              "check": "secret",
              "severity": "ok",
              "code": "OK",
              "sentence": "it exists and can be described",
              "remediation": ""
            },
            {
              "check": "document",
              "severity": "ok",
              "code": "OK",
              "sentence": "every labeled version that has a value holds what a login needs",
              "remediation": ""
            },
            {
              "check": "names",
              "severity": "ok",
              "code": "OK",
              "sentence": "app is within the server's limit",
              "remediation": ""
            },
            {
              "check": "connection",
              "severity": "ok",
              "code": "OK",
              "sentence": "db.example.com:5432 answers",
              "remediation": ""
            },
            {
              "check": "rotation",
              "severity": "ok",
              "code": "OK",
              "sentence": "enabled, without a schedule, by this function",
              "remediation": ""
            },
            {
              "check": "function",
              "severity": "ok",
              "code": "OK",
              "sentence": "it runs, and its role may describe the secret",
              "remediation": ""
            }
          ]
        }"#]].assert_eq(&answer);
}

/// An answer is bounded in size.
#[test]
fn answer_is_bounded() {
    World::run(async {
        let mut diagnosis = Subject::single().await.diagnose().await;
        let finding = Finding {
            check: Check::Server,
            severity: Severity::Warning,
            code: finding_codes::SERVER_NOTE,
            sentence: "\u{e9}".repeat(1001),
            remediation: "m".repeat(1000),
        };
        diagnosis.findings = vec![finding; MOST_FINDINGS + 1];
        assert_eq!(diagnosis.severity(), Severity::Warning);
        let answer = diagnosis.to_json("");
        let findings = answer["findings"].as_array().unwrap();
        assert_eq!(findings.len(), 40);
        assert_eq!(findings[0]["sentence"].as_str().unwrap().chars().count(), 1000);
        assert_eq!(findings[0]["remediation"].as_str().unwrap().len(), 1000);
        diagnosis.findings.clear();
        assert_eq!(diagnosis.severity(), Severity::Ok);
    });
}

/// A finding of another program is put in its place, and leads where it is the worst.
/// A finding of another program, as the command's about the function, is sorted into its place.
#[test]
fn foreign_finding_is_ranked() {
    World::run(async {
        let mut diagnosis = Subject::single().await.diagnose().await;
        let count = diagnosis.findings.len();
        let missing = Finding {
            check: Check::Function,
            severity: Severity::Fault,
            code: finding_codes::FUNCTION_NOT_FOUND,
            sentence: "there is no such function".into(),
            remediation: "Deploy it again.".into(),
        };
        diagnosis.add([missing.clone()]);
        assert_eq!((diagnosis.findings.len(), &diagnosis.findings[0]), (count + 1, &missing));
        assert_eq!(diagnosis.next_step(), "No label has to be moved. Deploy it again.");
        assert_eq!(diagnosis.next_command(""), None);
    });
}

/// Advice is a sentence and, where there is one, a command.
#[test]
fn advice_is_a_sentence_and_a_command() {
    let label_move = |label, from: Option<usize>, to: Option<usize>| Remedy::Move {
        label_move: LabelMove { label, from: from.map(version), to: to.map(version) },
        keeps: version(1),
    };
    let (current, pending) = (StagingLabel::Current, StagingLabel::Pending);
    let remedies = [
        Remedy::None,
        Remedy::FixFirst,
        Remedy::FixUnusable,
        Remedy::LookFurther(Unlabeled::Unread),
        Remedy::LookFurther(Unlabeled::Newest),
        Remedy::RotateAgain { by_service: true },
        Remedy::RotateAgain { by_service: false },
        Remedy::Restore,
        label_move(current.clone(), Some(1), Some(2)),
        label_move(current.clone(), None, Some(2)),
        label_move(pending, Some(2), None),
        label_move(current, None, None),
        Remedy::SetPassword { version: Some(version(1)) },
        Remedy::SetPassword { version: None },
    ];
    let secret = SecretId::new("it's").unwrap();
    let lines = remedies.into_iter().map(|remedy| {
        let advice = Advice { state: StuckState::Healthy, remedy };
        let command = advice.command(&secret, " --flag").unwrap_or("no command".into());
        format!("{}\n    {command}\n", advice.sentence())
    });
    expect![[r"
        Nothing has to be done.
            no command
        Fix first what the findings name; move no label before that.
            no command
        A value that cannot be used was not tried: name the secret's strategy with `--strategy`, or fix what the findings name; move no label before that.
            no command
        The versions without labels could not be listed, and one of them may log in: run `rotate explain` with a person's credentials that may call ListSecretVersionIds; change no password before that.
            no command
        The newest versions without labels do not log in, and older ones were not tried: look at them with `aws secretsmanager list-secret-version-ids --include-deprecated`. Where none is right, set the user's password to what AWSCURRENT holds, as an administrator of the database.
            no command
        Rotate again: the rotation resumes with the version that is AWSPENDING.
            aws secretsmanager rotate-secret --secret-id 'it'\''s'
        Rotation is off: turn it on again, or resume the rotation from your own machine.
            rotate run 'it'\''s' --flag
        Restore the secret, then run the diagnosis again.
            aws secretsmanager restore-secret --secret-id 'it'\''s'
        Move AWSCURRENT from version 00000000-0000-4000-8000-000000000001 to version 00000000-0000-4000-8000-000000000002, which logs in.
            rotate recover 'it'\''s' --flag
        Put AWSCURRENT on version 00000000-0000-4000-8000-000000000002, which logs in.
            rotate recover 'it'\''s' --flag
        Take AWSPENDING from version 00000000-0000-4000-8000-000000000002; AWSCURRENT logs in.
            rotate recover 'it'\''s' --flag
        Leave AWSCURRENT where it is.
            rotate recover 'it'\''s' --flag
        As an administrator of the database, set the user's password to what version 00000000-0000-4000-8000-000000000001 (AWSCURRENT) holds. No label helps, and nothing is written.
            no command
        No version logs in and none is AWSCURRENT: store credentials that work with `aws secretsmanager put-secret-value`. Nothing is written.
            no command
    "]].assert_eq(&lines.collect::<String>());
}

/// A situation is described in words.
#[test]
fn situation_in_words() {
    let known = |number, labels: &[StagingLabel], access| rotation_doctor::KnownVersion {
        id: version(number),
        labels: labels.to_vec(),
        access,
    };
    let situation = |versions| Situation {
        secret: SecretId::new("s").unwrap(),
        deleted: false,
        rotation_enabled: true,
        versions,
        unlabeled: Unlabeled::All,
        hindered: false,
    };
    let (current, pending) = (StagingLabel::Current, StagingLabel::Pending);
    let versions = vec![
        known(1, &[current, pending], Access::LogsIn),
        known(2, &[StagingLabel::Previous], Access::Refused),
        known(3, &[], Access::Unusable),
        known(4, &[StagingLabel::Other("blue".into())], Access::NoValue),
        known(5, &[], Access::Unknown),
    ];
    let words = situation(versions).words();
    expect![[r"
        AWSCURRENT and AWSPENDING logs in
        AWSPREVIOUS is refused
        version 00000000-0000-4000-8000-000000000003 without a label cannot be used
        blue has no value
        version 00000000-0000-4000-8000-000000000005 without a label gave no clear answer
    "]]
    .assert_eq(&(words.replace("; ", "\n") + "\n"));
    assert_eq!(situation(Vec::new()).words(), "no version has a label");
}

/// Each state tells whether an operator must act and whether applications are locked out.
#[test]
fn action_and_outage_of_each_state() {
    use StuckState as State;
    for state in State::ALL {
        let stuck = !matches!(state, State::Healthy | State::Unknown);
        let name = state.name();
        let out = state == State::Deleted || name.starts_with("only_") || name == "no_version_logs_in";
        assert_eq!((state.is_stuck(), state.shuts_out()), (stuck, out), "{name}");
        assert_eq!(name, name.to_ascii_lowercase());
    }
}
