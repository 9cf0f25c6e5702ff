//! The clone is live: it loses nothing, and the original gets the same access or is not promoted.

use rotation_database::StatementFault;
use rotation_suites::EngineScene;
use test_servers::TestLogin;

use crate::fixture::{Lab, quoted};

async fn live() -> (Lab, TestLogin) {
    let lab = Lab::new().await;
    let clone = lab.clone();
    lab.rotate_to(&clone).await.unwrap();
    (lab, clone)
}

/// The two lists of statements in a remediation: those that grant, and those that revoke.
fn remedies(needed: &str) -> [String; 2] {
    let (give, take) = needed.split_once("; or this to take it from the clone: ").unwrap();
    let give = give.strip_prefix("run this to give it to the original: ").unwrap();
    [give.to_owned(), take.to_owned()]
}

/// What the live clone owns stays its own while the original may use it, and is handed over when the clone is
/// idle.
#[tokio::test]
async fn its_objects_serve_both() {
    let (lab, clone) = live().await;
    let app = quoted(&lab.app.username);
    lab.admin(&format!(
        "CREATE SCHEMA made AUTHORIZATION {clone}; CREATE TABLE made.t (n int); ALTER TABLE made.t OWNER TO \
         {clone}; CREATE VIEW made.v AS SELECT 1 AS n; ALTER VIEW made.v OWNER TO {clone}; \
         CREATE FUNCTION made.f(a int, b character varying) RETURNS int LANGUAGE sql AS 'SELECT 1'; \
         ALTER FUNCTION made.f(int, varchar) OWNER TO {clone}; \
         CREATE PROCEDURE made.p(a int) LANGUAGE sql AS 'SELECT 1'; ALTER PROCEDURE made.p(int) OWNER TO \
         {clone}; REVOKE EXECUTE ON PROCEDURE made.p(int) FROM PUBLIC; CREATE TABLE public.own (n int); \
         ALTER TABLE public.own OWNER TO {app}",
        clone = quoted(&clone.username),
    ))
    .await;
    let work = "INSERT INTO made.t VALUES (1); SELECT * FROM made.v; SELECT made.f(1, ''); CALL made.p(1); \
        INSERT INTO public.own VALUES (1); CREATE TABLE made.more (); DROP TABLE made.more";
    let owned = async |login: &TestLogin| {
        let owned =
            format!("SELECT count(*) FROM pg_class WHERE relowner = '{}'::regrole", quoted(&login.username));
        lab.query(&owned).await.remove(0).remove(0).unwrap()
    };
    // As the owner, the clone may also change its table.
    let as_owner = format!("{work}; ALTER TABLE made.t ADD COLUMN m int; ALTER TABLE made.t DROP COLUMN m");
    let notes = lab.rotate_to(&lab.app.clone()).await.unwrap();
    assert!(notes.iter().any(|note| note.starts_with("the clone owns 5 objects")), "{notes:?}");
    assert_eq!(owned(&clone).await, "2", "a live clone keeps what it owns");
    lab.server.behind().query_as(&clone, &lab.database, &as_owner).await.unwrap();
    lab.server.behind().query_as(&lab.app, &lab.database, work).await.unwrap();
    let notes = lab.rotate_to(&clone).await.unwrap();
    assert!(notes.iter().any(|note| note.starts_with("the original owns 6 objects")), "{notes:?}");
    assert_eq!(owned(&clone).await, "0");
    for login in [&lab.app, &clone] {
        lab.server.behind().query_as(login, &lab.database, work).await.unwrap();
    }
}

/// Each kind of right that only the live clone has is refused with statements; either of them fixes it.
#[tokio::test]
async fn extra_rights_are_refused() {
    let cases: [(&str, &str); 6] = [
        (
            "CREATE TABLE public.t (n int); GRANT SELECT ON public.t TO CLONE",
            "SELECT ON TABLE \"public\".\"t\"",
        ),
        ("CREATE GROUP \"g_NAME\"; ALTER GROUP \"g_NAME\" ADD USER CLONE", "the group \"g_NAME\""),
        (
            "CREATE ROLE \"role:r_NAME\"; GRANT \"role:r_NAME\" TO CLONE WITH ADMIN OPTION",
            "the role \"r_NAME\"",
        ),
        ("ALTER ROLE CLONE CREATEDB", "CREATEDB"),
        ("ALTER ROLE CLONE SET search_path TO data", "the setting \"search_path\""),
        ("ALTER DEFAULT PRIVILEGES GRANT SELECT ON TABLES TO CLONE", "default privileges"),
    ];
    for (change, expected) in cases {
        for side in [0, 1] {
            let (lab, clone) = live().await;
            let fill = |text: &str| {
                text.replace("CLONE", &quoted(&clone.username)).replace("NAME", &lab.app.username)
            };
            lab.admin(&fill(change)).await;
            let before = (lab.rights(&lab.app.username).await, lab.rights(&clone.username).await);
            let next = TestLogin { password: "Never-to-be-set-1".to_owned(), ..lab.app.clone() };
            let fault = lab.rotate_to(&next).await.unwrap_err().fault;
            let StatementFault::CloneExceeds { what, needed } = fault else { panic!("{change}: {fault:?}") };
            assert_eq!(what, fill(expected), "{change}");
            assert_eq!((lab.rights(&lab.app.username).await, lab.rights(&clone.username).await), before);
            assert!(lab.server.knows(&lab.app).await.unwrap());
            // They run as they stand.
            lab.as_master(&remedies(&needed)[side]).await;
            lab.rotate_to(&lab.app.clone()).await.unwrap();
            assert_eq!(lab.rights(&lab.app.username).await, lab.rights(&clone.username).await, "{change}");
        }
    }
}

