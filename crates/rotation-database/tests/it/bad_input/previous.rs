//! AWSPREVIOUS, where neither AWSCURRENT nor AWSPENDING of a single user logs in.

use rotation_core::{StagingLabel, Step};

use super::{document, ordinary, store};
use crate::world::{Attempt, Plan, Service, Value, World, version};

/// Changes the password in the database alone and leaves this document under AWSPREVIOUS.
fn left_with(service: &Service, previous: &str) {
    let mut store = service.world.store.borrow_mut();
    let secret = store.secret_mut();
    secret.label(&StagingLabel::Previous, &version(7));
    secret.versions.get_mut(&version(7)).unwrap().value = Some(Value::Text(previous.into()));
    let mut server = service.world.server.borrow_mut();
    server.users.get_mut("app").unwrap().password = Some("before".into());
}

/// A previous version of the same user and server helps a single user.
#[test]
fn same_user_and_server_helps() {
    World::run(async {
        let service = ordinary(Plan::SingleUser).await;
        left_with(&service, &document(&[("password", Some("\"before\""))]));
        service.invoke(Step::Set).await.unwrap().unwrap();
        assert!(service.world.logs_in(&StagingLabel::Pending));
    });
}

/// A previous version that is refused as well has no code of its own.
#[test]
fn refused_version_has_no_own_code() {
    World::run(async {
        let service = ordinary(Plan::SingleUser).await;
        left_with(&service, &document(&[("password", Some("\"long ago\""))]));
        let error = service.invoke(Step::Set).await.unwrap().unwrap_err();
        assert_eq!(error.code(), "DB_NO_CREDENTIAL_ACCEPTED");
        assert_eq!(service.world.server.borrow().attempts.len(), 3);
    });
}

/// A previous version is protected as AWSCURRENT demands.
#[test]
fn protected_like_current() {
    World::run(async {
        let service = ordinary(Plan::SingleUser).await;
        for label in [StagingLabel::Current, StagingLabel::Pending] {
            store(&service, &label, Value::Text(document(&[("ssl", Some("true"))])));
        }
        left_with(&service, &document(&[("password", Some("\"before\"")), ("ssl", Some("false"))]));
        service.invoke(Step::Set).await.unwrap().unwrap();
        let server = service.world.server.borrow();
        assert_eq!(server.attempts.iter().map(Attempt::in_the_clear).collect::<Vec<_>>(), [false; 3]);
    });
}

/// A previous version of another user or server is never tried.
#[test]
fn other_user_or_server_is_not_tried() {
    let password = ("password", Some("\"bystander-password\""));
    for (field, value) in [("username", "\"bystander\""), ("host", "\"db.example.org\""), ("port", "5433")] {
        let previous = document(&[password, (field, Some(value))]);
        World::run(async {
            let service = ordinary(Plan::SingleUser).await;
            left_with(&service, &previous);
            let error = service.invoke(Step::Set).await.unwrap().unwrap_err();
            assert_eq!(error.code(), "DB_NO_CREDENTIAL_ACCEPTED");
            assert_eq!(service.world.server.borrow().attempts.len(), 2, "current and pending alone: {field}");
        });
    }
}

/// A previous version that cannot be read does not hide why the others were refused.
#[test]
fn unreadable_version_hides_no_refusal() {
    let another_engine = document(&[("engine", Some("\"mysql\""))]);
    let no_password = document(&[("password", None)]);
    for previous in ["no json", "", "[1]", "{}", &another_engine, &no_password] {
        World::run(async {
            let service = ordinary(Plan::SingleUser).await;
            left_with(&service, previous);
            let error = service.invoke(Step::Set).await.unwrap().unwrap_err();
            assert_eq!(error.code(), "DB_NO_CREDENTIAL_ACCEPTED", "{previous}");
        });
    }
}
