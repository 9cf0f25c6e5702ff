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

#[tokio::test]
async fn the_new_password_logs_in_and_no_server_log_ever_shows_it() {
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

#[tokio::test]
async fn nobody_sees_a_change_that_is_staged_and_dropping_takes_it_back() {
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

#[tokio::test]
async fn a_server_that_stores_md5_gets_md5_and_one_with_more_iterations_gets_those() {
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

#[tokio::test]
async fn passwords_that_saslprep_changes_log_in_by_other_clients_too() {
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

#[tokio::test]
async fn settings_of_the_database_do_not_steer_the_session() {
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

#[tokio::test]
async fn a_standby_is_read_only_whatever_is_asked_of_it() {
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

#[tokio::test]
async fn a_user_that_expired_after_its_login_is_told_so() {
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

#[tokio::test]
async fn a_row_that_somebody_else_holds_is_busy_and_a_lost_connection_is_lost() {
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

#[tokio::test]
async fn a_password_that_the_policy_refuses_is_refused_by_policy() {
    let builder = PostgresServer::builder(PostgresVersion::V18);
    let server = builder.setting("shared_preload_libraries", "passwordcheck").start().unwrap();
    let lab = Lab::on(&server).await;
    // Of a verifier the module can only check whether it was made from the user's name.
    let error = change(&lab, &lab.app.username).await.unwrap_err();
    assert_eq!(error.fault, StatementFault::PasswordPolicy { rule: "SQLSTATE 22023".to_owned() });
    lab.connect(&lab.app).await.unwrap();
}
