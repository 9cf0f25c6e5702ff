use std::time::{Duration, Instant};

use rotation_database::StatementFault;
use rotation_suites::EngineScene;

use crate::fixture::{Lab, quoted, versions};

/// How long a change waits for a lock unless its timeouts are short: half of its time.
const LOCK_LIMIT: Duration = Duration::from_secs(9);

/// A clone as AWS's template makes it, owned by the master.
async fn template_clone(lab: &Lab<'_>) -> test_servers::TestLogin {
    let (app, clone) = (lab.app.username.clone(), lab.clone());
    let sql = format!("CREATE ROLE {} LOGIN; GRANT {app} TO {0}", clone.username);
    lab.server.query_as(&lab.master, &lab.database, &sql).await.unwrap();
    lab.admin(&format!("ALTER ROLE {} PASSWORD 'old'", clone.username)).await;
    clone
}

/// A clone of the templates is adopted, and its objects are handed over.
#[tokio::test]
async fn templates_clone_and_its_objects() {
    for version in versions() {
        let lab = Lab::new(version).await;
        let clone = template_clone(&lab).await;
        let old = test_servers::TestLogin { password: "old".to_owned(), ..clone.clone() };
        lab.admin(&format!("GRANT CREATE ON SCHEMA public TO {}", lab.app.username)).await;
        let objects = "CREATE SCHEMA made; CREATE TABLE made.t (id serial PRIMARY KEY); \
             CREATE VIEW made.v AS SELECT 1 AS one; CREATE TYPE made.e AS ENUM ('a'); \
             CREATE FUNCTION made.f() RETURNS int LANGUAGE sql AS 'SELECT 1'; SELECT 1";
        lab.value_as(&old, objects).await;
        let rights = lab.snapshot_of_master().await;

        assert_eq!(lab.rotate_to(&clone).await.unwrap(), [] as [&str; 0], "{version}");
        let owners = lab
            .value(
                "SELECT string_agg(DISTINCT owner::regrole::text, ' ') FROM ( \
                 SELECT relowner FROM pg_class WHERE relnamespace = 'made'::regnamespace UNION \
                 SELECT proowner FROM pg_proc WHERE pronamespace = 'made'::regnamespace UNION \
                 SELECT typowner FROM pg_type WHERE typnamespace = 'made'::regnamespace UNION \
                 SELECT nspowner FROM pg_namespace WHERE nspname = 'made') AS all_of_them (owner)",
            )
            .await;
        assert_eq!(owners, lab.app.username, "{version}");
        assert_eq!(lab.snapshot_of_master().await, rights, "{version}");
        lab.value_as(&lab.app, "ALTER TABLE made.t ADD more int; SELECT 1").await;
        lab.value_as(&clone, "DROP FUNCTION made.f(); SELECT 1").await;
    }
}

/// What cannot be handed over is counted by database.
#[tokio::test]
async fn stuck_objects_are_counted_by_database() {
    for version in versions() {
        let lab = Lab::new(version).await;
        let clone = template_clone(&lab).await;
        let elsewhere = lab.server.create_database().await.unwrap();
        let name = quoted(&clone.username);
        let sql = format!("CREATE SCHEMA a AUTHORIZATION {name}; CREATE SCHEMA b AUTHORIZATION {name}");
        lab.server.execute(&elsewhere, &sql).await.unwrap();
        // The original may not create in this schema, so it cannot become the owner of the function in it.
        lab.admin(&format!(
            "CREATE SCHEMA closed; CREATE FUNCTION closed.f() RETURNS int LANGUAGE sql AS 'SELECT 1'; \
             ALTER FUNCTION closed.f() OWNER TO {name}; GRANT USAGE ON SCHEMA closed TO {name}"
        ))
        .await;
        let rights = lab.snapshot_of_master().await;
        let exceeds = async || match lab.rotate_to(&clone).await.unwrap_err().fault {
            StatementFault::CloneExceeds { what, needed } => (what, needed),
            fault => panic!("{version}: {fault:?}"),
        };
        let (app, here) = (&lab.app.username, &lab.database);
        let reassign = format!("REASSIGN OWNED BY {name} TO \"{app}\"");
        let (what, needed) = exceeds().await;
        assert_eq!(what, format!("2 objects in the database \"{elsewhere}\", schema closed"), "{version}");
        let grant = format!("GRANT USAGE ON SCHEMA closed TO \"{app}\"");
        assert_eq!(needed, format!("in the database \"{elsewhere}\": {reassign}; {grant}"), "{version}");
        lab.admin(&grant).await;
        lab.server.execute(&elsewhere, &reassign).await.unwrap();
        let (what, needed) = exceeds().await;
        let refused = "it owns objects in this database (the server refused to hand them over)";
        assert_eq!(what, format!("{refused}, function closed.f()"), "{version} {here}");
        assert_eq!(needed, reassign, "{version}");
        assert_eq!(lab.snapshot_of_master().await, rights, "{version}");
        lab.admin(&needed).await;
        lab.rotate_to(&clone).await.unwrap();
        lab.connect(&clone).await.unwrap();
    }
}

