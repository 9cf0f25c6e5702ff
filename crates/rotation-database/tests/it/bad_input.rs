//! Bad input: returns a typed error with its code, writes nothing, and repeats no secret.

mod events;
mod labels;
mod limits;
mod previous;
mod secrets;
mod users;

use std::{error::Error, fmt::Write};

use rotation_core::{Reader, RotationError, StagingLabel, Step};

use crate::world::{Kind, MASTER, Plan, Service, Situation, Value, Variant, World};

/// Part of every password and token here. It must not occur in any error.
const CANARY: &str = "Canary7hopping";

/// How far a refused invocation may get.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Reach {
    /// No connection is opened.
    NoConnection,
    /// The user of the secret may try to log in.
    User,
    /// The master may log in and read.
    Master,
}

/// A valid document, with some fields changed or left out.
fn document(changes: &[(&str, Option<&str>)]) -> String {
    let password = format!("\"{CANARY}\"");
    let master = format!("\"{MASTER}\"");
    let mut fields = vec![
        ("engine", "\"model\""),
        ("host", "\"db.example.com\""),
        ("port", "5432"),
        ("username", "\"app\""),
        ("password", &password),
        ("masterarn", &master),
    ];
    for (name, value) in changes {
        fields.retain(|(field, _)| field != name);
        fields.extend(value.map(|value| (*name, value)));
    }
    let fields: Vec<_> = fields.iter().map(|(name, value)| format!("\"{name}\":{value}")).collect();
    format!("{{{}}}", fields.join(","))
}

/// Puts a value under a label, and the password of `app` accordingly.
fn store(service: &Service, label: &StagingLabel, value: Value) {
    let mut store = service.world.store.borrow_mut();
    let secret = store.secret_mut();
    let version = secret.holder(label).unwrap().clone();
    secret.versions.get_mut(&version).unwrap().value = Some(value);
    let mut server = service.world.server.borrow_mut();
    server.users.get_mut("app").unwrap().password = Some(CANARY.into());
}

/// A fresh secret whose current and pending documents are valid for the plan.
async fn ordinary(plan: Plan) -> Service {
    let service = Situation::Fresh.prepare(plan, Kind::Transactional, Variant::Sound).await;
    let next = if plan == Plan::SingleUser { "\"app\"" } else { "\"app_clone\"" };
    store(&service, &StagingLabel::Current, Value::Text(document(&[])));
    let password = format!("\"next-{CANARY}\"");
    let pending = document(&[("username", Some(next)), ("password", Some(&password))]);
    store(&service, &StagingLabel::Pending, Value::Text(pending));
    service
}

/// Runs one step in a world with bad input, and checks everything that must not have happened.
#[track_caller]
fn check(plan: Plan, step: Step, spoil: impl FnOnce(&Service), code: &str, reach: Reach) -> String {
    World::run(async {
        let service = ordinary(plan).await;
        spoil(&service);
        let world = &service.world;
        let before = world.store.borrow().clone();
        let users = world.server.borrow().users.clone();
        let error = service.invoke(step).await.unwrap().expect_err("bad input is refused");
        assert_eq!(error.code(), code, "{step}: {}", texts(&error));
        assert_eq!(*world.store.borrow(), before, "{step}: nothing is stored");
        assert_eq!(world.server.borrow().users, users, "{step}: no user is changed");
        for attempt in &world.server.borrow().attempts {
            let allowed = match attempt.username.as_str() {
                "master" => reach == Reach::Master,
                _ => reach != Reach::NoConnection,
            };
            assert!(allowed, "{step}: {} connected", attempt.username);
        }
        let texts = texts(&error);
        assert!(!texts.contains(CANARY), "{texts}");
        texts
    })
}

/// Every text of an error.
fn texts(error: &RotationError) -> String {
    let mut text = format!("{error} / {error:?} / {error:#?} / {}", error.remediation(Reader::Operator));
    let mut source = error.source();
    while let Some(cause) = source {
        write!(text, " / {cause} / {cause:?}").unwrap();
        source = cause.source();
    }
    text
}
