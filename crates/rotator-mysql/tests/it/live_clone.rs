//! The clone is live: it loses nothing, and the original gets what it lacks.

use rotation_database::StatementFault;
use rotation_suites::EngineScene;
use test_servers::{MysqlFlavor, MysqlVersion, TestLogin};

use crate::{
    alternating::{check_equal, opens, rights},
    fixture::{Lab, at},
};

fn with(login: &TestLogin, password: &str) -> TestLogin {
    TestLogin { password: password.to_owned(), ..login.clone() }
}

/// A pair whose clone is live, with a database of its own.
async fn live(version: MysqlVersion) -> (Lab, TestLogin) {
    let lab = Lab::new(version, "").await;
    let (app, clone) = (at(&lab.app.username, "%"), lab.clone());
    lab.admin(&[
        &format!("CREATE DATABASE `{}`", lab.app.username),
        &format!("CREATE TABLE `{}`.t (a INT, b INT)", lab.app.username),
        &format!("GRANT SELECT, INSERT, CREATE ROUTINE ON `{}`.* TO {app}", lab.app.username),
    ])
    .await;
    lab.rotate_to(&clone).await.unwrap();
    (lab, clone)
}

/// A routine that the application creates while the clone is live works for the next user, and for the live
/// one.
#[tokio::test]
async fn new_routine_works_for_both() {
    for version in MysqlVersion::to_be_tested() {
        let (lab, clone) = live(version).await;
        let database = &lab.app.username;
        lab.server.query_as(&clone, &[&format!("CREATE PROCEDURE `{database}`.p() SELECT 1")]).await.unwrap();
        let before = rights(lab.server, &clone.username).await;
        let next = with(&lab.app, "second-password-1A");
        assert_eq!(lab.rotate_to(&next).await.unwrap(), [""; 0], "{version}");
        assert_eq!(
            rights(lab.server, &clone.username).await,
            before,
            "{version}: the live user lost a right"
        );
        for user in [&next, &clone] {
            lab.server.query_as(user, &[&format!("CALL `{database}`.p()")]).await.unwrap();
        }
        lab.server.query_as(&next, &[&format!("DROP PROCEDURE `{database}`.p")]).await.unwrap();
        lab.rotate_to(&clone).await.unwrap();
        check_equal(&lab).await;
    }
}

/// An application that drops routines and creates them again while the clone is live, as migrations do, makes
/// no manual change.
#[tokio::test]
async fn replaced_routine_works_for_both() {
    for version in MysqlVersion::to_be_tested() {
        let (lab, clone) = live(version).await;
        let database = &lab.app.username;
        for (number, name) in ["p", "r"].into_iter().enumerate() {
            let create = |name: &str| format!("CREATE PROCEDURE `{database}`.{name}() SELECT {number}");
            let drop = |name: &str| format!("DROP PROCEDURE `{database}`.{name}");
            // Both have privileges on p and q, and then on neither of them any more.
            lab.server.query_as(&clone, &[&create("p"), &create("q")]).await.unwrap();
            let next = with(&lab.app, &format!("password-{number}-1A"));
            lab.rotate_to(&next).await.unwrap();
            lab.rotate_to(&clone).await.unwrap();
            lab.server.query_as(&clone, &[&drop("p"), &drop("q"), &create(name)]).await.unwrap();
            let before = rights(lab.server, &clone.username).await;
            let next = with(&lab.app, &format!("other-password-{number}-1A"));
            assert_eq!(lab.rotate_to(&next).await.unwrap(), [""; 0], "{version}");
            assert_eq!(
                rights(lab.server, &clone.username).await,
                before,
                "{version}: the live user lost a right"
            );
            for user in [&next, &clone] {
                lab.server.query_as(user, &[&format!("CALL `{database}`.{name}()")]).await.unwrap();
            }
            check_equal(&lab).await;
            lab.rotate_to(&clone).await.unwrap();
            lab.server.query_as(&clone, &[&format!("DROP PROCEDURE `{database}`.{name}")]).await.unwrap();
        }
    }
}

