use rotation_database::{SINGLE_USER, StatementFault, UserBar};
use rotation_suites::EngineScene;
use rotator_postgres::CloneObjects;
use test_servers::PostgresVersion;

use crate::fixture::{Lab, every_version, quoted, versions};

/// The change is refused with this fault, and the system catalog is unchanged.
#[track_caller]
fn check(lab: &Lab<'_>, outcome: (String, StatementFault, String), expected: &StatementFault) {
    let (before, fault, after) = outcome;
    assert_eq!(fault, *expected, "{}", lab.server.version());
    assert_eq!(before, after, "{}: nothing may be written", lab.server.version());
}

async fn refused(lab: &Lab<'_>, next: &test_servers::TestLogin) -> (String, StatementFault, String) {
    let before = lab.snapshot().await;
    let error = lab.rotate_to(next).await.unwrap_err();
    (before, error.fault, lab.snapshot().await)
}

/// Pairs that must not alternate are refused before anything is written.
#[tokio::test]
async fn unfit_pairs_are_refused_before_writes() {
    let not_alternating = |why| StatementFault::NotRotatable { why, remedy: SINGLE_USER };
    for version in versions() {
        let lab = Lab::new(version).await;
        let (app, clone) = (&lab.app.username, lab.clone());
        let name = &clone.username;
        lab.admin(&format!("CREATE ROLE {name} LOGIN")).await;
        check(&lab, refused(&lab, &clone).await, &StatementFault::CloneNotRecognized);
        check(&lab, refused(&lab, &lab.app).await, &StatementFault::CloneNotRecognized);
        lab.admin(&format!("GRANT {app} TO {name}; ALTER ROLE {name} SUPERUSER")).await;
        check(&lab, refused(&lab, &clone).await, &not_alternating("it is a superuser"));
        lab.admin(&format!("DROP ROLE {name}; ALTER ROLE {app} SUPERUSER")).await;
        check(&lab, refused(&lab, &clone).await, &not_alternating("it is a superuser"));
        lab.admin(&format!("ALTER ROLE {app} NOSUPERUSER NOLOGIN")).await;
        let barred = |bar, needed| {
            let user = quoted(app);
            StatementFault::UserBarred { needed: format!("ALTER ROLE {user} {needed}"), user, bar }
        };
        check(&lab, refused(&lab, &clone).await, &barred(UserBar::Locked, "LOGIN"));
        lab.admin(&format!("ALTER ROLE {app} LOGIN VALID UNTIL '2001-01-01'")).await;
        check(&lab, refused(&lab, &clone).await, &barred(UserBar::Expired, "VALID UNTIL 'infinity'"));
        lab.admin(&format!("ALTER ROLE {app} VALID UNTIL 'infinity'")).await;
        check(&lab, refused(&lab, &lab.app).await, &StatementFault::NoSuchUser);
        lab.admin(&format!("ALTER ROLE {app} RENAME TO {app}_gone")).await;
        check(&lab, refused(&lab, &clone).await, &StatementFault::NoSuchUser);
    }
}

/// The master itself is no user to alternate.
#[tokio::test]
async fn master_itself_does_not_alternate() {
    let mut lab = Lab::new(PostgresVersion::V16).await;
    lab.app = lab.master.clone();
    let why = "it is the master itself";
    check(
        &lab,
        refused(&lab, &lab.clone()).await,
        &StatementFault::NotRotatable { why, remedy: SINGLE_USER },
    );
}

/// A missing privilege is reported with the statement that grants it.
#[tokio::test]
async fn missing_privilege_with_its_statement() {
    for version in every_version() {
        let lab = Lab::new(version).await;
        let (app, master, clone) = (&lab.app.username, &lab.master.username, lab.clone());
        let needed = |needed: String| StatementFault::PrivilegeMissing { needed };
        let mut grants = Vec::new();
        lab.admin(&format!("ALTER ROLE {master} NOCREATEROLE")).await;
        grants.push(format!("ALTER ROLE \"{master}\" CREATEROLE"));
        if version.major() >= 16 {
            lab.admin(&format!("REVOKE {app} FROM {master}")).await;
            grants.push(format!("GRANT \"{app}\" TO \"{master}\" WITH ADMIN OPTION"));
        }
        check(&lab, refused(&lab, &clone).await, &needed(grants.join("; ")));
        // The advised statement is the fix.
        lab.admin(&grants.join("; ")).await;
        lab.rotate_to(&clone).await.unwrap();

        if version.major() >= 16 {
            // The clone exists and belongs to another administrator.
            let name = &clone.username;
            lab.admin(&format!("REVOKE {name} FROM {master}")).await;
            let grant = format!("GRANT \"{name}\" TO \"{master}\" WITH ADMIN OPTION");
            check(&lab, refused(&lab, &clone).await, &needed(grant.clone()));
            // The clone is equal already, so the original's turn needs no privilege on the clone.
            lab.rotate_to(&lab.app).await.unwrap();
            // The membership that the master granted goes with its right to grant; another role grants it.
            lab.admin(&format!("{grant}; REVOKE {app} FROM {master} CASCADE; GRANT {app} TO {name}")).await;
            lab.rotate_to(&clone).await.unwrap();
            let grant = format!("GRANT \"{app}\" TO \"{master}\" WITH ADMIN OPTION");
            check(&lab, refused(&lab, &lab.app).await, &needed(grant));
        }
    }
}

