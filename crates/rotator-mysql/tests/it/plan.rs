//! What a plan shows of refusals and privileges, what it hides, and what its session may do.

use rotation_database::StatementFault;
use rotation_suites::EngineScene;
use test_servers::MysqlFlavor;

use crate::{
    engine_suite::{received, writes},
    fixture::{Lab, at},
};

const FLAVORS: [MysqlFlavor; 2] = [MysqlFlavor::MySql, MysqlFlavor::MariaDb];

/// A plan of one's own password lists what is run, and what is run otherwise.
#[tokio::test]
async fn own_password_names_run_and_fallback() {
    for flavor in FLAVORS {
        let lab = Lab::new(flavor, "").await;
        let plan = lab.plan_own(&lab.app, "a-planned-Password-1").await.unwrap();
        let expected: &[&str] = match flavor {
            MysqlFlavor::MariaDb => &["SET PASSWORD = '...'"],
            MysqlFlavor::MySql => &[
                "ALTER USER USER() IDENTIFIED BY '...' REPLACE '...'",
                "ALTER USER USER() IDENTIFIED BY '...' REPLACE '...'  \
                 (only where the server refuses the one before)",
                "ALTER USER USER() IDENTIFIED BY '...'  (only where the server refuses the one before)",
            ],
        };
        let shown: Vec<_> = plan.statements.iter().map(ToString::to_string).collect();
        assert_eq!(shown, expected);
        assert_eq!(writes(&lab, &[&lab.app.username]), [""; 0]);
        assert!(lab.opens(&lab.app.password).await);
    }
}

/// A session that plans cannot write, and keeps no other session waiting.
#[tokio::test]
async fn session_writes_and_blocks_nothing() {
    for flavor in FLAVORS {
        let lab = Lab::new(flavor, "").await;
        lab.plan(&lab.clone()).await.unwrap();
        let received = received(&lab, &[&lab.master.username]);
        assert_eq!(received[1], "START TRANSACTION READ ONLY", "{received:?}");
        let reads = |sql: &String| sql.starts_with("SELECT") || sql.starts_with("SHOW");
        assert!(received[2..].iter().all(reads), "{received:?}");
        assert!(!received.iter().any(|sql| sql.contains("GET_LOCK")), "{received:?}");
    }
}

/// A plan hides what people keep in attributes.
#[tokio::test]
async fn attributes_of_operators_are_hidden() {
    let lab = Lab::new(MysqlFlavor::MySql, "").await;
    let attribute = json_attribute(&lab);
    lab.admin(&[&attribute]).await;
    let plan = lab.plan(&lab.clone()).await.unwrap();
    let text = format!("{plan:?}");
    assert!(text.contains("pager") && text.contains("cloneOf") && !text.contains("canary-value"), "{text}");
}

fn json_attribute(lab: &Lab) -> String {
    format!("ALTER USER {} ATTRIBUTE '{{\"pager\": \"canary-value\"}}'", at(&lab.app.username, "%"))
}

/// What the master lacks is detected before it changes anything.
#[tokio::test]
async fn lacking_master_is_seen_before_changes() {
    for flavor in FLAVORS {
        let lab = Lab::new(flavor, "").await;
        let clone = lab.clone();
        let (app, master) = (at(&lab.app.username, "%"), at(&lab.master.username, "%"));
        lab.admin(&[&format!("GRANT SELECT ON mysql.db TO {app}")]).await;
        assert_eq!(lab.plan(&clone).await.unwrap().lacking, [""; 0], "{flavor}");
        lab.admin(&[&format!("REVOKE CREATE USER, GRANT OPTION ON *.* FROM {master}")]).await;
        let expected = [
            format!("GRANT CREATE USER ON *.* TO {master}"),
            format!("GRANT SELECT ON `mysql`.`db` TO {master} WITH GRANT OPTION"),
        ];
        assert_eq!(lab.plan(&clone).await.unwrap().lacking, expected, "{flavor}");
        // The hint is enough.
        for statement in &expected {
            lab.admin(&[statement]).await;
        }
        assert_eq!(lab.plan(&clone).await.unwrap().lacking, [""; 0], "{flavor}");
        lab.rotate_to(&clone).await.unwrap();
    }
}

/// What the master lacks is reported for the host that lets it in.
#[tokio::test]
async fn lacking_master_names_its_host() {
    for flavor in FLAVORS {
        let lab = Lab::new(flavor, "").await;
        let clone = lab.clone();
        let (app, master) = (at(&lab.app.username, "%"), at(&lab.master.username, "127.0.0.%"));
        lab.admin(&[
            &format!("GRANT SELECT ON mysql.db TO {app}"),
            &format!("RENAME USER {} TO {master}", at(&lab.master.username, "%")),
            &format!("REVOKE CREATE USER, GRANT OPTION ON *.* FROM {master}"),
        ])
        .await;
        let lacking = lab.plan(&clone).await.unwrap().lacking;
        let expected = [
            format!("GRANT CREATE USER ON *.* TO {master}"),
            format!("GRANT SELECT ON `mysql`.`db` TO {master} WITH GRANT OPTION"),
        ];
        assert_eq!(lacking, expected, "{flavor}");
        // The advised statements are enough; a wrong host would name another user.
        for statement in &lacking {
            lab.admin(&[statement]).await;
        }
        assert_eq!(lab.plan(&clone).await.unwrap().lacking, [""; 0], "{flavor}");

        // The same for the privilege without which nothing can be read.
        lab.admin(&[&format!("REVOKE SELECT ON *.* FROM {master}")]).await;
        let StatementFault::PrivilegeMissing { needed } = lab.rotate_to(&clone).await.unwrap_err().fault
        else {
            panic!("{flavor}");
        };
        assert_eq!(needed, format!("GRANT SELECT ON mysql.* TO {master}"), "{flavor}");
    }
}