/// Rights that the master gave itself before stay as they were.
#[tokio::test]
async fn masters_earlier_rights_stay() {
    for version in versions().filter(|version| version.major() >= 16) {
        let lab = Lab::new(version).await;
        let clone = template_clone(&lab).await;
        let (app, master) = (&lab.app.username, &lab.master.username);
        let sql = format!(
            "GRANT {app} TO {master} WITH INHERIT FALSE, SET TRUE; \
             GRANT {} TO {master} WITH INHERIT FALSE, SET FALSE",
            clone.username
        );
        lab.server.query_as(&lab.master, &lab.database, &sql).await.unwrap();
        lab.admin(&format!("CREATE SCHEMA made AUTHORIZATION {}", clone.username)).await;
        let rights = lab.snapshot_of_master().await;
        assert_eq!(lab.rotate_to(&clone).await.unwrap(), [] as [&str; 0], "{version}");
        assert_eq!(lab.snapshot_of_master().await, rights, "{version}");
        let owner =
            lab.value("SELECT nspowner::regrole::text FROM pg_namespace WHERE nspname = 'made'").await;
        assert_eq!(owner, *app);
    }
}

/// What the clone has in addition to the original is removed.
#[tokio::test]
async fn excess_of_the_clone_is_removed() {
    for version in versions() {
        let mut lab = Lab::new(version).await;
        // Such a clone is recognized by the operator's setting alone.
        lab.owner.adopt = true;
        let clone = template_clone(&lab).await;
        let clone_name = &clone.username;
        // A membership that the master manages, and one that only a superuser may revoke.
        let sql = format!("CREATE ROLE {clone_name}_extra; GRANT {clone_name}_extra TO {clone_name}");
        lab.server.query_as(&lab.master, &lab.database, &sql).await.unwrap();
        lab.admin(&format!(
            "ALTER ROLE {clone_name} SET statement_timeout = '7s'; \
             ALTER ROLE {clone_name} IN DATABASE {} SET work_mem = '5MB'; \
             ALTER ROLE {clone_name} CREATEDB CONNECTION LIMIT 3 VALID UNTIL '2099-01-01'",
            lab.database
        ))
        .await;
        let removed = ["CREATEDB".to_owned(), format!("membership in \"{clone_name}_extra\"")];
        let settings = ["statement_timeout", "work_mem"].map(|name| format!("the setting \"{name}\""));
        let removed = removed.into_iter().chain(settings);
        let reason = "was taken from the clone: the original does not have it";
        let removed: Vec<_> = removed.map(|what| format!("{what} {reason}")).collect();
        assert_eq!(lab.rotate_to(&clone).await.unwrap(), removed, "{version}");
        let memberships = lab
            .value(&format!(
                "SELECT string_agg(roleid::regrole::text, ' ') FROM pg_auth_members \
                 WHERE member = '{clone_name}'::regrole"
            ))
            .await;
        assert_eq!(memberships, lab.app.username, "{version}");
        let settings = lab
            .value(&format!(
                "SELECT string_agg(setconfig::text, ' ') FROM pg_db_role_setting \
                 WHERE setrole = '{clone_name}'::regrole"
            ))
            .await;
        assert_eq!(settings, format!("{{role={}}}", lab.app.username));
        let attributes = lab
            .value(&format!(
                "SELECT concat_ws(' ', rolcreatedb, rolconnlimit, rolvaliduntil) FROM pg_roles \
                 WHERE rolname = '{clone_name}'"
            ))
            .await;
        assert_eq!(attributes, "f -1 infinity");

        if version.major() >= 16 {
            let group = lab.server.create_role("").await.unwrap().username;
            lab.admin(&format!("GRANT {group} TO {clone_name}")).await;
            let fault = lab.rotate_to(&clone).await.unwrap_err().fault;
            let StatementFault::CloneExceeds { what, needed } = fault else { panic!("{fault:?}") };
            assert_eq!(what, format!("membership in \"{group}\", granted by \"admin\""), "{version}");
            lab.admin(&needed).await;
            lab.rotate_to(&clone).await.unwrap();
        }
    }
}