/// A clone without a setting of the original is not promoted.
/// Row policies that read such a setting would hide all rows from the clone.
#[tokio::test]
async fn clone_without_an_original_setting() {
    for version in every_version() {
        let lab = Lab::new(version).await;
        let (app, clone, database) = (&lab.app.username, lab.clone(), &lab.database);
        lab.rotate_to(&clone).await.unwrap();
        for (name, set) in [
            ("app.tenant", format!("ALTER ROLE {app} SET app.tenant = 'it''s 7'")),
            ("app.tenant", format!("ALTER ROLE {app} IN DATABASE {database} SET app.tenant = 'it''s 8'")),
            ("log_statement", format!("ALTER ROLE {app} SET log_statement = 'ddl'")),
        ] {
            if version.major() >= 15 {
                lab.admin(&format!("REVOKE ALL ON PARAMETER {name} FROM {}", lab.master.username)).await;
            }
            lab.admin(&set).await;
            let (before, fault, after) = refused(&lab, &clone).await;
            assert_eq!(before, after, "{version}");
            let StatementFault::PrivilegeMissing { needed } = fault else { panic!("{version}: {fault:?}") };
            let grant = format!("GRANT SET ON PARAMETER \"{name}\" TO \"{}\"", lab.master.username);
            assert_eq!(needed == grant, version.major() >= 15, "{version}: {needed}");
            assert!(!needed.contains("it''s"), "{version}: {needed}");
            // The advised statement is the fix.
            lab.admin(&needed).await;
            lab.rotate_to(&clone).await.unwrap();
            let seen = format!("SELECT current_setting('{name}')");
            assert_eq!(lab.value_as(&clone, &seen).await, lab.value_as(&lab.app, &seen).await, "{version}");
            // It does not block the original's turn.
            lab.rotate_to(&lab.app).await.unwrap();
        }
    }
}

/// A database that keeps its locks to itself is refused with the GRANT to run.
#[tokio::test]
async fn database_that_keeps_its_locks() {
    for version in versions() {
        let lab = Lab::new(version).await;
        lab.admin("REVOKE EXECUTE ON FUNCTION pg_advisory_xact_lock(bigint) FROM PUBLIC").await;
        let grant = format!(
            "GRANT EXECUTE ON FUNCTION pg_catalog.pg_advisory_xact_lock(bigint) TO \"{}\"",
            lab.master.username
        );
        let error = refused(&lab, &lab.clone()).await;
        check(&lab, error, &StatementFault::PrivilegeMissing { needed: grant.clone() });
        lab.admin(&grant).await;
        lab.rotate_to(&lab.clone()).await.unwrap();
    }
}

/// A clone that could do less is refused, and one that acts as the original is noted.
#[tokio::test]
async fn weaker_clone_or_noted_session() {
    for version in every_version() {
        let mut lab = Lab::new(version).await;
        let (app, clone) = (lab.app.username.clone(), lab.clone());
        let lacking = async |lab: &Lab<'_>| {
            let (before, fault, after) = refused(lab, &clone).await;
            assert_eq!(before, after, "{version}: nothing may be written");
            assert!(matches!(fault, StatementFault::PrivilegeMissing { .. }), "{version}: {fault:?}");
        };
        lab.admin(&format!("ALTER ROLE {app} REPLICATION")).await;
        lacking(&lab).await;
        lab.admin(&format!("ALTER ROLE {app} NOREPLICATION BYPASSRLS")).await;
        lab.objects = CloneObjects::Own;
        lacking(&lab).await;
        lab.objects = CloneObjects::Original;
        lab.admin(&format!(
            "CREATE TABLE guarded (a int); INSERT INTO guarded VALUES (1); \
             ALTER TABLE guarded ENABLE ROW LEVEL SECURITY; GRANT SELECT ON guarded TO {app}"
        ))
        .await;
        assert_eq!(
            lab.rotate_to(&clone).await.unwrap(),
            ["the clone has BYPASSRLS only while it acts as the original: the master may not give it"]
        );
        assert_eq!(lab.value_as(&clone, "SELECT count(*) FROM guarded").await, "1");
    }
}

/// Harmless settings that only a superuser may give are noted.
#[tokio::test]
async fn harmless_superuser_settings_are_noted() {
    for version in versions() {
        let lab = Lab::new(version).await;
        let (app, clone) = (&lab.app.username, lab.clone());
        lab.admin(&format!(
            "ALTER ROLE {app} SET log_min_duration_statement = 5; ALTER ROLE {app} SET work_mem = '6MB'"
        ))
        .await;
        let notes = ["log_min_duration_statement"].map(|name| {
            format!("the clone lacks the original's setting \"{name}\": the master may not set it")
        });
        assert_eq!(lab.rotate_to(&clone).await.unwrap(), notes, "{version}");
        assert_eq!(lab.value_as(&clone, "SHOW work_mem").await, "6MB");
        assert_eq!(lab.rotate_to(&clone).await.unwrap(), notes, "{version}");
        // A rotation that cannot copy the settings leaves those that an operator copied.
        lab.admin(&format!("ALTER ROLE {} SET log_min_duration_statement = 5", clone.username)).await;
        assert_eq!(lab.rotate_to(&clone).await.unwrap(), [] as [&str; 0], "{version}");
    }
}
