use rotation_core::database::{SINGLE_USER, Session, StatementFault};
use rotation_testkit::TestLogin;

use crate::laboratory::{Lab, quoted};

#[tokio::test]
async fn a_clone_is_made_marked_and_seen_by_nobody_before_the_commit() {
    let lab = Lab::new().await;
    let clone = lab.clone();
    let session = lab.stage(&clone).await.unwrap();
    let count = format!("SELECT count(*) FROM pg_roles WHERE strpos(rolname, '{}') > 0", lab.app.username);
    assert_eq!(lab.query(&count).await[0][0].as_deref(), Some("1"));
    drop(session);
    lab.rotate_to(&clone).await.unwrap();
    lab.connect(&clone).await.unwrap().probe(None).await.unwrap();
    lab.connect(&lab.app).await.unwrap();
    // Back to the original, and nothing is left to correct.
    let refused = lab.server.refused();
    lab.rotate_to(&TestLogin { password: "Original-2".to_owned(), ..lab.app.clone() }).await.unwrap();
    assert!(!refused.iter().any(|statement| statement.contains(&lab.app.username)), "{refused:?}");
}

#[tokio::test]
async fn a_user_that_only_happens_to_be_named_like_a_clone_is_left_alone_unless_adopted() {
    let mut lab = Lab::new().await;
    let clone = lab.server.behind().create_role_named(&lab.clone().username, "").await.unwrap();
    let error = lab.rotate_to(&lab.clone()).await.unwrap_err();
    assert_eq!(error.fault, StatementFault::CloneNotRecognized);
    assert!(lab.server.knows(&clone).await.unwrap());
    lab.options.adopt_clones = true;
    lab.rotate_to(&lab.clone()).await.unwrap();
    // The mark stays, so the setting is needed once.
    lab.options.adopt_clones = false;
    lab.rotate_to(&lab.app.clone()).await.unwrap();
}

#[tokio::test]
async fn superusers_the_master_and_users_that_are_gone_are_refused() {
    let lab = Lab::new().await;
    lab.admin(&format!("ALTER ROLE {} SUPERUSER", lab.app.username)).await;
    let error = lab.rotate_to(&lab.clone()).await.unwrap_err();
    assert_eq!(error.fault, StatementFault::NotRotatable { why: "it is a superuser", remedy: SINGLE_USER });
    lab.admin(&format!("ALTER ROLE {} NOSUPERUSER VALID UNTIL '2001-01-01'", lab.app.username)).await;
    assert_eq!(lab.rotate_to(&lab.clone()).await.unwrap_err().fault, StatementFault::Expired);
    lab.admin(&format!("DROP ROLE {}", lab.app.username)).await;
    assert_eq!(lab.rotate_to(&lab.clone()).await.unwrap_err().fault, StatementFault::NoSuchUser);
}

#[tokio::test]
async fn a_master_without_the_right_is_told_which_one() {
    let lab = Lab::new().await;
    lab.admin(&format!("ALTER ROLE {} NOSUPERUSER", lab.master.username)).await;
    let error = lab.rotate_to(&lab.clone()).await.unwrap_err();
    assert!(
        matches!(error.fault, StatementFault::PrivilegeMissing { needed } if needed.contains("superuser"))
    );
}

#[tokio::test]
async fn what_the_clone_owns_goes_to_the_original_and_stays_of_use_to_both() {
    let lab = Lab::new().await;
    let (app, clone) = (quoted(&lab.app.username), lab.clone());
    lab.rotate_to(&clone).await.unwrap();
    lab.admin(&format!(
        "CREATE SCHEMA made AUTHORIZATION {clone}; CREATE TABLE made.t (n int); ALTER TABLE made.t OWNER TO {clone}; \
         CREATE VIEW made.v AS SELECT 1 AS n; ALTER VIEW made.v OWNER TO {clone}; \
         CREATE FUNCTION made.f(a int, b character varying) RETURNS int LANGUAGE sql AS 'SELECT 1'; \
         ALTER FUNCTION made.f(int, varchar) OWNER TO {clone}; \
         CREATE PROCEDURE made.p(a int) LANGUAGE sql AS 'SELECT 1'; ALTER PROCEDURE made.p(int) OWNER TO {clone}; \
         REVOKE EXECUTE ON PROCEDURE made.p(int) FROM PUBLIC; CREATE TABLE public.own (n int); \
         ALTER TABLE public.own OWNER TO {app}",
        clone = quoted(&clone.username),
    ))
    .await;
    let notes = lab.rotate_to(&lab.app.clone()).await.unwrap();
    assert!(notes.iter().any(|note| note.starts_with("the original owns 6 objects")), "{notes:?}");
    let owners = "SELECT count(*) FROM pg_class WHERE relowner = ";
    let left = lab.query(&format!("{owners} '{}'::regrole", quoted(&clone.username))).await;
    assert_eq!(left[0][0].as_deref(), Some("0"));
    let work = "INSERT INTO made.t VALUES (1); SELECT * FROM made.v; SELECT made.f(1, ''); CALL made.p(1); \
        INSERT INTO public.own VALUES (1); CREATE TABLE made.more (); DROP TABLE made.more";
    for user in [&lab.app, &clone] {
        lab.server.behind().query_as(user, &lab.database, work).await.unwrap();
    }
}

#[tokio::test]
async fn what_cannot_be_cloned_is_named() {
    let lab = Lab::new().await;
    let app = quoted(&lab.app.username);
    lab.admin(&format!(
        "CREATE TABLE public.t (a int, b int); GRANT SELECT (a) ON public.t TO {app}; \
         CREATE SCHEMA spectrum; GRANT USAGE ON SCHEMA spectrum TO {app}; \
         INSERT INTO redshift.external_schemas VALUES ('spectrum'); \
         INSERT INTO redshift.datashare_grants VALUES ('sales', 'SHARE', '{name}')",
        name = lab.app.username
    ))
    .await;
    let notes = lab.rotate_to(&lab.clone()).await.unwrap().join("\n");
    for expected in [
        "the clone lacks SELECT on columns of t, which is not cloned",
        "the clone lacks SHARE on the datashare sales, which is not cloned",
        "the clone lacks USAGE on SCHEMA \"spectrum\", which cannot be granted inside a transaction",
        "other databases were not looked at",
    ] {
        assert!(notes.contains(expected), "{notes}");
    }
}

#[tokio::test]
async fn a_session_that_is_dropped_leaves_no_lock() {
    let lab = Lab::new().await;
    let session = lab.stage(&lab.clone()).await.unwrap();
    drop(session);
    lab.stage(&lab.clone()).await.unwrap().commit().await.unwrap();
}

#[tokio::test]
async fn what_drifted_is_counted_and_a_new_clone_has_not_drifted() {
    let lab = Lab::new().await;
    let (app, clone) = (quoted(&lab.app.username), lab.clone());
    assert_eq!(lab.drift_to(&clone).await, 0, "it is made by this change");
    assert_eq!(lab.drift_to(&clone).await, 0, "it is equal");
    lab.admin(&format!("CREATE TABLE public.drifted (a int); GRANT SELECT ON public.drifted TO {app}")).await;
    assert_eq!(lab.drift_to(&clone).await, 1);
    assert_eq!(lab.drift_to(&clone).await, 0, "it is equal again");
    lab.admin(&format!("REVOKE SELECT ON public.drifted FROM {app}")).await;
    assert_eq!(lab.drift_to(&clone).await, 1, "what was taken counts as well");
}
