use rotation_core::Password;
use rotation_database::{Change, Session, StatementFault, Turn, UserBar};
use rotation_suites::EngineScene;
use rotator_postgres::CloneObjects;
use test_servers::{PostgresServer, PostgresVersion, Stop, TestLogin};

use crate::fixture::{Lab, deadline, every_version, versions};

async fn change(lab: &Lab<'_>, new: &str) -> Result<Vec<String>, rotation_database::StatementError> {
    let mut session = lab.connect(&lab.app).await.unwrap();
    session
        .stage(&Change::OwnPassword { new: &Password::parse(new).unwrap() }, &Turn::default(), deadline())
        .await?;
    session.commit().await.map(|committed| committed.notes)
}

/// The new password logs in, and no server log ever shows it.
#[tokio::test]
async fn no_server_log_shows_the_password() {
    for version in every_version() {
        let lab = Lab::new(version).await;
        let new = TestLogin { password: format!("Canary{}", lab.app.password), ..lab.app.clone() };
        assert_eq!(change(&lab, &new.password).await.unwrap(), [] as [&str; 0]);
        lab.connect(&new).await.unwrap().probe(None).await.unwrap();
        let refused = lab.connect(&lab.app).await.unwrap_err();
        assert!(refused.is_refusal(), "{refused:?}");
        let log = lab.server.log();
        assert!(log.contains(&format!("ALTER ROLE \"{}\" PASSWORD 'SCRAM-SHA-256$4096:", lab.app.username)));
        assert!(!log.contains(&new.password), "{version} wrote the password down");
    }
}

/// A change that is staged is visible to no other session, and dropping it undoes it.
#[tokio::test]
async fn staged_change_is_invisible() {
    for version in versions() {
        let lab = Lab::new(version).await;
        let before = lab.snapshot().await;
        let mut session = lab.connect(&lab.app).await.unwrap();
        let new = Password::parse("something else 1").unwrap();
        session.stage(&Change::OwnPassword { new: &new }, &Turn::default(), deadline()).await.unwrap();
        assert_eq!(lab.snapshot().await, before);
        drop(session);
        lab.connect(&lab.app).await.unwrap();
        // The next change finds no lock left by the dropped session.
        change(&lab, "yet another 2").await.unwrap();
    }
}

/// A server that stores MD5 gets MD5, and one with more iterations gets those.
#[tokio::test]
async fn md5_or_more_iterations_by_the_server() {
    let server = PostgresServer::builder(PostgresVersion::V14).md5().start().unwrap();
    let mut lab = Lab::on(&server).await;
    lab.admin(&format!("ALTER ROLE {} PASSWORD '{}'", lab.app.username, lab.app.password)).await;
    lab.method = lab.connect(&lab.app).await.unwrap().method();
    let note = "the server stores passwords as md5, and anyone who reads that in its log or its catalog can \
         log in with it: set password_encryption to scram-sha-256";
    assert_eq!(change(&lab, "new password").await.unwrap(), [note]);
    assert_eq!(lab.rotate_to(&lab.clone()).await.unwrap(), [note]);
    let stored =
        lab.value(&format!("SELECT rolpassword FROM pg_authid WHERE rolname = '{}'", lab.app.username)).await;
    let expected = lab.value(&format!("SELECT 'md5' || md5('new password{}')", lab.app.username)).await;
    assert_eq!(stored, expected);
    lab.connect(&TestLogin { password: "new password".to_owned(), ..lab.app.clone() }).await.unwrap();

    let server =
        PostgresServer::builder(PostgresVersion::V16).setting("scram_iterations", "9999").start().unwrap();
    let lab = Lab::on(&server).await;
    assert_eq!(change(&lab, "new password").await.unwrap(), [] as [&str; 0]);
    let stored =
        lab.value(&format!("SELECT rolpassword FROM pg_authid WHERE rolname = '{}'", lab.app.username)).await;
    assert!(stored.starts_with("SCRAM-SHA-256$9999:"), "{stored}");
    lab.connect(&TestLogin { password: "new password".to_owned(), ..lab.app.clone() }).await.unwrap();
}

/// Passwords that `SASLprep` changes log in by other clients too.
#[tokio::test]
async fn saslprep_passwords_in_other_clients() {
    let lab = Lab::new(PostgresVersion::V18).await;
    for new in ["\u{2168}I\u{ad}X-soft", "\u{e9}\u{1f511} long enough", "tab\tand\u{a0}nbsp"] {
        let mut current = lab.app.clone();
        current.password = "start".to_owned();
        lab.admin(&format!("ALTER ROLE {} PASSWORD 'start'", lab.app.username)).await;
        let mut session = lab.connect(&current).await.unwrap();
        session
            .stage(&Change::OwnPassword { new: &Password::parse(new).unwrap() }, &Turn::default(), deadline())
            .await
            .unwrap();
        session.commit().await.unwrap();
        current.password = new.to_owned();
        lab.server.try_login(&current, "postgres").await.unwrap();
    }
}

