use std::time::{Duration, Instant};

use rotation_core::Deadline;
use rotation_database::{Change, Session, StatementFault, Turn};
use rotation_suites::EngineScene;
use rotator_postgres::CloneObjects;

use crate::fixture::{Lab, every_version, owner, versions};

const NO_NOTES: [&str; 0] = [];

/// The clone works as the original, and ownership never splits.
#[tokio::test]
async fn clone_acts_as_the_original() {
    for version in every_version() {
        let lab = Lab::new(version).await;
        lab.admin(&format!("CREATE SCHEMA work AUTHORIZATION {}", lab.app.username)).await;
        let clone = lab.clone();
        assert_eq!(lab.rotate_to(&clone).await.unwrap(), NO_NOTES, "{version}");
        lab.value_as(&clone, "CREATE TABLE work.made_by_clone (a int); SELECT 1").await;
        lab.value_as(&lab.app, "CREATE TABLE work.made_by_app (a int); SELECT 1").await;
        let owners = "SELECT string_agg(DISTINCT tableowner, ' ') FROM pg_tables WHERE schemaname = 'work'";
        assert_eq!(lab.value(owners).await, lab.app.username);
        lab.value_as(&lab.app, "ALTER TABLE work.made_by_clone ADD b int; SELECT 1").await;
        lab.value_as(&clone, "ALTER TABLE work.made_by_app ADD b int; SELECT 1").await;

        let mut back = lab.app.clone();
        back.password = "the original's next".to_owned();
        assert_eq!(lab.rotate_to(&back).await.unwrap(), NO_NOTES, "{version}");
        lab.connect(&back).await.unwrap().probe(None).await.unwrap();
        lab.connect(&clone).await.unwrap().probe(None).await.unwrap();
        assert!(lab.connect(&lab.app).await.unwrap_err().is_refusal());
        for password in [&clone.password, &back.password] {
            assert!(!lab.server.log().contains(password.as_str()), "{version} wrote a password down");
        }
    }
}

/// A rotation of equal users writes nothing but the password.
#[tokio::test]
async fn equal_users_get_the_password_alone() {
    for version in versions() {
        let lab = Lab::new(version).await;
        let mut clone = lab.clone();
        lab.rotate_to(&clone).await.unwrap();
        let written = || {
            let log = lab.server.log();
            let words = ["ALTER ROLE", "CREATE ROLE", "GRANT", "REVOKE", "SAVEPOINT", "REASSIGN"];
            let ours = |line: &&str| line.contains(&format!("|{}|", lab.master.username));
            log.lines().filter(ours).filter(|line| words.iter().any(|word| line.contains(word))).count()
        };
        let before = written();
        clone.password = "the next one".to_owned();
        lab.rotate_to(&clone).await.unwrap();
        assert_eq!(written() - before, 1, "{version}");
    }
}

/// The master has no more rights afterwards than the creation of a role gives it.
#[tokio::test]
async fn master_keeps_no_extra_rights() {
    for version in every_version() {
        let lab = Lab::new(version).await;
        lab.rotate_to(&lab.clone()).await.unwrap();
        let master = &lab.master.username;
        let may = lab
            .value(&format!(
                "SELECT string_agg(pg_has_role('{master}', rolname, 'USAGE')::text, ' ') FROM pg_roles \
                 WHERE rolname LIKE '{}%'",
                lab.app.username
            ))
            .await;
        assert_eq!(may, "false false", "{version}");
    }
}

/// A session that changes either user of a pair waits for its turn.
#[tokio::test]
async fn pair_changes_take_turns() {
    for version in versions() {
        let lab = Lab::new(version).await;
        lab.rotate_to(&lab.clone()).await.unwrap();
        let first = lab.stage(&lab.clone()).await.unwrap();
        let pair = lab.pair();
        let next = lab.login(&lab.app).credentials;
        let change =
            Change::OtherUser { pair: &pair, live: &pair.clone, next: &next, owner: &owner(), method: None };
        let mut second = lab.connect(&lab.master).await.unwrap();
        let soon = Deadline::after(Duration::from_millis(800));
        let error = second.stage(&change, &Turn::default(), soon).await.unwrap_err();
        assert_eq!((error.fault, error.statement), (StatementFault::Busy, Some("take turn")), "{version}");
        drop(first);
        lab.rotate_to(&lab.app).await.unwrap();
    }
}

/// A clone that was dropped is created again with everything.
#[tokio::test]
async fn dropped_clone_is_created_again() {
    for version in versions() {
        let lab = Lab::new(version).await;
        let clone = lab.clone();
        lab.admin(&format!("ALTER ROLE {} SET search_path = work, public", lab.app.username)).await;
        lab.rotate_to(&clone).await.unwrap();
        lab.admin(&format!("DROP ROLE {}", clone.username)).await;
        lab.rotate_to(&clone).await.unwrap();
        assert_eq!(lab.value_as(&clone, "SHOW search_path").await, "work, public");
        assert_eq!(lab.value_as(&clone, "SELECT current_user").await, lab.app.username);
    }
}

