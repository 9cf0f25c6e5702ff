//! The master of alternating users, and what makes it fail.

use expect_test::expect;
use rotation_core::{SecretId, StagingLabel, diagnosis::Check};
use rotation_database::{MasterSecret, Strategy};

use super::{Subject, check, line};
use crate::world::{ARN, Atlas, MASTER, Plan, Situation, User, Value, World, document, grants};

/// A master that cannot do its work is reported with the reason.
#[test]
fn missing_abilities_are_reported() {
    let alternating = Plan::Alternating;
    let lacking = |subject: &mut Subject| {
        (subject.shown.lacking, subject.shown.notes) = (vec!["GRANT a".into()], vec!["a note".into()]);
    };
    check(
        alternating,
        Situation::Fresh,
        lacking,
        &expect![[r"
            fault privileges DB_PRIVILEGE_MISSING: a statement run with the master secret failed: a privilege is missing: GRANT a
                As an administrator of the database: GRANT a
            note server SERVER_NOTE: a note
            ok secret document names connection certificate login server master grants rotation function
            version 01 [AWSCURRENT] of app: logs in
            healthy: No label has to be moved. As an administrator of the database: GRANT a
        "]],
    );
    let refused = |subject: &mut Subject| {
        subject.world().server.borrow_mut().users.get_mut("master").unwrap().password = None;
    };
    check(
        alternating,
        Situation::Fresh,
        refused,
        &expect![[r"
            fault master DB_AUTH_REFUSED: login with the master secret failed: the server refused the user name or password: 28P01
                Store the password with which the master logs in in the master secret.
            ok secret document names connection certificate login server rotation function
            version 01 [AWSCURRENT] of app: logs in
            healthy: No label has to be moved. Store the password with which the master logs in in the master secret.
        "]],
    );
    let own = |subject: &mut Subject| {
        let master = MasterSecret { deployed: Some(SecretId::new(ARN).unwrap()) };
        let lookup = Atlas(subject.world().clone());
        subject.strategy = Some(Strategy::MasterUser { master, lookup });
        subject.put(&StagingLabel::Current, 7, document("app", "first-password").replace(MASTER, ARN));
    };
    check(
        alternating,
        Situation::Fresh,
        own,
        &expect![[r"
            fault master MASTER_SAME_AS_SECRET: the secret is its own master secret, or holds the same user
                Rotate a master secret with the single-user strategy. In any other secret, name in `masterarn` a master secret with another user.
            ok secret document names connection certificate login server rotation function
            version 01 [AWSPREVIOUS] of app: logs in
            version 07 [AWSCURRENT] of app: logs in
            healthy: No label has to be moved. Rotate a master secret with the single-user strategy. In any other secret, name in `masterarn` a master secret with another user.
        "]],
    );
    let empty = |subject: &mut Subject| {
        let mut store = subject.world().store.borrow_mut();
        for version in store.secrets.get_mut(MASTER).unwrap().versions.values_mut() {
            version.value = None;
        }
    };
    check(
        alternating,
        Situation::Fresh,
        empty,
        &expect![[r"
            fault master MASTER_INVALID: the master secret arn:aws:secretsmanager:eu-central-1:123456789012:secret:master-GhIjKl has no current value
                Store `engine`, `host`, `username` and `password` of the master in the master secret.
            ok secret document names connection certificate login server rotation function
            version 01 [AWSCURRENT] of app: logs in
            healthy: No label has to be moved. Store `engine`, `host`, `username` and `password` of the master in the master secret.
        "]],
    );
    let reserved = |subject: &mut Subject| {
        let user = User::new("first-password", grants(&[]));
        subject.world().server.borrow_mut().users.insert("rdsadmin".into(), user);
        subject.put(&StagingLabel::Current, 7, document("rdsadmin", "first-password"));
    };
    check(
        alternating,
        Situation::Fresh,
        reserved,
        &expect![[r"
            fault names SECRET_FIELD_INVALID: the AWSCURRENT version cannot be used: the field `username` is not a user of your own making
                Make `username` of the AWSCURRENT version of the secret a user of your own making.
            note document PENDING_USER_DIFFERS: AWSPREVIOUS: the pending version does not name the user whose turn it is
                See with `rotate explain arn:aws:secretsmanager:eu-central-1:123456789012:secret:app-AbCdEf` whether AWSCURRENT logs in. Once it does, remove the label AWSPENDING (`aws secretsmanager update-secret-version-stage --secret-id arn:aws:secretsmanager:eu-central-1:123456789012:secret:app-AbCdEf --version-stage AWSPENDING --remove-from-version-id PENDING_VERSION_ID`) and rotate again.
            ok secret connection certificate login server rotation function
            version 01 [AWSPREVIOUS] of app: cannot be used, PENDING_USER_DIFFERS
            version 07 [AWSCURRENT] of rdsadmin: logs in
            healthy: No label has to be moved. Make `username` of the AWSCURRENT version of the secret a user of your own making.
        "]],
    );
}

/// A managed master is found by its tags.
#[test]
fn managed_one_is_found_by_its_tags() {
    World::run(async {
        let subject = Subject::of(Plan::Alternating, Situation::Fresh).await;
        {
            let mut store = subject.world().store.borrow_mut();
            let master = store.secrets.get_mut(MASTER).unwrap();
            let key = "aws:rds:primarydbinstancearn".to_owned();
            master.tags = vec![(key, "arn:aws:rds:eu-central-1:123456789012:db:orders".into())];
            for version in master.versions.values_mut() {
                let text = r#"{"username":"master","password":"master-password"}"#;
                version.value = Some(Value::Text(text.into()));
            }
        }
        subject.world().lookup.borrow_mut().add("model", "db:orders", &["db.example.com"], None);
        let diagnosis = subject.diagnose().await;
        let found = diagnosis.findings.iter().find(|finding| finding.check == Check::Master).unwrap();
        assert_eq!(line(found), "ok master OK: the master logs in\n");
    });
}

/// A secret that is its own master is not read again for it.
#[test]
fn own_secret_is_not_read_twice() {
    World::run(async {
        let mut subject = Subject::of(Plan::Alternating, Situation::Fresh).await;
        let master = MasterSecret { deployed: Some(SecretId::new(ARN).unwrap()) };
        let lookup = Atlas(subject.world().clone());
        subject.strategy = Some(Strategy::MasterUser { master, lookup });
        subject.put(&StagingLabel::Current, 7, document("app", "first-password").replace(MASTER, ARN));
        subject.diagnose().await;
        let gate = subject.world().gate.borrow();
        assert_eq!(gate.log.last().map(|(_, name)| *name), Some("server: probe"));
    });
}

/// A master that is one of the pair counts as none.
#[test]
fn one_of_the_pair_is_refused() {
    World::run(async {
        for user in ["app", "app_clone"] {
            let subject = Subject::of(Plan::Alternating, Situation::Fresh).await;
            {
                let mut store = subject.world().store.borrow_mut();
                for version in store.secrets.get_mut(MASTER).unwrap().versions.values_mut() {
                    version.value = Some(Value::Text(document(user, "master-password")));
                }
            }
            let diagnosis = subject.diagnose().await;
            let found = diagnosis.findings.iter().find(|finding| finding.check == Check::Master).unwrap();
            assert_eq!(found.code.name(), "MASTER_SAME_AS_SECRET", "{user}");
        }
    });
}
