//! The stored form of a password, and other users' settings that must not influence it.

use std::time::Duration;

use rotation_core::Password;
use rotation_database::{Change, LoginMethod, Session, StatementRule, TestQuery, Turn};
use rotation_suites::EngineScene;
use test_servers::{PostgresServer, PostgresVersion, TestLogin};

use crate::fixture::{Lab, deadline, every_version, versions};

/// The user changes its own password in the form that its login needs.
async fn change_own(lab: &Lab<'_>, new: &str) {
    let mut session = lab.connect(&lab.app).await.unwrap();
    let password = Password::parse(new).unwrap();
    session.stage(&Change::OwnPassword { new: &password }, &Turn::default(), deadline()).await.unwrap();
    session.commit().await.unwrap();
}

async fn stored(lab: &Lab<'_>, user: &str) -> String {
    lab.value(&format!("SELECT rolpassword FROM pg_authid WHERE rolname = '{user}'")).await
}

/// A user that logs in by SCRAM is stored as SCRAM.
/// Whoever set `password_encryption` to md5, a user that was asked for SCRAM logs in afterwards, and so does
/// its clone.
#[tokio::test]
async fn scram_login_is_stored_as_scram() {
    for version in versions() {
        let server = PostgresServer::builder(version).setting("password_encryption", "md5").start().unwrap();
        for by in ["server", "role", "database"] {
            let mut lab = Lab::on(&server).await;
            let (app, database) = (lab.app.username.clone(), lab.database.clone());
            lab.admin(&format!(
                "SET password_encryption = 'scram-sha-256'; ALTER ROLE {app} PASSWORD '{}'; \
                 ALTER ROLE {} PASSWORD '{}'",
                lab.app.password, lab.master.username, lab.master.password
            ))
            .await;
            match by {
                "role" => lab.admin(&format!("ALTER ROLE {app} SET password_encryption = 'md5'")).await,
                "database" => {
                    lab.admin(&format!("ALTER DATABASE {database} SET password_encryption = 'md5'")).await;
                }
                _ => {}
            }
            lab.method = lab.connect(&lab.app).await.unwrap().method();
            assert_eq!(lab.method, Some(LoginMethod("scram-sha-256")));
            change_own(&lab, "new password").await;
            assert!(stored(&lab, &app).await.starts_with("SCRAM-SHA-256$4096:"), "{version} {by}");
            lab.connect(&TestLogin { password: "new password".to_owned(), ..lab.app.clone() }).await.unwrap();
            let clone = lab.clone();
            lab.rotate_to(&clone).await.unwrap();
            assert!(stored(&lab, &clone.username).await.starts_with("SCRAM-SHA-256$4096:"), "{version} {by}");
            lab.connect(&clone).await.unwrap();
        }
    }
}

/// Iterations are those of the user, and never few.
/// At least PostgreSQL's own default, and more where it is set for the user that the password belongs to, not
/// for the master.
#[tokio::test]
async fn iterations_of_the_user_never_few() {
    for version in [PostgresVersion::V16, PostgresVersion::V18] {
        let lab = Lab::new(version).await;
        let (app, clone, database) = (&lab.app.username, lab.clone(), &lab.database);
        lab.admin(&format!(
            "ALTER DATABASE {database} SET scram_iterations = 1; \
             ALTER ROLE {} SET scram_iterations = 30000",
            lab.master.username
        ))
        .await;
        change_own(&lab, &lab.app.password).await;
        assert!(stored(&lab, app).await.starts_with("SCRAM-SHA-256$4096:"), "{version}");
        lab.admin(&format!("ALTER ROLE {app} SET scram_iterations = 20000")).await;
        change_own(&lab, &lab.app.password).await;
        assert!(stored(&lab, app).await.starts_with("SCRAM-SHA-256$20000:"), "{version}");

        lab.rotate_to(&clone).await.unwrap();
        assert!(stored(&lab, &clone.username).await.starts_with("SCRAM-SHA-256$20000:"), "{version}");
        lab.admin(&format!("ALTER ROLE {app} RESET scram_iterations")).await;
        lab.rotate_to(&clone).await.unwrap();
        assert!(stored(&lab, &clone.username).await.starts_with("SCRAM-SHA-256$4096:"), "{version}");

        lab.admin(&format!("ALTER ROLE {app} IN DATABASE {database} SET scram_iterations = 5000")).await;
        lab.rotate_to(&clone).await.unwrap();
        assert!(stored(&lab, &clone.username).await.starts_with("SCRAM-SHA-256$5000:"), "{version}");
    }
}

/// A user's own time limit for transactions does not end a change, however long it is staged.
#[tokio::test]
async fn transaction_timeout_of_the_user() {
    for version in every_version().filter(|version| *version >= PostgresVersion::V17) {
        let lab = Lab::new(version).await;
        for user in [&lab.app, &lab.master] {
            lab.admin(&format!("ALTER ROLE {} SET transaction_timeout = '200ms'", user.username)).await;
        }
        let new = Password::parse("new password").unwrap();
        let mut session = lab.connect(&lab.app).await.unwrap();
        session.stage(&Change::OwnPassword { new: &new }, &Turn::default(), deadline()).await.unwrap();
        // The limit has passed before the commit.
        let over = Duration::from_millis(500);
        tokio::time::sleep(over).await;
        session.commit().await.unwrap();
        let session = lab.stage(&lab.clone()).await.unwrap();
        tokio::time::sleep(over).await;
        session.commit().await.unwrap();
        // The clone has the original's setting, and its proof has the time that it needs.
        let mut session = lab.connect(&lab.clone()).await.unwrap();
        session.probe(Some(&lab.pair())).await.unwrap();
        let slow = TestQuery::parse("SELECT pg_sleep(0.5)", &StatementRule::SQL).unwrap();
        session.prove(&slow, deadline()).await.unwrap();
    }
}

/// Settings of the master do not steer its session.
/// Settings of the master that end its session at the first refusal, or give it privileges over what it
/// creates.
#[tokio::test]
async fn master_settings_steer_no_session() {
    for version in versions() {
        let lab = Lab::new(version).await;
        let (app, clone, master) = (&lab.app.username, lab.clone(), &lab.master.username);
        // The master may not set this one on the clone: a refusal within the change.
        lab.admin(&format!("ALTER ROLE {app} SET log_min_duration_statement = 5")).await;
        lab.admin(&format!("ALTER ROLE {master} SET exit_on_error = on")).await;
        if version.major() >= 16 {
            lab.admin(&format!("ALTER ROLE {master} SET createrole_self_grant = 'set, inherit'")).await;
        }
        lab.rotate_to(&clone).await.unwrap();
        let may = format!("SELECT pg_has_role('{master}', '{}', 'USAGE')", clone.username);
        assert_eq!(lab.value(&may).await, "f", "{version}");
    }
}
