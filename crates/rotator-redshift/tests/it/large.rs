//! An owner of thousands of tables.

use std::pin::pin;

use rotation_database::Session;
use rotation_suites::EngineScene;
use test_servers::TestLogin;

use crate::fixture::{Lab, quoted};

/// More than two portions.
const TABLES: usize = 2300;

async fn owner_of_many() -> Lab {
    let lab = Lab::new().await;
    let app = quoted(&lab.app.username);
    lab.admin(&format!(
        "CREATE SCHEMA data AUTHORIZATION {app}; SET ROLE {app}; \
         DO $$ BEGIN FOR n IN 1..{TABLES} LOOP \
         EXECUTE 'CREATE TABLE data.t' || n || ' (n int)'; END LOOP; END $$"
    ))
    .await;
    lab
}

/// The number of statements of this kind about the clone.
fn count(lab: &Lab, begins: &str) -> usize {
    let (log, clone) = (lab.server.log(), quoted(&lab.clone().username));
    log.lines().filter(|line| line.starts_with(begins) && line.contains(&clone)).count()
}

async fn tables_of_the_clone(lab: &Lab) -> usize {
    let count = format!(
        "SELECT count(*) FROM pg_class c, pg_roles r WHERE c.relnamespace = 'data'::regnamespace \
         AND r.rolname = '{}' AND has_table_privilege(r.oid, c.oid, 'INSERT')",
        lab.clone().username
    );
    lab.query(&count).await[0][0].clone().unwrap().parse().unwrap()
}

/// One statement grants many objects, portions are kept when an attempt ends, and the password comes last.
#[tokio::test]
async fn many_objects_need_few_statements() {
    let lab = owner_of_many().await;
    // The attempt ends before the commit: what was granted stays, and nobody can log in as the clone.
    drop(lab.stage(&lab.clone()).await.unwrap());
    assert_eq!(tables_of_the_clone(&lab).await, TABLES);
    assert!(!lab.server.knows(&lab.clone()).await.unwrap());
    assert!(lab.server.knows(&lab.app).await.unwrap());
    // Twelve for tables by the privileges that PostgreSQL and Redshift have in common, one for the schema.
    let grants = count(&lab, "GRANT");
    assert!((12..=14).contains(&grants), "{grants}");
    // The next attempt grants nothing again.
    lab.rotate_to(&lab.clone()).await.unwrap();
    assert_eq!(count(&lab, "GRANT"), grants);
    assert_eq!(count(&lab, "CREATE USER"), 1);
    lab.connect(&lab.clone()).await.unwrap().probe(None).await.unwrap();
    let next = TestLogin { password: "Second-password-1".to_owned(), ..lab.app.clone() };
    assert_eq!(lab.change_to(&next).await.unwrap().drift, 0);
}

/// An attempt that ends between two portions keeps those that it has granted, and the next one grants only
/// the rest.
#[tokio::test]
async fn interrupted_attempt_keeps_portions() {
    let lab = owner_of_many().await;
    {
        let clone = lab.clone();
        let mut attempt = pin!(lab.stage(&clone));
        loop {
            tokio::select! {
                ended = &mut attempt => {
                    ended.unwrap();
                    break;
                }
                granted = tables_of_the_clone(&lab) => if granted > 0 { break },
            }
        }
    }
    let kept = tables_of_the_clone(&lab).await;
    assert!(kept > 0, "nothing was kept");
    assert!(!lab.server.knows(&lab.clone()).await.unwrap(), "a clone without all rights logs in");
    lab.rotate_to(&lab.clone()).await.unwrap();
    assert_eq!(tables_of_the_clone(&lab).await, TABLES);
    // Those of one attempt, and at most the portion that had begun.
    let grants = count(&lab, "GRANT");
    assert!((12..=14 + 4).contains(&grants), "{grants}, of which {kept} tables at the interruption");
}