/// Settings of the database do not steer the session.
#[tokio::test]
async fn database_settings_steer_no_session() {
    let lab = Lab::new(PostgresVersion::V16).await;
    let group = lab.server.create_role("").await.unwrap().username;
    let (app, database) = (&lab.app.username, &lab.database);
    lab.admin(&format!(
        "GRANT {group} TO {app}; \
         CREATE SCHEMA evil; GRANT USAGE ON SCHEMA evil TO PUBLIC; \
         CREATE FUNCTION evil.current_setting(text) RETURNS text LANGUAGE sql AS 'SELECT ''md5''::text'; \
         ALTER DATABASE {database} SET search_path = evil, pg_catalog; \
         ALTER DATABASE {database} SET default_transaction_read_only = on; \
         ALTER DATABASE {database} SET default_transaction_isolation = 'serializable'; \
         ALTER ROLE {app} SET role = '{group}'"
    ))
    .await;
    change(&lab, "new password").await.unwrap();
    let stored = lab.value(&format!("SELECT rolpassword FROM pg_authid WHERE rolname = '{app}'")).await;
    assert!(stored.starts_with("SCRAM-SHA-256$"), "{stored}");
}

/// A standby is read-only, whatever it is asked for.
#[tokio::test]
async fn standby_is_read_only() {
    for version in versions() {
        let server = PostgresServer::builder(version).start().unwrap();
        let mut lab = Lab::on(&server).await;
        server.demote().unwrap();
        lab.connect(&lab.app).await.unwrap().probe(None).await.unwrap();
        assert_eq!(change(&lab, "new password").await.unwrap_err().fault, StatementFault::ReadOnly);
        lab.objects = CloneObjects::Own;
        assert_eq!(lab.rotate_to(&lab.clone()).await.unwrap_err().fault, StatementFault::ReadOnly);
    }
}

/// A user that expired after its login is reported as such.
#[tokio::test]
async fn user_that_expired_after_its_login() {
    let lab = Lab::new(PostgresVersion::V18).await;
    let mut session = lab.connect(&lab.app).await.unwrap();
    lab.admin(&format!("ALTER ROLE {} VALID UNTIL '2001-01-01'", lab.app.username)).await;
    let new = Password::parse("new password").unwrap();
    let error =
        session.stage(&Change::OwnPassword { new: &new }, &Turn::default(), deadline()).await.unwrap_err();
    let name = format!("\"{}\"", lab.app.username);
    let needed = format!("ALTER ROLE {name} VALID UNTIL 'infinity'");
    assert_eq!(error.fault, StatementFault::UserBarred { user: name, bar: UserBar::Expired, needed });
}

/// A row that another session holds is reported as busy, and a lost connection as lost.
#[tokio::test]
async fn locked_row_and_lost_connection() {
    let server = PostgresServer::builder(PostgresVersion::V14).start().unwrap();
    let lab = Lab::on(&server).await;
    let new = Password::parse("new password").unwrap();
    let mut first = lab.connect(&lab.app).await.unwrap();
    first.stage(&Change::OwnPassword { new: &new }, &Turn::default(), deadline()).await.unwrap();
    let mut second = lab.connect(&lab.app).await.unwrap();
    let soon = rotation_core::Deadline::after(std::time::Duration::from_millis(800));
    let error = second.stage(&Change::OwnPassword { new: &new }, &Turn::default(), soon).await.unwrap_err();
    assert_eq!(error.fault, StatementFault::Busy, "{error:?}");
    server.restart(Stop::Crash).unwrap();
    assert_eq!(first.commit().await.unwrap_err().fault, StatementFault::ConnectionLost);
    lab.connect(&lab.app).await.unwrap();
}

/// A password that the policy refuses is refused as one against the policy.
#[tokio::test]
async fn policy_refuses_the_password() {
    let builder = PostgresServer::builder(PostgresVersion::V18);
    let server = builder.setting("shared_preload_libraries", "passwordcheck").start().unwrap();
    let lab = Lab::on(&server).await;
    // Of a verifier the module can only check whether it was made from the user's name.
    let error = change(&lab, &lab.app.username).await.unwrap_err();
    assert_eq!(error.fault, StatementFault::PasswordPolicy { rule: "SQLSTATE 22023".to_owned() });
    lab.connect(&lab.app).await.unwrap();
}
