//! The server, and what the strategy needs there.

use expect_test::expect;
use rotation_core::{
    CharacterClass, PasswordDemand, StagingLabel,
    diagnosis::{Check, Finding},
};
use rotation_database::{SecondPassword, ServerFacts, StatementFault};

use super::{Subject, check, line};
use crate::world::{ARN, Plan, Situation, User, World, document, grants};

/// Checks the findings of these checks, where the server has these facts.
#[track_caller]
fn check_facts(plan: Plan, facts: ServerFacts, of: &[Check], expected: &[&str]) {
    World::run(async {
        let mut subject = Subject::of(plan, Situation::Fresh).await;
        subject.shown.facts = facts;
        let diagnosis = subject.diagnose().await;
        let found = diagnosis.findings.iter().filter(|finding| of.contains(&finding.check)).map(line);
        let said: Vec<_> = found.map(|said| said.lines().next().unwrap_or_default().to_owned()).collect();
        assert_eq!(said, expected);
    });
}

fn demanding(demands: &[PasswordDemand]) -> ServerFacts {
    ServerFacts { password_demands: demands.to_vec(), ..ServerFacts::default() }
}

/// A server that accepts no writes is a fault.
#[test]
fn read_only_server_is_a_fault() {
    let facts = |writable| ServerFacts { version: Some("16.4".into()), writable, ..ServerFacts::default() };
    let checked = |facts, said| check_facts(Plan::SingleUser, facts, &[Check::Server], &[said]);
    checked(facts(Some(true)), "ok server OK: 16.4, accepts writes");
    checked(
        facts(Some(false)),
        "fault server DB_READ_ONLY: a statement run with AWSCURRENT failed: the server is read-only",
    );
    checked(
        facts(None),
        "note server NOT_CHECKED: not checked, because this engine does not report whether it accepts writes",
    );
}

/// The policy of the server is compared with the passwords that are generated.
#[test]
fn server_policy_against_generated() {
    let checked = |demands: &[PasswordDemand], said: &[&str]| {
        check_facts(Plan::SingleUser, demanding(demands), &[Check::Passwords], said);
    };
    checked(&[], &[]);
    let length = PasswordDemand::Length;
    let digits = |least| PasswordDemand::Class(CharacterClass::Digit, least);
    checked(&[length(32), digits(1)], &["ok passwords OK: generated passwords meet the server's policy"]);
    let short = "fault passwords DB_PASSWORD_POLICY: the server demands passwords of 33 characters, and \
        shorter ones are generated";
    checked(&[digits(0), length(33)], &[short]);
    let few = |what: &str| {
        format!(
            "warning passwords DB_PASSWORD_POLICY: the server demands {what} in a password, and generated \
            ones may have fewer"
        )
    };
    checked(&[digits(2), length(33)], &[&few("2 digits")]);
    for (class, what) in [
        (CharacterClass::Lowercase, "2 lower-case letters"),
        (CharacterClass::Uppercase, "2 upper-case letters"),
        (CharacterClass::Punctuation, "2 punctuation characters"),
    ] {
        checked(&[PasswordDemand::Class(class, 2)], &[&few(what)]);
    }
}

const RESTRICTED: &str = "fault privileges DB_PASSWORDS_RESTRICTED: a statement run with AWSCURRENT failed: \
    the server lets only members of rds_password change passwords";

const EXPIRED: &str = "fault privileges DB_EXPIRED: a statement run with AWSCURRENT failed: the \
    validity of the user's password has expired";

