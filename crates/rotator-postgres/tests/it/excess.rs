//! What a clone holds and the original cannot use: nothing is promoted, and nothing is changed.

use rotation_database::StatementFault;
use rotation_suites::EngineScene;
use rotator_postgres::CloneObjects;
use test_servers::TestLogin;

use crate::fixture::{Lab, versions};

/// A clone as AWS's template makes it, owned by the master, with the password `old`.
async fn template_clone(lab: &Lab<'_>) -> TestLogin {
    let (app, clone) = (&lab.app.username, lab.clone());
    let sql = format!("CREATE ROLE {} LOGIN; GRANT {app} TO {0}", clone.username);
    lab.server.query_as(&lab.master, &lab.database, &sql).await.unwrap();
    lab.admin(&format!("ALTER ROLE {} PASSWORD 'old'", clone.username)).await;
    TestLogin { password: "old".to_owned(), ..clone }
}

/// Refused with nothing changed. Returns what the original lacks, and the statements that would grant it.
async fn refused(lab: &Lab<'_>, next: &TestLogin) -> (String, String) {
    let before = lab.snapshot().await;
    let error = lab.rotate_to(next).await.unwrap_err();
    assert_eq!(lab.snapshot().await, before, "{}: nothing may be written", lab.server.version());
    match error.fault {
        StatementFault::CloneExceeds { what, needed } => (what, needed),
        fault => panic!("{}: {fault:?}", lab.server.version()),
    }
}

/// The advised statements are enough.
async fn run_then_rotate(lab: &Lab<'_>, needed: &str, next: &TestLogin) {
    lab.admin(needed).await;
    lab.rotate_to(next).await.unwrap();
}

/// A live clone keeps a table that is in use.
/// A reader of the live clone's table is still reading. The live user keeps what it has, whatever happens to
/// the change.
#[tokio::test]
async fn live_clone_keeps_a_table_in_use() {
    for version in versions() {
        let lab = Lab::new(version).await;
        let old = template_clone(&lab).await;
        lab.value_as(&old, "CREATE SCHEMA made; CREATE TABLE made.t (a int); SELECT 1").await;
        let mut reader = lab.session(&old).await;
        reader.value("BEGIN; SELECT count(*) FROM made.t").await;
        let (what, needed) = refused(&lab, &lab.app).await;
        assert!(
            what.contains("another session is using") && what.contains("table made.t"),
            "{version}: {what}"
        );
        let (app, clone) = (&lab.app.username, &old.username);
        assert_eq!(needed, format!("REASSIGN OWNED BY \"{clone}\" TO \"{app}\""), "{version}");
        // New sessions of the live user can still read.
        lab.value_as(&old, "SELECT count(*) FROM made.t").await;
        reader.value("COMMIT").await;
        assert_eq!(lab.rotate_to(&lab.app).await.unwrap(), [] as [&str; 0], "{version}");
        for user in [&lab.app, &old] {
            lab.value_as(user, "SELECT count(*) FROM made.t").await;
        }
    }
}

/// Thousands of objects are handed over in their own time.
/// As many as the server's lock table takes, and more than fit into the time that a single one needs.
#[tokio::test]
async fn thousands_of_objects() {
    for version in versions() {
        let lab = Lab::new(version).await;
        let old = template_clone(&lab).await;
        let made = "CREATE SCHEMA made; \
             DO $$BEGIN FOR n IN 1..1500 LOOP EXECUTE format('CREATE TABLE made.t%s (a int)', n); END LOOP; \
             END$$; SELECT 1";
        lab.value_as(&old, made).await;
        assert_eq!(lab.rotate_to(&lab.app).await.unwrap(), [] as [&str; 0], "{version}");
        for user in [&lab.app, &old] {
            lab.value_as(user, "SELECT count(*) FROM made.t1500").await;
        }
    }
}

/// Objects in another database must be handed over there first.
#[tokio::test]
async fn other_databases_go_first() {
    for version in versions() {
        let lab = Lab::new(version).await;
        let old = template_clone(&lab).await;
        let elsewhere = lab.server.create_database().await.unwrap();
        let (app, clone) = (&lab.app.username, &old.username);
        lab.server.execute(&elsewhere, &format!("CREATE SCHEMA a AUTHORIZATION {clone}")).await.unwrap();
        for next in [&lab.app, &lab.clone()] {
            let (what, needed) = refused(&lab, next).await;
            assert_eq!(what, format!("1 objects in the database \"{elsewhere}\""), "{version}");
            let statement = format!("REASSIGN OWNED BY \"{clone}\" TO \"{app}\"");
            assert_eq!(needed, format!("in the database \"{elsewhere}\": {statement}"), "{version}");
        }
        lab.server.execute(&elsewhere, &format!("REASSIGN OWNED BY {clone} TO {app}")).await.unwrap();
        // A grant there cannot be compared from here.
        lab.server.execute(&elsewhere, &format!("GRANT USAGE ON SCHEMA a TO {clone}")).await.unwrap();
        let (what, needed) = refused(&lab, &lab.app).await;
        assert_eq!(what, format!("grants on 1 objects in the database \"{elsewhere}\""), "{version}");
        assert!(needed.contains("DROP OWNED BY"), "{version}: {needed}");
        lab.server.execute(&elsewhere, &format!("DROP OWNED BY {clone}")).await.unwrap();
        assert_eq!(lab.rotate_to(&lab.app).await.unwrap(), [] as [&str; 0], "{version}");
    }
}