/// What the original gained, a live clone gains as well; where it has less of an attribute, it gets more.
#[tokio::test]
async fn gain_of_the_original_is_shared() {
    let (lab, clone) = live().await;
    let app = quoted(&lab.app.username);
    lab.admin(&format!(
        "CREATE TABLE public.t (n int); GRANT SELECT ON public.t TO {app}; ALTER ROLE {app} CREATEDB; \
         ALTER ROLE {app} SET statement_timeout TO '60000'"
    ))
    .await;
    lab.rotate_to(&lab.app.clone()).await.unwrap();
    assert_eq!(lab.rights(&lab.app.username).await, lab.rights(&clone.username).await);
}

/// An idle clone becomes equal, and everything that it loses is named.
#[tokio::test]
async fn idle_clone_losses_are_named() {
    let (lab, clone) = live().await;
    lab.admin(&format!(
        "CREATE TABLE public.t (n int); GRANT SELECT ON public.t TO {clone}; ALTER ROLE {clone} CREATEDB; \
         ALTER ROLE {clone} SET search_path TO data; CREATE GROUP \"g_{name}\"; \
         ALTER GROUP \"g_{name}\" ADD USER {clone}",
        clone = quoted(&clone.username),
        name = lab.app.username,
    ))
    .await;
    let notes = lab.rotate_to(&clone).await.unwrap();
    for lost in [
        "CREATEDB",
        &format!("the group g_{}", lab.app.username),
        "SELECT ON TABLE \"public\".\"t\"",
        "the setting search_path",
    ] {
        let note = format!("the clone lost what the original lacks: {lost}");
        assert!(notes.contains(&note), "{note}: {notes:?}");
    }
    assert_eq!(lab.rights(&lab.app.username).await, lab.rights(&clone.username).await);
}

/// A clone that could do less is not promoted.
/// A right that no statement inside a transaction can grant to the clone: without it the clone is not
/// promoted, and a role helps.
#[tokio::test]
async fn weaker_clone_is_not_promoted() {
    let lab = Lab::new().await;
    let (app, name) = (quoted(&lab.app.username), &lab.app.username);
    lab.admin(&format!(
        "CREATE TABLE public.t (a int, b int); GRANT SELECT (a) ON public.t TO {app}; \
         CREATE SCHEMA spectrum; GRANT USAGE ON SCHEMA spectrum TO {app}; \
         INSERT INTO redshift.external_schemas VALUES ('spectrum'); \
         INSERT INTO redshift.datashare_grants VALUES ('sales', 'SHARE', '{name}')"
    ))
    .await;
    let fault = lab.rotate_to(&lab.clone()).await.unwrap_err().fault;
    let StatementFault::PrivilegeMissing { needed } = fault else { panic!("{fault:?}") };
    for right in [
        "SELECT (\"a\") ON TABLE \"public\".\"t\"",
        "SHARE ON DATASHARE \"sales\"",
        "USAGE ON SCHEMA \"spectrum\"",
    ] {
        assert!(needed.contains(&format!("GRANT {right} TO ROLE \"{name}:rights\"; ")), "{needed}");
        assert!(needed.contains(&format!("REVOKE {right} FROM {app}")), "{needed}");
    }
    assert!(lab.query(&format!("SELECT 1 FROM pg_roles WHERE rolname = '{name}_clone'")).await.is_empty());
    // The result of the remediation.
    lab.admin(&format!(
        "CREATE ROLE \"role:{name}:rights\"; GRANT SELECT (a) ON public.t TO \"role:{name}:rights\"; \
         GRANT USAGE ON SCHEMA spectrum TO \"role:{name}:rights\"; GRANT \"role:{name}:rights\" TO {app}; \
         REVOKE SELECT (a) ON public.t FROM {app}; REVOKE USAGE ON SCHEMA spectrum FROM {app}; \
         DELETE FROM redshift.datashare_grants"
    ))
    .await;
    lab.rotate_to(&lab.clone()).await.unwrap();
    lab.server.behind().query_as(&lab.clone(), &lab.database, "SELECT a FROM public.t").await.unwrap();
}

/// A setting that no statement can give to the clone prevents its promotion.
#[tokio::test]
async fn setting_that_cannot_be_cloned() {
    let lab = Lab::new().await;
    lab.admin(&format!("ALTER ROLE {} SET search_path TO 'a\\b'", quoted(&lab.app.username))).await;
    let fault = lab.rotate_to(&lab.clone()).await.unwrap_err().fault;
    assert!(matches!(fault, StatementFault::NotRotatable { .. }), "{fault:?}");
}