/// What keeps a user from changing its own password concerns only a single user.
#[test]
fn own_change_hindrances_single_user_only() {
    let by = |fault| ServerFacts { hindrance: Some(fault), ..ServerFacts::default() };
    let hindered = || by(StatementFault::PasswordsRestricted);
    check_facts(Plan::SingleUser, hindered(), &[Check::Privileges], &[RESTRICTED]);
    let of = [Check::Privileges, Check::Master];
    let master = ["ok master OK: the master logs in", "ok privileges OK: nothing is seen to be missing"];
    check_facts(Plan::Alternating, hindered(), &of, &master);
    // A rotation of either strategy refuses a user whose validity has expired.
    check_facts(Plan::SingleUser, by(StatementFault::Expired), &of, &[EXPIRED]);
    check_facts(Plan::Alternating, by(StatementFault::Expired), &of, &[EXPIRED, master[0], master[1]]);
    // One change is planned where nothing is missing, and none where something is.
    for (facts, plans) in [(ServerFacts::default(), 1), (hindered(), 0)] {
        World::run(async {
            let mut subject = Subject::single().await;
            subject.shown.facts = facts;
            subject.diagnose().await;
            let gate = subject.world().gate.borrow();
            assert_eq!(gate.log.iter().filter(|(_, name)| *name == "server: plan").count(), plans);
        });
    }
}

/// A password that no rotation ends is a warning.
/// A second password belongs to a label, or it is a risk. Where the user cannot see it on the server, a
/// second label that logs in reveals it.
#[test]
fn unended_password_is_a_warning() {
    let found = |second: SecondPassword, previous_logs_in: bool, plan| {
        World::run(async move {
            let mut subject = Subject::of(plan, Situation::Fresh).await;
            subject.shown.facts.second_password = Some(second);
            if previous_logs_in {
                subject.put(&StagingLabel::Previous, 8, document("app", "second"));
                let mut server = subject.world().server.borrow_mut();
                server.users.get_mut("app").unwrap().secondary = Some("second".into());
            }
            let diagnosis = subject.diagnose().await;
            let of_passwords = |finding: &&Finding| finding.check == Check::Passwords;
            diagnosis.findings.iter().filter(of_passwords).map(line).collect::<Vec<_>>()
        })
    };
    let needed = || "GRANT it TO app".to_owned();
    let present = |needed| SecondPassword::Present { needed };
    let unseen = || SecondPassword::Unseen { needed: needed() };
    let warned = |hint: &str| {
        vec![format!(
            "warning passwords DB_OLD_PASSWORD_ACTIVE: a statement run with AWSCURRENT failed: a password \
             that was replaced still logs in\n    {hint}\n"
        )]
    };
    let none: Vec<String> = Vec::new();
    let granted = "Nothing was changed. As an administrator of the database: GRANT it TO app; the next \
        rotation then ends the old password. To accept that it continues to log in, set \
        ALLOW_OLD_PASSWORD=true on the function.";
    let rotate =
        "Rotate the secret, which ends the old password: `aws secretsmanager rotate-secret --secret-id";
    assert_eq!(found(present(None), false, Plan::SingleUser), warned(&format!("{rotate} {ARN}`.")));
    assert_eq!(found(present(Some(needed())), false, Plan::SingleUser), warned(granted));
    assert_eq!(found(present(None), true, Plan::SingleUser), none);
    assert_eq!(found(unseen(), true, Plan::SingleUser), warned(granted));
    assert_eq!(found(unseen(), false, Plan::SingleUser), none);
    assert_eq!(found(present(None), false, Plan::Alternating), none);
}