/// Grants of a clone's own must be given to the original first.
/// Each kind of grant comes with the statement that gives it to the original as well.
#[tokio::test]
async fn own_grants_go_to_the_original_first() {
    for version in versions() {
        let lab = Lab::new(version).await;
        let old = template_clone(&lab).await;
        let (clone, database) = (&old.username, &lab.database);
        let mut grants = format!(
            "CREATE SCHEMA \"odd name\"; CREATE TABLE \"odd name\".\"T\" (a int, \"B b\" int); \
             CREATE SEQUENCE \"odd name\".s; CREATE TYPE \"odd name\".e AS ENUM ('x'); \
             CREATE FUNCTION \"odd name\".f(int, text) RETURNS int LANGUAGE sql AS 'SELECT 1'; \
             REVOKE ALL ON FUNCTION \"odd name\".f FROM PUBLIC; \
             REVOKE ALL ON TYPE \"odd name\".e FROM PUBLIC; \
             CREATE FOREIGN DATA WRAPPER w_{clone}; CREATE SERVER s_{clone} FOREIGN DATA WRAPPER w_{clone}; \
             SELECT lo_create(0); \
             GRANT USAGE ON SCHEMA \"odd name\" TO {clone}; \
             GRANT SELECT, INSERT ON \"odd name\".\"T\" TO {clone}; \
             GRANT UPDATE (\"B b\") ON \"odd name\".\"T\" TO {clone}; \
             GRANT USAGE ON SEQUENCE \"odd name\".s TO {clone}; \
             GRANT USAGE ON TYPE \"odd name\".e TO {clone}; \
             GRANT EXECUTE ON FUNCTION \"odd name\".f TO {clone}; \
             GRANT CREATE ON DATABASE {database} TO {clone}; GRANT USAGE ON FOREIGN SERVER s_{clone} TO \
             {clone}; GRANT USAGE ON FOREIGN DATA WRAPPER w_{clone} TO {clone}; \
             DO $$BEGIN EXECUTE format('GRANT SELECT ON LARGE OBJECT %s TO {clone}', \
                (SELECT max(oid) FROM pg_largeobject_metadata)); END$$; \
             ALTER DEFAULT PRIVILEGES IN SCHEMA \"odd name\" GRANT DELETE ON TABLES TO {clone}; \
             ALTER DEFAULT PRIVILEGES FOR ROLE {clone} GRANT SELECT ON TABLES TO {}; \
             ALTER TABLE \"odd name\".\"T\" ENABLE ROW LEVEL SECURITY; \
             CREATE POLICY \"its own\" ON \"odd name\".\"T\" TO {clone} USING (true); \
             CREATE USER MAPPING FOR {clone} SERVER s_{clone}; \
             REVOKE CREATE ON DATABASE {database} FROM {}",
            lab.master.username, lab.app.username
        );
        if version.major() >= 15 {
            grants += "; GRANT SET ON PARAMETER log_min_messages TO ";
            grants += clone;
        }
        lab.admin(&grants).await;
        let (what, needed) = refused(&lab, &lab.app).await;
        for part in [
            "table \"odd name\".\"T\"",
            "sequence \"odd name\".s",
            "function \"odd name\".f(integer,pg_catalog.text)",
            "schema \"odd name\"",
            "row policy \"its own\" on table",
            "default privileges on tables",
            "its default privileges on tables",
            "large object",
            "the user mapping for the server",
        ] {
            assert!(what.contains(part), "{version}: {part} in {what}");
        }
        assert!(
            needed.contains("GRANT UPDATE (\"B b\") ON TABLE \"odd name\".\"T\" TO"),
            "{version}: {needed}"
        );
        assert_eq!(needed.contains("GRANT SET ON PARAMETER log_min_messages TO"), version.major() >= 15);
        // The same applies before the clone itself begins to act as the original.
        assert_eq!(refused(&lab, &lab.clone()).await, (what, needed.clone()), "{version}");
        run_then_rotate(&lab, &needed, &lab.app).await;
        lab.value_as(&lab.app, "SELECT count(*) FROM \"odd name\".\"T\"").await;
        lab.value_as(&lab.clone_with("old"), "SELECT count(*) FROM \"odd name\".\"T\"").await;
    }
}