/// Rights that the original is granted or loses reach the clone at once.
#[tokio::test]
async fn grants_and_revokes_reach_the_clone() {
    for version in versions() {
        let lab = Lab::new(version).await;
        let clone = lab.clone();
        let group = lab.server.create_role("").await.unwrap().username;
        lab.rotate_to(&clone).await.unwrap();
        let app = &lab.app.username;
        let may = format!("SELECT pg_has_role('{}', '{group}', 'MEMBER')", clone.username);
        lab.admin(&format!("GRANT {group} TO {app}")).await;
        assert_eq!(lab.value(&may).await, "t");
        assert_eq!(lab.value_as(&clone, &format!("SET ROLE {group}; SELECT current_user")).await, group);
        lab.admin(&format!("REVOKE {group} FROM {app}")).await;
        assert_eq!(lab.value(&may).await, "f");
    }
}

/// Clones may keep what they create, as with the templates of AWS.
#[tokio::test]
async fn clone_objects_own() {
    for version in versions() {
        let mut lab = Lab::new(version).await;
        lab.objects = CloneObjects::Own;
        let clone = lab.clone();
        lab.admin(&format!(
            "CREATE SCHEMA work AUTHORIZATION {}; ALTER ROLE {0} NOINHERIT CONNECTION LIMIT 4",
            lab.app.username
        ))
        .await;
        assert_eq!(lab.rotate_to(&clone).await.unwrap(), NO_NOTES);
        assert_eq!(lab.value_as(&clone, "SELECT current_user").await, clone.username);
        lab.value_as(&clone, "CREATE TABLE work.made_by_clone (a int); SELECT 1").await;
        let owner = "SELECT tableowner FROM pg_tables WHERE tablename = 'made_by_clone'";
        assert_eq!(lab.value(owner).await, clone.username);
        assert_eq!(lab.rotate_to(&clone).await.unwrap(), NO_NOTES);
        assert_eq!(lab.value(owner).await, clone.username);

        // A change of the setting hands everything over.
        lab.objects = CloneObjects::Original;
        lab.rotate_to(&clone).await.unwrap();
        assert_eq!(lab.value(owner).await, lab.app.username);
        assert_eq!(lab.value_as(&clone, "SELECT current_user").await, lab.app.username);
    }
}

/// Roles that the master creates meanwhile in other sessions disturb nothing.
#[tokio::test]
async fn roles_created_meanwhile_disturb_nothing() {
    for version in versions() {
        let lab = Lab::new(version).await;
        let (clone, master) = (lab.clone(), &lab.master);
        // A session that creates a role of the same name waits for this one, between its first read and its
        // second.
        let mut holder = lab.session(master).await;
        holder.value(&format!("BEGIN; CREATE ROLE {}", clone.username)).await;
        let meanwhile = async {
            let started = Instant::now();
            let waiting = format!(
                "SELECT count(*) FROM pg_stat_activity WHERE usename = '{}' AND wait_event_type = 'Lock'",
                master.username
            );
            while lab.value(&waiting).await == "0" {
                assert!(started.elapsed() < Duration::from_secs(5), "{version}: nobody waits for the name");
            }
            let sql = format!("CREATE ROLE {0}_made; GRANT {0}_made TO {0}; SELECT 1", master.username);
            lab.value_as(master, &sql).await;
            holder.value("ROLLBACK").await;
        };
        let (notes, ()) = tokio::join!(lab.rotate_to(&clone), meanwhile);
        assert_eq!(notes.unwrap(), NO_NOTES, "{version}");
        lab.connect(&clone).await.unwrap();
    }
}

/// Each kind of correction is counted.
#[tokio::test]
async fn each_kind_of_correction_is_counted() {
    for version in versions() {
        let lab = Lab::new(version).await;
        let (app, clone) = (&lab.app.username, lab.clone());
        lab.rotate_to(&clone).await.unwrap();
        // An attribute, a setting that is missing, and one that is too much.
        lab.admin(&format!(
            "ALTER ROLE {app} CONNECTION LIMIT 7; ALTER ROLE {app} SET work_mem = '6MB'; \
             ALTER ROLE {app}_clone SET lock_timeout = '5s'"
        ))
        .await;
        assert_eq!(lab.change_to(&clone).await.unwrap().drift, 3, "{version}");
        // What the master may not correct is noted and not counted.
        lab.admin(&format!("ALTER ROLE {app} SET log_min_duration_statement = 5")).await;
        assert_eq!(lab.change_to(&clone).await.unwrap().drift, 0, "{version}");
    }
}
