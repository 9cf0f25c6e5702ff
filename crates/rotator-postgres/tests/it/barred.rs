//! Users that the server keeps out or restricts: the error names the statement that fixes it, and the
//! statement runs as it stands.

use rotation_core::{CredentialSource, Password, Reader};
use rotation_database::{Change, MASTER_SECRET, Session, Turn};
use rotation_suites::EngineScene;
use rotator_postgres::CloneObjects;
use test_servers::TestLogin;

use crate::fixture::{Lab, advised, deadline, every_version, of_login, of_master, quoted};

/// A change of the pair fails with this code; its advice is run, and the same change succeeds.
async fn follow(lab: &Lab<'_>, next: &TestLogin, code: &str) -> String {
    let version = lab.server.version();
    let before = lab.snapshot().await;
    let error = of_master(lab.rotate_to(next).await.unwrap_err());
    assert_eq!(error.code().name(), code, "{version}: {error:?}");
    assert_eq!(lab.snapshot().await, before, "{version}: nothing may be written");
    let statement = advised(error);
    lab.admin(&statement).await;
    lab.rotate_to(next).await.unwrap_or_else(|error| panic!("{version}: {statement}: {error:?}"));
    statement
}

/// An original that may not log in is let in by the error's statement.
/// The clone is live: the master finds the original in this state.
#[tokio::test]
async fn original_is_let_in_by_the_master() {
    for version in every_version() {
        let lab = Lab::new(version).await;
        let name = quoted(&lab.app.username);
        lab.rotate_to(&lab.clone()).await.unwrap();
        lab.admin(&format!("ALTER ROLE {name} NOLOGIN")).await;
        assert_eq!(follow(&lab, &lab.app, "DB_LOCKED").await, format!("ALTER ROLE {name} LOGIN"));
        lab.admin(&format!("ALTER ROLE {name} VALID UNTIL '2001-01-01'")).await;
        let valid = format!("ALTER ROLE {name} VALID UNTIL 'infinity'");
        assert_eq!(follow(&lab, &lab.app, "DB_EXPIRED").await, valid, "{version}");
    }
}

/// A live user that may not log in is let in by the error's statement.
/// The live user itself, at its login.
#[tokio::test]
async fn live_user_without_login() {
    for version in every_version() {
        let lab = Lab::new(version).await;
        let name = quoted(&lab.app.username);
        for (bar, code, statement) in [
            ("NOLOGIN".to_owned(), "DB_LOCKED", format!("ALTER ROLE {name} LOGIN")),
            (
                "CONNECTION LIMIT 0".to_owned(),
                "DB_TOO_MANY_CONNECTIONS",
                format!("ALTER ROLE {name} CONNECTION LIMIT -1"),
            ),
        ] {
            lab.admin(&format!("ALTER ROLE {name} {bar}")).await;
            let error = of_login(CredentialSource::Current, lab.connect(&lab.app).await.unwrap_err());
            assert_eq!((error.code().name(), advised(error)), (code, statement.clone()), "{version}");
            lab.admin(&statement).await;
            lab.connect(&lab.app).await.unwrap().probe(None).await.unwrap();
        }
        // What the server reports as a wrong password may be an expired VALID UNTIL.
        lab.admin(&format!("ALTER ROLE {name} VALID UNTIL '2001-01-01'")).await;
        let error = of_login(CredentialSource::Current, lab.connect(&lab.app).await.unwrap_err());
        let statement = format!("ALTER ROLE {name} VALID UNTIL 'infinity'");
        assert!(
            error.remediation(Reader::Operator).ends_with(&statement),
            "{version}: {}",
            error.remediation(Reader::Operator)
        );
        lab.admin(&statement).await;
        lab.connect(&lab.app).await.unwrap().probe(None).await.unwrap();
    }
}

/// A closed database is opened, by the error's statement, to the user that it keeps out.
/// A missing CONNECT privilege is distinguished from a missing database, for the user and for the master.
#[tokio::test]
async fn closed_database_is_opened() {
    for version in every_version() {
        let lab = Lab::new(version).await;
        let (database, quoted_name) = (&lab.database, quoted(&lab.database));
        lab.admin(&format!("REVOKE CONNECT ON DATABASE {database} FROM PUBLIC")).await;
        for (credential, login) in [(CredentialSource::Current, &lab.app), (MASTER_SECRET, &lab.master)] {
            let error = of_login(credential, lab.connect(login).await.unwrap_err());
            assert_eq!(error.code().name(), "DB_DATABASE_CLOSED", "{version}");
            let statement = advised(error);
            let user = quoted(&login.username);
            assert_eq!(statement, format!("GRANT CONNECT ON DATABASE {quoted_name} TO {user}"), "{version}");
            lab.admin(&statement).await;
            lab.connect(login).await.unwrap().probe(None).await.unwrap();
        }
        lab.server
            .execute("postgres", &format!("ALTER DATABASE {database} ALLOW_CONNECTIONS false"))
            .await
            .unwrap();
        let error = of_login(CredentialSource::Current, lab.connect(&lab.app).await.unwrap_err());
        assert_eq!(error.code().name(), "DB_DATABASE_CLOSED", "{version}");
        lab.server.execute("postgres", &advised(error)).await.unwrap();
        lab.admin(&format!("ALTER DATABASE {database} CONNECTION LIMIT 0")).await;
        let error = of_login(CredentialSource::Current, lab.connect(&lab.app).await.unwrap_err());
        assert_eq!(error.code().name(), "DB_TOO_MANY_CONNECTIONS", "{version}");
        lab.admin(&advised(error)).await;
        lab.rotate_to(&lab.clone()).await.unwrap();
        let mut gone = lab.login(&lab.app);
        gone.database = Some("no_such_database".to_owned());
        let error = lab.connect_to(&gone).await.unwrap_err();
        assert_eq!(error.code().name(), "DB_NAME_NOT_FOUND", "{version}");
    }
}