/// A routine of another user is no gain of the live clone.
/// An administrator decides whether the original gets back a privilege that it lost on a routine of another
/// user.
#[tokio::test]
async fn routine_of_another_user_is_no_gain() {
    for version in MysqlVersion::to_be_tested() {
        let (lab, clone) = live(version).await;
        let (app, other, database) =
            (at(&lab.app.username, "%"), at(&clone.username, "%"), &lab.app.username);
        lab.admin(&[&format!("CREATE PROCEDURE `{database}`.p() SELECT 1")]).await;
        for user in [&app, &other] {
            lab.admin(&[&format!("GRANT EXECUTE ON PROCEDURE `{database}`.p TO {user}")]).await;
        }
        let next = with(&lab.app, "second-password-1A");
        lab.rotate_to(&next).await.unwrap();
        lab.rotate_to(&clone).await.unwrap();
        lab.server.query_as(&clone, &[&format!("CREATE PROCEDURE `{database}`.q() SELECT 1")]).await.unwrap();
        lab.admin(&[&format!("REVOKE EXECUTE ON PROCEDURE `{database}`.p FROM {app}")]).await;
        let fault = lab.rotate_to(&with(&lab.app, "third-password-1A")).await.unwrap_err().fault;
        let StatementFault::CloneExceeds { what, .. } = fault else { panic!("{version}: {fault:?}") };
        assert_eq!(what, format!("EXECUTE ON PROCEDURE `{database}`.`p`"), "{version}");
    }
}

/// What was granted to the live clone also goes to the original, and what was granted to the original
/// meanwhile also goes to the clone.
#[tokio::test]
async fn clone_gain_goes_to_the_original() {
    for version in MysqlVersion::to_be_tested() {
        let (lab, clone) = live(version).await;
        let (app, other) = (at(&lab.app.username, "%"), at(&clone.username, "%"));
        let table = format!("`{}`.t", lab.app.username);
        let role = format!("`{}_role`", lab.app.username);
        let mut given = vec![
            format!("GRANT UPDATE (a) ON {table} TO {other}"),
            format!("GRANT DELETE ON {table} TO {other} WITH GRANT OPTION"),
            format!("GRANT PROCESS ON *.* TO {other}"),
            format!("CREATE ROLE {role}"),
            format!("GRANT {role} TO {} WITH ADMIN OPTION", at(&lab.master.username, "%")),
            format!("GRANT {role} TO {other} WITH ADMIN OPTION"),
            format!("ALTER USER {other} WITH MAX_USER_CONNECTIONS 0"),
            format!("GRANT INDEX ON {table} TO {app}"),
        ];
        given.extend(match version.flavor() {
            MysqlFlavor::MySql => vec![
                format!("GRANT XA_RECOVER_ADMIN ON *.* TO {other}"),
                format!("ALTER USER {other} DEFAULT ROLE {role}"),
            ],
            MysqlFlavor::MariaDb => vec![format!("SET DEFAULT ROLE {role} FOR {other}")],
        });
        for sql in &given {
            lab.admin(&[sql]).await;
        }
        let next = with(&lab.app, "second-password-1A");
        assert_eq!(lab.rotate_to(&next).await.unwrap(), [""; 0], "{version}");
        check_equal(&lab).await;
        assert!(opens(&lab, &next).await && opens(&lab, &clone).await);
        let held = rights(lab.server, &lab.app.username).await;
        assert!(held.contains("_role"), "{version}: {held}");
        // Once both are equal again, nothing is left to do.
        assert_eq!(lab.change_to(&with(&lab.app, "third-password-1A")).await.unwrap().drift, 0, "{version}");
        lab.rotate_to(&clone).await.unwrap();
        check_equal(&lab).await;
    }
}

