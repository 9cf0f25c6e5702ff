use rotation_database::Session;
use rotation_suites::EngineScene;

use crate::fixture::{Lab, quoted, versions};

/// Settings are copied to the letter, with and without a database.
#[tokio::test]
async fn settings_are_copied_verbatim() {
    for version in versions() {
        let lab = Lab::new(version).await;
        let (app, database) = (&lab.app.username, &lab.database);
        let odd = lab.server.create_database().await.unwrap();
        let renamed = format!("{odd} \"odd\" 'name'");
        let clone = lab.clone();
        lab.admin(&format!("ALTER DATABASE {odd} RENAME TO {}", quoted(&renamed))).await;
        lab.admin(&format!(
            "ALTER ROLE {app} SET search_path = \"$user\", \"odd, schema\", \"with \"\"quotes\"\"\", public, \
             \"UPPER\"; ALTER ROLE {app} SET temp_tablespaces = ''; \
             ALTER ROLE {app} SET application_name = E'=it''s \\\\ odd, \"quoted\"='; \
             ALTER ROLE {app} SET DateStyle = 'ISO, DMY'; \
             ALTER ROLE {app} SET TimeZone = 'Asia/Kathmandu'; \
             ALTER ROLE {app} SET lc_monetary = 'C'; \
             ALTER ROLE {app} IN DATABASE {database} SET search_path = ''; \
             ALTER ROLE {app} IN DATABASE {} SET work_mem = '9MB'",
            quoted(&renamed)
        ))
        .await;
        assert_eq!(lab.rotate_to(&clone).await.unwrap(), [] as [&str; 0], "{version}");
        let of = |role: &str| {
            format!(
                "SELECT string_agg(concat_ws(' ', setdatabase, v), ' | ' ORDER BY setdatabase, v) \
                 FROM pg_db_role_setting, unnest(setconfig) AS v \
                 WHERE setrole = '{role}'::regrole AND v NOT LIKE 'role=%'"
            )
        };
        let settings = lab.value(&of(app)).await;
        assert!(settings.contains("odd, schema") && settings.contains("quoted\"="), "{settings}");
        assert_eq!(lab.value(&of(&clone.username)).await, settings, "{version}");

        lab.admin(&format!(
            "ALTER ROLE {app} RESET search_path; ALTER ROLE {app} SET TimeZone = 'UTC'; \
             ALTER ROLE {app} IN DATABASE {} RESET ALL",
            quoted(&renamed)
        ))
        .await;
        // Nothing is taken from a live clone: it is reconciled when its own turn comes.
        let error = lab.rotate_to(&lab.app).await.unwrap_err();
        assert_eq!(error.code().to_string(), "DB_CLONE_EXCEEDS_ORIGINAL", "{version}");
        let removed = |name: &str| {
            format!("the setting \"{name}\" was taken from the clone: the original does not have it")
        };
        let removed = [removed("search_path"), removed("work_mem")];
        assert_eq!(lab.rotate_to(&clone).await.unwrap(), removed, "{version}");
        assert_eq!(lab.value(&of(&clone.username)).await, lab.value(&of(app)).await, "{version}");
    }
}

/// An original that becomes another role makes its clone become the same.
#[tokio::test]
async fn original_that_becomes_another_role() {
    for version in versions() {
        let lab = Lab::new(version).await;
        let (app, clone) = (&lab.app.username, lab.clone());
        let team = lab.server.create_role("").await.unwrap().username;
        lab.admin(&format!("GRANT {team} TO {app}; ALTER ROLE {app} SET role = '{team}'")).await;
        lab.rotate_to(&clone).await.unwrap();
        for user in [&lab.app, &clone] {
            assert_eq!(lab.value_as(user, "SELECT current_user").await, team, "{version}");
        }
        lab.admin(&format!(
            "ALTER ROLE {app} RESET role; ALTER ROLE {app} IN DATABASE {} SET role = 'none'",
            lab.database
        ))
        .await;
        lab.rotate_to(&clone).await.unwrap();
        for user in [&lab.app, &clone] {
            assert_eq!(lab.value_as(user, "SELECT current_user").await, *app, "{version}");
        }
    }
}