/// What a single user lacks is reported.
#[test]
fn what_a_single_user_lacks() {
    let lacking = |subject: &mut Subject| subject.shown.lacking = vec!["GRANT a".into(), "GRANT b".into()];
    check(
        Plan::SingleUser,
        Situation::Fresh,
        lacking,
        &expect![[r"
            fault privileges DB_PRIVILEGE_MISSING: a statement run with AWSCURRENT failed: a privilege is missing: GRANT a; GRANT b
                As an administrator of the database: GRANT a; GRANT b
            ok secret document names connection certificate login server rotation function
            version 01 [AWSCURRENT] of app: logs in
            healthy: No label has to be moved. As an administrator of the database: GRANT a; GRANT b
        "]],
    );
    let unplannable = |subject: &mut Subject| subject.shown.unplannable = Some(StatementFault::Busy);
    check(
        Plan::SingleUser,
        Situation::Fresh,
        unplannable,
        &expect![[r"
            fault privileges DB_BUSY: a statement run with AWSCURRENT failed: another session changed the user at the same time
                Nothing is lost. Secrets Manager calls again a few times; if it gives up, rotate again.
            ok secret document names connection certificate login server rotation function
            version 01 [AWSCURRENT] of app: logs in
            healthy: No label has to be moved. Nothing is lost. Secrets Manager calls again a few times; if it gives up, rotate again.
        "]],
    );
}

/// The second user is compared with the first.
#[test]
fn second_user_against_the_first() {
    let alternating = Plan::Alternating;
    check(
        alternating,
        Situation::Fresh,
        |_| (),
        &expect![[r"
            ok secret document names connection certificate login server master privileges grants rotation function
            version 01 [AWSCURRENT] of app: logs in
            healthy: Nothing has to be done.
        "]],
    );
    check(
        alternating,
        Situation::SecondRotation,
        |_| (),
        &expect![[r"
            ok secret document names connection certificate login server master privileges grants rotation function
            version 01 [AWSPREVIOUS] of app: logs in
            version 02 [AWSCURRENT] of app_clone: logs in
            healthy: Nothing has to be done.
        "]],
    );
    check(
        alternating,
        Situation::Drifted,
        |_| (),
        &expect![[r"
            warning grants GRANTS_DIFFER: app and app_clone differ; these statements reconcile them: grant SELECT ON new to app_clone; revoke SELECT ON old from app_clone
                The next rotation reconciles them, before it changes a password. If an application misses a privilege now, rotate now: `aws secretsmanager rotate-secret --secret-id arn:aws:secretsmanager:eu-central-1:123456789012:secret:app-AbCdEf`.
            ok secret document names connection certificate login server master privileges rotation function
            version 02 [AWSPREVIOUS] of app_clone: logs in
            version 03 [AWSCURRENT] of app: logs in
            healthy: No label has to be moved. The next rotation reconciles them, before it changes a password. If an application misses a privilege now, rotate now: `aws secretsmanager rotate-secret --secret-id arn:aws:secretsmanager:eu-central-1:123456789012:secret:app-AbCdEf`.
        "]],
    );
    for (count, more) in [(5, ""), (6, "; and 1 more")] {
        World::run(async {
            let subject = Subject::of(alternating, Situation::SecondRotation).await;
            let names: Vec<_> = (0..count).map(|number| format!("new {number}")).collect();
            let names: Vec<_> = names.iter().map(String::as_str).collect();
            subject.world().server.borrow_mut().users.get_mut("app").unwrap().grants.extend(grants(&names));
            let diagnosis = subject.diagnose().await;
            let found = diagnosis.findings.iter().find(|finding| finding.check == Check::Grants).unwrap();
            assert!(
                found.sentence.ends_with(&format!("grant new 4 to app_clone{more}")),
                "{}",
                found.sentence
            );
        });
    }
    let stranger = |subject: &mut Subject| {
        let mut server = subject.world().server.borrow_mut();
        server.users.insert("app_clone".into(), User::new("strange", grants(&[])));
    };
    check(
        alternating,
        Situation::Fresh,
        stranger,
        &expect![[r"
            fault privileges DB_CLONE_NOT_RECOGNIZED: a statement run with the master secret failed: the other user of the pair exists and is not known to be a clone of this one
                If the second user is this user's clone, give it the same privileges, or set ADOPT_CLONES=arn:aws:secretsmanager:eu-central-1:123456789012:secret:app-AbCdEf on the function for one rotation. Otherwise rename one of the two users.
            ok secret document names connection certificate login server master rotation function
            version 01 [AWSCURRENT] of app: logs in
            healthy: No label has to be moved. If the second user is this user's clone, give it the same privileges, or set ADOPT_CLONES=arn:aws:secretsmanager:eu-central-1:123456789012:secret:app-AbCdEf on the function for one rotation. Otherwise rename one of the two users.
        "]],
    );
}