/// A privilege that the original lost is refused with both statements, and nothing is changed. Either
/// statement fixes it.
#[tokio::test]
async fn right_lost_by_the_original_is_refused() {
    for version in MysqlVersion::to_be_tested() {
        for gives in [true, false] {
            let (lab, clone) = live(version).await;
            let (app, other) = (at(&lab.app.username, "%"), at(&clone.username, "%"));
            lab.admin(&[
                &format!("REVOKE INSERT ON `{}`.* FROM {app}", lab.app.username),
                // A gain does not hide the loss.
                &format!("GRANT UPDATE ON `{}`.t TO {other}", lab.app.username),
            ])
            .await;
            let before =
                (rights(lab.server, &lab.app.username).await, rights(lab.server, &clone.username).await);
            let next = with(&lab.app, "second-password-1A");
            let fault = lab.rotate_to(&next).await.unwrap_err().fault;
            let StatementFault::CloneExceeds { what, needed } = fault else { panic!("{version}: {fault:?}") };
            let database = format!("`{}`", lab.app.username);
            assert_eq!(what, format!("INSERT ON {database}.*, UPDATE ON {database}.`t`"), "{version}");
            let after =
                (rights(lab.server, &lab.app.username).await, rights(lab.server, &clone.username).await);
            assert_eq!(after, before, "{version}: nothing may be written");
            assert!(!opens(&lab, &next).await && opens(&lab, &lab.app).await, "{version}");
            let (give, take) = needed.split_once(" /* or: ").expect("both statements");
            let decided = if gives { give } else { take.trim_end_matches(" */") };
            for sql in decided.split("; ") {
                lab.admin(&[sql]).await;
            }
            lab.rotate_to(&next).await.unwrap();
            let (original, clones) =
                (rights(lab.server, &lab.app.username).await, rights(lab.server, &clone.username).await);
            assert_eq!(original, clones, "{version}");
        }
    }
}

/// A limit that the original got while the clone is live would cut the application off at the original's
/// turn.
#[tokio::test]
async fn limit_of_the_original_is_refused() {
    for version in MysqlVersion::to_be_tested() {
        let (lab, clone) = live(version).await;
        let app = at(&lab.app.username, "%");
        lab.admin(&[&format!("ALTER USER {app} REQUIRE SSL WITH MAX_USER_CONNECTIONS 3")]).await;
        let next = with(&lab.app, "second-password-1A");
        let fault = lab.rotate_to(&next).await.unwrap_err().fault;
        let StatementFault::CloneExceeds { needed, .. } = fault else { panic!("{version}: {fault:?}") };
        let expected = format!(
            "ALTER USER {app} REQUIRE NONE WITH MAX_USER_CONNECTIONS 0 /* or: ALTER USER {} REQUIRE SSL \
             WITH MAX_USER_CONNECTIONS 3 */",
            at(&clone.username, "%")
        );
        assert_eq!(needed, expected, "{version}");
        lab.admin(&[&needed]).await;
        lab.rotate_to(&next).await.unwrap();
        // Limits of the live clone alone stay until it is idle.
        let other = at(&clone.username, "%");
        lab.rotate_to(&clone).await.unwrap();
        lab.admin(&[&format!("ALTER USER {other} WITH MAX_USER_CONNECTIONS 3")]).await;
        lab.rotate_to(&next).await.unwrap();
        assert!(rights(lab.server, &clone.username).await.contains('3'), "{version}");
        lab.rotate_to(&clone).await.unwrap();
        check_equal(&lab).await;
    }
}

/// An attempt that ended among the gifts is resumed: a gift made to one user only is no loss of the original.
#[tokio::test]
async fn interrupted_gifts_are_resumed() {
    for version in MysqlVersion::to_be_tested() {
        let (lab, clone) = live(version).await;
        let (app, other) = (at(&lab.app.username, "%"), at(&clone.username, "%"));
        let table = format!("`{}`.t", lab.app.username);
        lab.admin(&[
            &format!("GRANT DELETE ON {table} TO {other}"),
            // The master may not grant it: this attempt ends after some of the gifts.
            &format!("GRANT SHUTDOWN ON *.* TO {other}"),
            &format!("GRANT INDEX ON {table} TO {app}"),
        ])
        .await;
        let next = with(&lab.app, "second-password-1A");
        let fault = lab.rotate_to(&next).await.unwrap_err().fault;
        assert!(matches!(fault, StatementFault::PrivilegeMissing { .. }), "{version}: {fault:?}");
        lab.admin(&[&format!(
            "GRANT SHUTDOWN ON *.* TO {} WITH GRANT OPTION",
            at(&lab.master.username, "%")
        )])
        .await;
        // Half of what was missing is there now, by another attempt or by this one.
        lab.admin(&[&format!("GRANT DELETE ON {table} TO {app}")]).await;
        lab.rotate_to(&next).await.unwrap();
        check_equal(&lab).await;
        assert!(opens(&lab, &next).await && opens(&lab, &clone).await);
    }
}