/// Memberships of the live clone go to the original.
/// A privilege that an administrator granted to the live user is a privilege of the pair.
#[tokio::test]
async fn live_memberships_go_to_the_original() {
    for version in versions() {
        let lab = Lab::new(version).await;
        let clone = lab.clone();
        lab.rotate_to(&clone).await.unwrap();
        let (app, master) = (&lab.app.username, &lab.master.username);
        let sql = format!("CREATE ROLE {app}_team; GRANT {app}_team TO {}", clone.username);
        lab.server.query_as(&lab.master, &lab.database, &sql).await.unwrap();
        assert_eq!(lab.rotate_to(&lab.app).await.unwrap(), [] as [&str; 0], "{version}");
        let may = |user: &str| format!("SELECT pg_has_role('{user}', '{app}_team', 'USAGE')");
        assert_eq!(lab.value(&may(app)).await, "t", "{version}");
        let direct = format!(
            "SELECT count(*) FROM pg_auth_members WHERE member = '{}'::regrole \
             AND roleid = '{app}_team'::regrole",
            clone.username
        );
        assert_eq!(lab.value(&direct).await, "1", "{version}: nothing is taken from the live user");
        // The clone's own turn revokes the surplus, and reports it where the original does not have it.
        assert_eq!(
            lab.rotate_to(&clone).await.unwrap(),
            [format!("membership in \"{app}_team\" was taken from the clone: the original does not have it")]
        );
        assert_eq!(lab.value(&direct).await, "0", "{version}");
        assert_eq!(lab.value(&may(&clone.username)).await, "t", "{version}: by the original");

        if version.major() >= 16 {
            let group = lab.server.create_role("").await.unwrap().username;
            lab.admin(&format!("GRANT {group} TO {}", clone.username)).await;
            let (what, needed) = refused(&lab, &lab.app).await;
            let granted = format!("membership in \"{group}\", granted by \"admin\"");
            assert_eq!(what, granted, "{version} {master}");
            run_then_rotate(&lab, &needed, &lab.app).await;
        }
    }
}

/// A live clone that may do more is not succeeded by the original.
/// An attribute or a setting that only the live clone has: only an operator knows which of the two is right.
#[tokio::test]
async fn live_clone_with_more_is_not_succeeded() {
    for version in versions() {
        let lab = Lab::new(version).await;
        let clone = lab.clone();
        lab.rotate_to(&clone).await.unwrap();
        let (app, name) = (&lab.app.username, &clone.username);
        lab.admin(&format!("ALTER ROLE {name} CREATEDB; ALTER ROLE {name} SET app.tenant = 'it''s 7'")).await;
        let (what, needed) = refused(&lab, &lab.app).await;
        assert_eq!(what, "CREATEDB, the setting \"app.tenant\"", "{version}");
        assert!(needed.contains(&format!("ALTER ROLE \"{app}\" CREATEDB")), "{version}: {needed}");
        assert!(
            needed.contains(&format!("/* or: ALTER ROLE \"{name}\" NOCREATEDB */")),
            "{version}: {needed}"
        );
        assert!(!needed.contains("it's 7") && !needed.contains("''s 7"), "{version}: {needed}");
        run_then_rotate(&lab, &needed, &lab.app).await;
        assert_eq!(
            lab.value_as(&lab.app, "SELECT current_setting('app.tenant')").await,
            "it's 7",
            "{version}"
        );
    }
}

/// An idle clone becomes equal, or is not promoted.
#[tokio::test]
async fn idle_clone_with_more_is_not_promoted() {
    for version in versions() {
        let lab = Lab::new(version).await;
        let clone = lab.clone();
        lab.rotate_to(&clone).await.unwrap();
        let (app, name) = (&lab.app.username, &clone.username);
        for attribute in ["BYPASSRLS", "REPLICATION"] {
            lab.admin(&format!("ALTER ROLE {name} {attribute}")).await;
            let (what, needed) = refused(&lab, &clone).await;
            assert_eq!(what, attribute, "{version}");
            let other = format!("ALTER ROLE \"{app}\" {attribute}");
            assert_eq!(needed, format!("ALTER ROLE \"{name}\" NO{attribute} /* or: {other} */"), "{version}");
            run_then_rotate(&lab, &needed, &clone).await;
        }
    }
}

/// With `CLONE_OBJECTS=own` the clone keeps its objects, and the original's turn works once it may use them.
#[tokio::test]
async fn clone_with_its_own_objects() {
    for version in versions() {
        let mut lab = Lab::new(version).await;
        lab.objects = CloneObjects::Own;
        let clone = lab.clone();
        lab.admin(&format!("CREATE SCHEMA work AUTHORIZATION {}", lab.app.username)).await;
        lab.rotate_to(&clone).await.unwrap();
        lab.value_as(&clone, "CREATE TABLE work.made_by_clone (a int); SELECT 1").await;
        let (what, needed) = refused(&lab, &lab.app).await;
        assert_eq!(what, "table work.made_by_clone", "{version}");
        run_then_rotate(&lab, &needed, &lab.app).await;
        lab.value_as(&lab.app, "INSERT INTO work.made_by_clone VALUES (1); SELECT 1").await;
        let owner = "SELECT tableowner FROM pg_tables WHERE tablename = 'made_by_clone'";
        assert_eq!(lab.value(owner).await, clone.username, "{version}");
    }
}