/// Objects in use are left for the next rotation, and readers hardly wait.
#[tokio::test]
async fn objects_in_use_wait_for_the_next() {
    for version in versions() {
        let lab = Lab::new(version).await;
        let clone = template_clone(&lab).await;
        let old = test_servers::TestLogin { password: "old".to_owned(), ..clone.clone() };
        lab.value_as(&old, "CREATE SCHEMA made; CREATE TABLE made.t (a int); SELECT 1").await;
        let rights = lab.snapshot_of_master().await;
        let (mut reader, mut other) = (lab.session(&old).await, lab.session(&old).await);
        reader.value("BEGIN; SELECT count(*) FROM made.t").await;

        let started = Instant::now();
        let reading = async {
            let waiting = "SELECT count(*) FROM pg_locks WHERE NOT granted AND relation IS NOT NULL \
                 AND database = (SELECT oid FROM pg_database WHERE datname = current_database())";
            while lab.value(waiting).await == "0" {
                assert!(started.elapsed() < Duration::from_mins(1), "{version}: nobody waits for the reader");
            }
            let queued = Instant::now();
            other.value("SELECT count(*) FROM made.t").await;
            queued.elapsed()
        };
        let (notes, waited) = tokio::join!(lab.rotate_to(&clone), reading);
        assert!(waited < LOCK_LIMIT, "{version}: {waited:?}");
        let fault = notes.unwrap_err().fault;
        let StatementFault::CloneExceeds { what, .. } = fault else { panic!("{version}: {fault:?}") };
        assert!(what.contains("another session is using"), "{version}: {what}");
        assert_eq!(lab.snapshot_of_master().await, rights, "{version}");
        lab.connect(&old).await.unwrap();

        reader.value("COMMIT").await;
        assert_eq!(lab.rotate_to(&clone).await.unwrap(), [] as [&str; 0], "{version}");
        let owner = "SELECT relowner::regrole::text FROM pg_class WHERE relname = 't' AND relkind = 'r'";
        assert_eq!(lab.value(owner).await, lab.app.username, "{version}");
    }
}

/// Default privileges of the clone are given to the original first.
#[tokio::test]
async fn default_privileges_go_to_the_original() {
    for version in versions() {
        let lab = Lab::new(version).await;
        let clone = template_clone(&lab).await;
        let old = test_servers::TestLogin { password: "old".to_owned(), ..clone.clone() };
        lab.value_as(&old, "ALTER DEFAULT PRIVILEGES GRANT SELECT ON TABLES TO PUBLIC; SELECT 1").await;
        let fault = lab.rotate_to(&clone).await.unwrap_err().fault;
        let StatementFault::CloneExceeds { what, needed } = fault else { panic!("{version}: {fault:?}") };
        assert_eq!(what, "its default privileges on tables", "{version}");
        lab.admin(&needed).await;
        for next in [&clone, &lab.app, &clone] {
            assert_eq!(lab.rotate_to(next).await.unwrap(), [] as [&str; 0], "{version}");
        }
    }
}