/// An original that replicates demands REPLICATION of the master.
/// Both where the clone has yet to be created and where it exists.
#[tokio::test]
async fn replicating_original_needs_the_master() {
    for version in every_version() {
        for exists in [false, true] {
            let lab = Lab::new(version).await;
            let (app, master) = (quoted(&lab.app.username), quoted(&lab.master.username));
            if exists {
                lab.rotate_to(&lab.clone()).await.unwrap();
            }
            lab.admin(&format!("ALTER ROLE {app} REPLICATION")).await;
            let statement = follow(&lab, &lab.clone(), "DB_PRIVILEGE_MISSING").await;
            if version.major() >= 16 {
                assert_eq!(statement, format!("ALTER ROLE {master} REPLICATION"));
            } else {
                assert!(statement.starts_with(&format!("ALTER ROLE {app} NOREPLICATION /* ")), "{statement}");
            }
            let name = &lab.clone().username;
            let clone =
                lab.value(&format!("SELECT rolreplication FROM pg_roles WHERE rolname = '{name}'")).await;
            assert_eq!(clone == "t", version.major() >= 16, "{version}");
            lab.rotate_to(&lab.app).await.unwrap();
        }
    }
}

/// A single user that replicates is reported as such.
/// Before version 16 such a user cannot change itself.
#[tokio::test]
async fn single_user_that_replicates_is_named() {
    for version in every_version() {
        let lab = Lab::new(version).await;
        lab.admin(&format!("ALTER ROLE {} REPLICATION", lab.app.username)).await;
        let new = Password::parse("the new password").unwrap();
        let change = Change::OwnPassword { new: &new };
        let turn = Turn::default();
        let mut session = lab.connect(&lab.app).await.unwrap();
        let facts = session.facts(None).await.unwrap();
        let staged = session.stage(&change, &turn, deadline()).await;
        assert_eq!(facts.hindrance.is_some(), version.major() < 16, "{version}");
        if version.major() < 16 {
            lab.admin(&advised(of_master(staged.unwrap_err()))).await;
            let mut session = lab.connect(&lab.app).await.unwrap();
            session.stage(&change, &turn, deadline()).await.unwrap();
        } else {
            staged.unwrap();
        }
    }
}

/// What a clone to be created lacks can be given by the error's statement.
/// Attributes and settings that only a superuser may grant, before there is a clone to grant them to.
#[tokio::test]
async fn what_a_new_clone_lacks_can_be_given() {
    for version in every_version() {
        let mut lab = Lab::new(version).await;
        lab.admin(&format!("ALTER ROLE {} SET log_statement = 'ddl'", lab.app.username)).await;
        follow(&lab, &lab.clone(), "DB_PRIVILEGE_MISSING").await;
        assert_eq!(lab.value_as(&lab.clone(), "SHOW log_statement").await, "ddl", "{version}");

        lab = Lab::new(version).await;
        lab.objects = CloneObjects::Own;
        lab.admin(&format!("ALTER ROLE {} BYPASSRLS", lab.app.username)).await;
        follow(&lab, &lab.clone(), "DB_PRIVILEGE_MISSING").await;
        let bypasses = "SELECT rolbypassrls FROM pg_roles WHERE rolname = session_user";
        assert_eq!(lab.value_as(&lab.clone(), bypasses).await, "t", "{version}");
    }
}

/// A user that is named like a clone is reported as such.
/// No user has the name without the suffix: what the rotation and the login of testSecret report about it.
#[tokio::test]
async fn user_named_like_a_clone() {
    for version in every_version() {
        let lab = Lab::new(version).await;
        let clone = lab.clone();
        lab.server.create_role_named(&clone.username, "").await.unwrap();
        lab.admin(&format!(
            "ALTER ROLE {} PASSWORD '{}'; ALTER ROLE {} RENAME TO {2}_gone",
            clone.username, clone.password, lab.app.username
        ))
        .await;
        let error = of_master(lab.rotate_to(&lab.app).await.unwrap_err());
        let (app, name) = (quoted(&lab.app.username), quoted(&clone.username));
        let hint = format!("Rotate {name} with the single-user strategy");
        assert!(
            error.remediation(Reader::Operator).starts_with(&hint)
                && error.remediation(Reader::Operator).contains(&app),
            "{}",
            error.remediation(Reader::Operator)
        );
        let mut session = lab.connect(&clone).await.unwrap();
        let error = session.probe(Some(&lab.pair())).await.unwrap_err();
        assert_eq!(error.code().name(), "DB_ORIGINAL_NOT_FOUND", "{version}");
    }
}