/// A clone whose pool runs DISCARD ALL still acts as the original.
#[tokio::test]
async fn clone_in_a_pool_that_discards_all() {
    for version in versions() {
        let lab = Lab::new(version).await;
        let (app, clone) = (&lab.app.username, lab.clone());
        lab.admin(&format!("CREATE TABLE secret (a int); GRANT SELECT ON secret TO {app}")).await;
        lab.rotate_to(&clone).await.unwrap();
        let who = "SELECT current_user";
        let itself = format!("SET SESSION AUTHORIZATION {}", clone.username);
        // Statements that return to the start of the session return to the original, from any state.
        for back in ["RESET ROLE", "SET SESSION AUTHORIZATION DEFAULT", "DISCARD ALL"] {
            let mut session = lab.session(&clone).await;
            session.value(back).await;
            assert_eq!(session.value(who).await, *app, "{version}: {back}");
            session.value("SET ROLE NONE").await;
            assert_eq!(session.value(who).await, clone.username, "{version}");
            session.value(back).await;
            assert_eq!(session.value(who).await, *app, "{version}: SET ROLE NONE, {back}");
        }
        // A session that insists on being the clone keeps the original's privileges.
        for away in ["SET ROLE NONE", &itself] {
            let mut session = lab.session(&clone).await;
            session.value(away).await;
            assert_eq!(session.value(who).await, clone.username, "{version}: {away}");
            assert_eq!(session.value("SELECT count(*) FROM secret").await, "0", "{version}: {away}");
        }
    }
}

/// A clone logs in where only the original may connect, and does not inherit.
#[tokio::test]
async fn clone_where_only_the_original_connects() {
    for version in versions() {
        let lab = Lab::new(version).await;
        let (app, clone, database) = (&lab.app.username, lab.clone(), &lab.database);
        let group = lab.server.create_role("").await.unwrap().username;
        lab.admin(&format!(
            "REVOKE ALL ON DATABASE {database} FROM PUBLIC; \
             GRANT CONNECT ON DATABASE {database} TO {app}, {}; \
             CREATE TABLE of_group (a int); GRANT SELECT ON of_group TO {group}; \
             GRANT {group} TO {app}; ALTER ROLE {app} NOINHERIT",
            lab.master.username
        ))
        .await;
        if version.major() >= 16 {
            // From here on memberships have an INHERIT of their own.
            lab.admin(&format!("GRANT {group} TO {app} WITH INHERIT FALSE")).await;
        }
        assert_eq!(lab.rotate_to(&clone).await.unwrap(), [] as [&str; 0], "{version}");
        assert_eq!(lab.value_as(&clone, "SELECT current_user").await, *app, "{version}");
        // A clone that an earlier rotation left with the original's INHERIT.
        lab.admin(&format!("ALTER ROLE {} NOINHERIT", clone.username)).await;
        assert_eq!(lab.rotate_to(&clone).await.unwrap(), [] as [&str; 0], "{version}");
        for user in [&lab.app, &clone] {
            lab.connect(user).await.unwrap().probe(None).await.unwrap();
            // What the original has only by SET ROLE, the clone has in no other way, not even as itself.
            for sql in ["SELECT a FROM of_group", "RESET ROLE; SELECT a FROM of_group"] {
                let refused = lab.server.query_as(user, database, sql).await.unwrap_err();
                assert!(refused.to_string().contains("42501"), "{version}: {refused}");
            }
            lab.server
                .query_as(user, database, &format!("SET ROLE {group}; SELECT a FROM of_group"))
                .await
                .unwrap();
        }
    }
}

/// A list that the server did not spell is copied by its items.
#[tokio::test]
async fn foreign_list_is_copied_by_items() {
    for version in versions() {
        let lab = Lab::new(version).await;
        let (app, clone) = (&lab.app.username, lab.clone());
        lab.admin(&format!(
            "CREATE SCHEMA app; GRANT USAGE ON SCHEMA app TO {app}; SELECT set_config('search_path', \
             'App,public', false); ALTER ROLE {app} SET search_path FROM CURRENT; \
             SELECT set_config('search_path', '', false); \
             ALTER ROLE {app} IN DATABASE {} SET search_path FROM CURRENT; \
             SELECT set_config('search_path', '', false); SET DateStyle = 'ISO,DMY'; \
             ALTER ROLE {app} SET DateStyle FROM CURRENT",
            lab.server.create_database().await.unwrap()
        ))
        .await;
        for _ in 0..2 {
            assert_eq!(lab.rotate_to(&clone).await.unwrap(), [] as [&str; 0], "{version}");
        }
        for user in [&lab.app, &clone] {
            let schemas = lab.value_as(user, "SELECT current_schemas(false)::text").await;
            assert_eq!(schemas, "{app,public}", "{version}");
        }
        let kept = lab
            .value(&format!(
                "SELECT v FROM pg_db_role_setting, unnest(setconfig) AS v WHERE setrole = '{app}'::regrole \
                 AND setdatabase = 0 AND v LIKE 'search_path=%'"
            ))
            .await;
        assert_eq!(kept, "search_path=App,public", "the test needs a list that is spelled differently");
    }
}
